"""What goes together when its time is over: a row of the sweep's index leads to the rest.

    match       the payment, the card tender that is matched to it, and the bodies of the tender's receipt
    tender      the card tender, and the bodies of its receipt
    body        a body that came after its correction, which no tender knows of
    choices     a customer's choices with their history, their cards and the salt: the last that is kept of them
    all else    the record itself

A receipt with several card tenders has one body, which goes with the last of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from counterfoil.domain.record import Record, Redact
from counterfoil.store import holds, keys, lists, sweep, table
from counterfoil.store.table import LEDGER, SALTS, Change, Delete, Item, Write

MOST_AT_ONCE = 40
"""Of what stands under a customer's key; with the ways to their cards it fits into one transaction."""

type Outcome = Literal["moved", "held", "failed"]


@dataclass(frozen=True, slots=True)
class ReceiptPart:
    """A receipt, of which one card tender goes. `tenders`: all that it has, by sort key; `bodies`: all of its names."""

    partition: str
    going: str
    tenders: frozenset[str]
    bodies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """What goes in one transaction or not at all. `row`: its key in the index. `subject`: whose holds stop it.

    `frees`: a body beside that of its receipt. `is_whole`: where not, more must go before it is through with, and the
    next run meets it again.
    """

    row: tuple[str, str]
    writes: tuple[Delete | Change, ...]
    subject: str | None = None
    receipt: ReceiptPart | None = None
    frees: tuple[str, ...] = ()
    is_whole: bool = True

    @property
    def size(self) -> int:
        """How many writes and checks it may need."""
        return len(self.writes) + 3


@dataclass(frozen=True, slots=True)
class Part:
    """A write for the sake of some units, and what becomes of them where it does not hold."""

    write: Write
    units: tuple[Unit, ...]
    otherwise: Outcome


def units(record: Record, rows: Sequence[Item], now_millis: int) -> list[Unit]:
    """The units that these rows of the index lead to; none for a row that is not due there any more."""
    together = _TOGETHER.get(record.due or "", _alone)
    items = lists.get_many(LEDGER, [_key(row) for row in rows])
    due = [item for row, item in zip(rows, items, strict=True) if item and item.get("due") == row["due"]]
    return [together(record, item, now_millis) for item in due]


def parts(going: Sequence[Unit]) -> Iterator[Part]:
    """All writes and checks for these units, no two of the same item: what goes is checked by its own condition."""
    written = [write.key for unit in going for write in unit.writes]
    for unit in going:
        yield from (Part(write, (unit,), "moved") for write in unit.writes)
    for subject in sorted({unit.subject for unit in going if unit.subject}):
        own = tuple(unit for unit in going if unit.subject == subject)
        yield from (Part(check, own, "held") for check in holds.unstopped(subject) if check.key not in written)
    for partition, left in _tenders_left(going).items():
        if left:
            own = tuple(unit for unit in going if unit.receipt and unit.receipt.partition == partition)
            yield Part(sweep.still_there({"pk": partition, "sk": min(left)}), own, "failed")


def bodies_freed(going: Sequence[Unit]) -> tuple[str, ...]:
    """The bodies of receipts that have no card tender once these units are gone."""
    left = _tenders_left(going)
    freed = {
        body for unit in going if unit.receipt and not left[unit.receipt.partition] for body in unit.receipt.bodies
    }
    return tuple(sorted(freed.union(*(unit.frees for unit in going))))


def _tenders_left(going: Sequence[Unit]) -> dict[str, set[str]]:
    left: dict[str, set[str]] = {}
    for unit in going:
        if unit.receipt:
            left.setdefault(unit.receipt.partition, set(unit.receipt.tenders)).discard(unit.receipt.going)
    return left


def _key(item: Mapping[str, Any]) -> Item:
    return {"pk": item["pk"], "sk": item["sk"]}


def _unit(record: Record, item: Item, *writes: Delete | Change, receipt: ReceiptPart | None = None) -> Unit:
    return Unit((item["pk"], item["sk"]), writes, item.get("subject") if record.held else None, receipt)


def _alone(record: Record, item: Item, now_millis: int) -> Unit:
    unmoved = sweep.still_due(item["due"])
    if isinstance(record.then, Redact):
        redacted = {"redacted": now_millis}
        return _unit(record, item, Change(LEDGER, _key(item), redacted, unmoved, (*record.then.fields, "due")))
    return _unit(record, item, Delete(LEDGER, _key(item), unmoved))


def _match(record: Record, item: Item, _now_millis: int) -> Unit:
    payment = Delete(LEDGER, _key(item), table.still_at(item["rev"]))
    payer, tender_key = item["pk"].removeprefix("T#"), keys.tender_named(item["match"]["tender"])
    tenders = _tenders(tender_key["pk"])
    own = next((one for one in tenders if one["sk"] == tender_key["sk"]), {})
    if own.get("matched_to") != payer:
        return _unit(record, item, payment)
    tender = Delete(LEDGER, dict(tender_key), sweep.still_of(payer))
    return _unit(record, item, payment, tender, receipt=_receipt_part(own, tenders))


def _tender(record: Record, item: Item, _now_millis: int) -> Unit:
    tender = Delete(LEDGER, _key(item), table.still_at(item["rev"]))
    return _unit(record, item, tender, receipt=_receipt_part(item, _tenders(item["pk"])))


def _body(record: Record, item: Item, now_millis: int) -> Unit:
    """It is deleted as all bodies are, since it leads to its object."""
    body_key = item["pk"].removeprefix("D#")
    left = Change(LEDGER, _key(item), {"over": now_millis}, sweep.still_due(item["due"]), remove=("due",))
    return replace(_unit(record, item, left), frees=(body_key,))


def _choices(record: Record, item: Item, _now_millis: int) -> Unit:
    subject = item["subject"]
    if item.get("restricted") or sweep.owns_more(subject):
        return replace(_unit(record, item), is_whole=False)
    rest, more = table.query(LEDGER, item["pk"], ("!", "~"), limit=MOST_AT_ONCE, consistent=True)
    entries = [Delete(LEDGER, _key(one)) for one in rest if one["sk"] != item["sk"]]
    if more:
        return replace(_unit(record, item, *entries), is_whole=False)
    ways = [Delete(SALTS, dict(keys.card_holder(name))) for one in rest for name in one.get("names", ())]
    salt = Delete(SALTS, dict(keys.salt(subject)))
    return _unit(record, item, Delete(LEDGER, _key(item), table.still_at(item["rev"])), *entries, *ways, salt)


def _tenders(partition: str) -> list[Item]:
    _, between = keys.tenders("")
    return table.query(LEDGER, partition, between, limit=100, consistent=True)[0]


def _receipt_part(tender: Item, tenders: Sequence[Item]) -> ReceiptPart:
    bodies = {key for one in tenders for key in (one["body"], *one.get("former", ()))}
    ordinals = frozenset(one["sk"] for one in tenders)
    return ReceiptPart(tender["pk"], tender["sk"], ordinals, tuple(sorted(bodies)))


_TOGETHER: Mapping[str, Callable[[Record, Item, int], Unit]] = {
    "match": _match,
    "tender": _tender,
    "body": _body,
    "choices": _choices,
}
