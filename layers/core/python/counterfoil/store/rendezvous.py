"""The undecided sides, where they meet.

A pointer holds what a decision needs and what a match then needs: of a transaction the address of its letterbox, of
a card tender the receipt's own key, wrapped. It lives until its side is decided, at most seven days.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from counterfoil.domain import looking
from counterfoil.domain.clocks import Clock
from counterfoil.domain.sides import Codes, Side
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.store import keys, table
from counterfoil.store.table import RENDEZVOUS, Item, Put
from counterfoil.store.transactions import codes_to_item

POINTER_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Pointer:
    """An undecided side as it waits in `partition`.

    `rev`: the identity's when the pointer was written. `secret`: a transaction's letterbox address, or a receipt's
    wrapped key. A transaction's pointer has `bank` and `version`, a tender's `body_key`. `siblings`: the partition and
    time of the same side's other pointers, since a transaction may wait under several amounts and times.
    """

    side: Side
    partition: str
    rev: int
    secret: bytes
    bank: str | None = None
    version: int = 0
    body_key: str | None = None
    siblings: tuple[tuple[str, datetime], ...] = ()

    @property
    def scope(self) -> str:
        """The merchant scope that the partition is of."""
        return self.partition.partition("#")[0]

    @property
    def is_transaction(self) -> bool:
        return self.side.side == "transaction"


def put(pointer: Pointer) -> None:
    """Writes a pointer unless one of a later `rev` stands there (ConditionFailed)."""
    table.write(Put(RENDEZVOUS, _to_item(pointer), table.nothing_newer_than(pointer.rev)))


def delete(pointer: Pointer) -> None:
    """Deletes a side's pointers, except where the side moved on and one of a later `rev` stands there."""
    side = pointer.side
    for partition, at in ((pointer.partition, side.at), *pointer.siblings):
        key = _key(replace(pointer, partition=partition, side=replace(side, at=at)))
        table.delete(RENDEZVOUS, dict(key), table.nothing_newer_than(pointer.rev))


def around(
    pointer: Pointer, clock: Clock | None, now: datetime, *, consistent: bool, whole_day: bool = False
) -> tuple[list[Pointer], bool]:
    """Every side, of both kinds, where this one's counterpart may stand, itself included; whether there were too many.

    `clock`: the till's, of a receipt. Where there are too many in a span, those nearby are read in its place.
    """
    most = looking.MOST_OF_A_DAY if whole_day else looking.MOST
    items, truncated = _within(
        pointer.partition, looking.spans(pointer.side, clock, whole_day=whole_day), most, consistent
    )
    for span in looking.nearby(pointer.side, clock):
        if truncated:
            items, truncated = _within(pointer.partition, (span,), looking.MOST, consistent)
    return [_from_item(item, pointer.side) for item in items if item["ttl"] > now.timestamp()], truncated


def standing(pointer: Pointer, now: datetime) -> Pointer | None:
    """The pointer as it stands in its partition, read strongly consistently."""
    items, _ = _within(pointer.partition, ((pointer.side.at, pointer.side.at),), looking.MOST, consistent=True)
    own = (_from_item(item, pointer.side) for item in items if item["ttl"] > now.timestamp())
    return next((waiting for waiting in own if waiting.side.key == pointer.side.key), None)


def _within(partition: str, spans: Sequence[looking.Span], most: int, consistent: bool) -> tuple[list[Item], bool]:
    found: dict[str, Item] = {}
    for span in spans:
        items, truncated = table.query(RENDEZVOUS, partition, keys.time_span(*span), limit=most, consistent=consistent)
        if truncated:
            return items, True
        found.update((item["sk"], item) for item in items)
    return list(found.values()), False


def _key(pointer: Pointer) -> keys.Key:
    side = pointer.side
    return {"pk": pointer.partition, "sk": keys.waiting(side.at, side.side[0], side.key)}


def _to_item(pointer: Pointer) -> Item:
    side = pointer.side
    return dict(_key(pointer)) | {
        "rev": pointer.rev,
        "seen": to_millis(side.seen_at),
        "codes": codes_to_item(side.codes),
        "till": side.till,
        "doubted": side.doubted or None,
        "secret": pointer.secret,
        "bank": pointer.bank,
        "version": pointer.version or None,
        "body": pointer.body_key,
        "siblings": [[partition, to_millis(at)] for partition, at in pointer.siblings] or None,
        "ttl": int((side.seen_at + POINTER_LIFE).timestamp()),
    }


def _from_item(item: Item, alike: Side) -> Pointer:
    # Kind, amount and currency are the partition's, and so the same as those of the side that asks.
    millis, letter, key = item["sk"].split("#", 2)
    side = replace(
        alike,
        side="transaction" if letter == "t" else "receipt",
        key=key,
        at=from_millis(int(millis)),
        seen_at=from_millis(item["seen"]),
        codes=Codes(**item["codes"]),
        till=item.get("till"),
        bank=item.get("bank"),
        doubted=item.get("doubted", False),
    )
    return Pointer(
        side=side,
        partition=item["pk"],
        rev=item["rev"],
        secret=item["secret"],
        bank=item.get("bank"),
        version=item.get("version", 0),
        body_key=item.get("body"),
        siblings=tuple((partition, from_millis(millis)) for partition, millis in item.get("siblings", [])),
    )
