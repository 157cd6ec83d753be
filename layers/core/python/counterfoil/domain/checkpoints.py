"""Checkpoints of the audit trail: how far every chain had come, under a lock that nobody can open before its time.

A checkpoint names chains and hashes alone (see `audit`), holds the hash of the checkpoint before it, and lists the
chains that moved since. What is done to a chain afterwards disagrees with it: a changed or removed entry, a tail cut
off, a second history. What is slipped in before it is seen by its date: an entry is in the first checkpoint after it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from counterfoil.domain.audit import Entry, faults_of
from counterfoil.domain.times import from_millis, rfc3339, to_millis

FIRST: Final = "0" * 64
"""What stands in the first checkpoint for the hash of the one before."""
LAG: Final = timedelta(hours=1)
"""An entry so much older than a checkpoint is in it: the index that it is found by is never that late."""
SWEPT_WITHIN: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`heads`: by chain, the number and hash of its last entry. `previous_at` is None for the first."""

    number: int
    at: datetime
    previous: str
    previous_at: datetime | None
    heads: Mapping[str, tuple[int, str]]

    def content(self) -> bytes:
        """Its canonical JSON, as it is stored."""
        heads = {chain: list(head) for chain, head in self.heads.items()}
        previous_at = to_millis(self.previous_at) if self.previous_at else None
        fields = {"number": self.number, "at": to_millis(self.at), "previous": self.previous}
        whole = {**fields, "previous_at": previous_at, "heads": heads}
        return json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()

    @property
    def hash(self) -> str:
        return sha256(self.content()).hexdigest()


def read(content: bytes) -> Checkpoint:
    whole: Mapping[str, Any] = json.loads(content)
    previous_at = from_millis(whole["previous_at"]) if whole["previous_at"] else None
    heads = {chain: (number, hashed) for chain, (number, hashed) in whole["heads"].items()}
    return Checkpoint(whole["number"], from_millis(whole["at"]), whole["previous"], previous_at, heads)


def after(last: Checkpoint | None, heads: Mapping[str, tuple[int, str]], now: datetime) -> Checkpoint:
    """The checkpoint that follows `last`."""
    if last is None:
        return Checkpoint(1, now, FIRST, None, heads)
    return Checkpoint(last.number + 1, now, last.hash, last.at, heads)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one checkpoint says of one chain: by then it had `number` entries, the last with this `hash`."""

    checkpoint: int
    at: datetime
    previous_at: datetime | None
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Kept:
    """How long entries are kept, and checkpoints."""

    entry: timedelta
    checkpoint: timedelta


def faults_between(before: Checkpoint | None, one: Checkpoint, kept: Kept, now: datetime) -> list[str]:
    """What is wrong with a checkpoint after the one before it: None where that is not there."""
    if before is None:
        is_over = one.previous_at is not None and one.previous_at + kept.checkpoint <= now + SWEPT_WITHIN
        whole = is_over or (one.number == 1 and one.previous == FIRST)
        return [] if whole else [f"the checkpoints before checkpoint {one.number} are missing"]
    if one.number != before.number + 1:
        return [f"checkpoint {before.number + 1} is missing"]
    if one.previous != before.hash or one.previous_at != before.at:
        return [f"checkpoint {before.number} or {one.number} was changed: their hashes do not meet"]
    return []


def faults_of_chain(
    chain: str, entries: Sequence[Entry], seen: Sequence[Sighting], last: datetime | None, kept: Kept, now: datetime
) -> list[str]:
    """What is wrong with a chain, in words: within itself, and by what checkpoints (oldest first) saw of it.

    `last`: when the last checkpoint was taken, of whichever chains.
    """
    found = [*faults_of(chain, entries), *_early_end_of(entries, kept, now)]
    by_number = {entry.number: entry for entry in entries}
    for sighting in seen:
        found += _faults_against(sighting, by_number, kept, now)
    for entry in entries:
        found += _unseen(entry, seen, last)
    return list(dict.fromkeys(found))


def _early_end_of(entries: Sequence[Entry], kept: Kept, now: datetime) -> list[str]:
    """The oldest entries may be gone only once their time is over."""
    first = entries[0] if entries else None
    if first is None or first.number == 1 or first.previous_at is None:
        return []
    is_over = first.previous_at + kept.entry <= now + SWEPT_WITHIN
    return [] if is_over else [f"entries before {first.number} are missing, and their time is not over"]


def _faults_against(sighting: Sighting, entries: Mapping[int, Entry], kept: Kept, now: datetime) -> list[str]:
    entry = entries.get(sighting.number)
    where = f"checkpoint {sighting.checkpoint}"
    if entry is not None:
        same = entry.hash == sighting.hash
        return [] if same else [f"entry {entry.number} is not the one that {where} saw"]
    if sighting.at + kept.entry <= now + SWEPT_WITHIN:
        return []
    if entries and sighting.number > max(entries):
        return [f"the end is cut off: {where} saw {sighting.number} entries, the last now is {max(entries)}"]
    if not entries:
        return [f"nothing is left of the chain, of which {where} saw {sighting.number} entries"]
    return [f"entry {sighting.number}, which {where} saw, is missing"]


def _unseen(entry: Entry, seen: Sequence[Sighting], last: datetime | None) -> Iterator[str]:
    """A fork, or an entry slipped in: dated before a checkpoint that did not see it."""
    first = next((one for one in seen if one.number >= entry.number), None)
    missed = first.previous_at if first else last
    if missed is not None and entry.at + LAG < missed:
        dated, taken = rfc3339(entry.at), rfc3339(missed)
        yield f"entry {entry.number} is dated {dated}, and the checkpoint of {taken} did not see it"
