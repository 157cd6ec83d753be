"""The audit trail in the ledger: an entry is written in the transaction of the change that it records.

    changes = [Put(LEDGER, …), *audit.entry(subject, "consent changed", {"purpose": "receipts", "version": 3}, now)]
    table.transact(changes)     # ConditionFailed where anything moved since it was read: read again, decide again

What is done outside the ledger is recorded by `append` alone, before it is done.
"""

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from counterfoil.domain.audit import OPS, Detail, Entry, Head, What, follow
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.store import keys, lists, table
from counterfoil.store.table import LEDGER, Item, Put

TRIES = 8
PAGE = 500


def entry(stream: str, what: What, detail: Detail, now: datetime) -> list[Put]:
    """The two writes that append to the chain of `stream` (a subject, or `OPS`): the entry, and the chain's head.

    They hold only while nobody else appended since this read of the head. One entry a stream a transaction.
    """
    standing = head(stream)
    now = from_millis(to_millis(now))
    if standing is not None:
        # Of two at the same time, whoever began earlier may be later here: no entry is dated before the one it follows.
        now = max(now, standing.at)
    made, moved = follow(standing, stream, what, detail, now, origin=secrets.token_hex(32))
    unchanged = table.still_at(standing.number) if standing else table.nothing_there()
    return [
        Put(LEDGER, _entry_to_item(moved.chain, made), table.nothing_there()),
        Put(LEDGER, _head_to_item(stream, moved), unchanged),
    ]


def append(stream: str, what: What, detail: Detail, now: datetime) -> None:
    """Records what has no write of its own in the ledger. Raises TryAgain where others keep appending."""
    for _ in range(TRIES):
        try:
            return table.transact(entry(stream, what, detail, now))
        except (ConditionFailed, TryAgain):
            continue
    raise TryAgain("others keep appending to this chain", after=5)


def head(stream: str) -> Head | None:
    """The end of a stream's chain, strongly consistent; None where nothing was ever recorded."""
    item = table.get(LEDGER, dict(keys.audit_head(stream)))
    return Head(item["chain"], item["rev"], item["hash"], from_millis(item["at"])) if item else None


def entries(chain: str) -> Iterator[Entry]:
    """All that is kept of a chain, by rising number."""
    partition, (low, high) = keys.audit_chain(chain)
    more = True
    while more:
        items, more = table.query(LEDGER, partition, (low, high), limit=PAGE, consistent=True)
        yield from map(_entry_from_item, items)
        if items:
            low = keys.next_after(items[-1]["sk"])


def recorded(since: datetime, until: datetime) -> Iterator[tuple[str, int]]:
    """Chain and number of every entry of the days from `since` to `until`; the latest may be missing yet."""
    for day in range((until.date() - since.date()).days + 1):
        for shard in range(keys.shards_of("audit")):
            value = keys.due_in("audit", since + timedelta(days=day), shard)
            for page in table.query_index(LEDGER, "by_due", "due", value):
                yield from ((keys.audit_chain_of(item["pk"]), keys.audit_number(item["sk"])) for item in page)


def hashes(numbers: Mapping[str, int]) -> dict[str, tuple[int, str]]:
    """By chain, that entry's number and hash, of the entries that are there already."""
    wanted: list[Item] = [dict(keys.audit_entry(chain, number)) for chain, number in numbers.items()]
    found = zip(numbers.items(), lists.get_many(LEDGER, wanted), strict=True)
    return {chain: (number, _entry_from_item(item).hash) for (chain, number), item in found if item}


def _about(stream: str) -> Item:
    return {} if stream == OPS else {"subject": stream}


def _head_to_item(stream: str, moved: Head) -> Item:
    return {
        **keys.audit_head(stream),
        **_about(stream),
        "due": keys.due("chain", moved.at, stream),
        "chain": moved.chain,
        "rev": moved.number,
        "hash": moved.hash,
        "at": to_millis(moved.at),
    }


def _entry_to_item(chain: str, made: Entry) -> Item:
    detail = {name: value if isinstance(value, str | int) else list(value) for name, value in made.detail.items()}
    return {
        **keys.audit_entry(chain, made.number),
        **_about(made.stream),
        "due": keys.due("audit", made.at, chain),
        "stream": made.stream,
        "at": to_millis(made.at),
        "what": made.what,
        "detail": detail,
        "previous": made.previous,
        "previous_at": to_millis(made.previous_at) if made.previous_at else None,
    }


def _entry_from_item(item: Mapping[str, Any]) -> Entry:
    return Entry(
        stream=item["stream"],
        number=keys.audit_number(item["sk"]),
        at=from_millis(item["at"]),
        what=item["what"],
        detail=item["detail"],
        previous=item["previous"],
        previous_at=from_millis(item["previous_at"]) if "previous_at" in item else None,
    )
