"""The audit trail: append-only chains of entries, each holding the hash of the one before it.

A chain belongs to a stream: a customer's opaque subject, or `OPS`. It begins with a random origin instead of a hash,
and its name is the origin's hash. So every hash of a chain rests on its origin: whoever sees hashes and names alone,
such as those in a locked checkpoint, can test no guess against them once the chain itself is gone.

An entry tells what happened and about which version of what: never a value of a person's. Where the content itself
must be provable, `detail` holds a fingerprint under the customer's own key (`sealing.CustomerKeys.fingerprint`), which
nothing can be tested against once the salt is gone; the chain verifies all the same.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal, get_args

from counterfoil.domain.times import to_millis

type What = Literal[
    "consent changed",
    "restriction changed",
    "card changed",
    "disconnected",
    "rights request",
    "export",
    "erasure",
    "retention certificate",
    "legal hold",
    "ops action",
    "registration",
    "secret changed",
    "disclosure",
]
type Value = str | int | bool
type Detail = Mapping[str, Value | Sequence[Value]]

OPS: Final = "ops"
"""The stream of what ops and the system did to no single customer."""

_HAPPENINGS: Final = frozenset(get_args(What.__value__))
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Names, versions, times, hashes: no sentence, no address, and nothing that quotes.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:/=+#-]([A-Za-z0-9_.:/=+# -]{0,126}[A-Za-z0-9_.:/=+#-])?")
_ORIGIN: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `number` counts from 1; `at` is whole milliseconds.

    `previous` is the hash of the entry before, and `previous_at` its time; of the first the origin, and None.
    """

    stream: str
    number: int
    at: datetime
    what: What
    detail: Detail
    previous: str
    previous_at: datetime | None

    @property
    def hash(self) -> str:
        """SHA-256 of the entry's canonical JSON (RFC 8785 for what entries hold: ASCII names, strings, integers)."""
        content = {
            "stream": self.stream,
            "number": self.number,
            "at": to_millis(self.at),
            "what": self.what,
            "detail": self.detail,
            "previous": self.previous,
            "previous_at": to_millis(self.previous_at) if self.previous_at else None,
        }
        return hash_of(content)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how many entries it has, the hash of the last and its time."""

    chain: str
    number: int
    hash: str
    at: datetime


def hash_of(content: object) -> str:
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def name_of(origin: str) -> str:
    """The name of the chain that begins with this origin (64 hexadecimal digits)."""
    return sha256(f"chain {origin}".encode()).hexdigest()[:32]


def follow(
    head: Head | None, stream: str, what: What, detail: Detail, now: datetime, origin: str
) -> tuple[Entry, Head]:
    """The entry after `head`, and the head then. `origin` begins the chain where there is none.

    Raises ValueError for what an audit trail must not hold: anything but plain names, versions and hashes.
    """
    _check(what, detail)
    previous = head.hash if head else origin
    number = head.number + 1 if head else 1
    entry = Entry(stream, number, now, what, detail, previous, head.at if head else None)
    chain = head.chain if head else name_of(origin)
    return entry, Head(chain, number, entry.hash, now)


def _check(what: str, detail: Detail) -> None:
    if what not in _HAPPENINGS:
        raise ValueError("not in the audit trail's vocabulary")
    for name, value in detail.items():
        if not _NAME.fullmatch(name):
            raise ValueError("a detail's name is lower case, digits and _")
        for part in (value,) if isinstance(value, str | int) else value:
            if not isinstance(part, int) and not _PLAIN.fullmatch(part):
                raise ValueError(f"{name} is not a plain name, version, time or hash")


def faults_of(chain: str, entries: Iterable[Entry]) -> list[str]:
    """What is wrong within a chain, in words; `entries` as they are kept, by rising number.

    Entries at the beginning may be gone, their time being over: whether it is, is told by `previous_at` of the first
    that is left (see `checkpoints`).
    """
    found: list[str] = []
    before: Entry | None = None
    for entry in entries:
        found += _faults_of_first(chain, entry) if before is None else _faults_between(before, entry)
        before = entry
    return found


def faults_of_head(chain: str, last: Entry, head: Head | None) -> list[str]:
    """Whether the head of a chain's stream is where its last entry is."""
    if head is None:
        return ["the head of its stream is missing"]
    if head.chain != chain:
        return ["its stream has a second chain: forked"]
    if (head.number, head.hash) != (last.number, last.hash):
        return [f"the head of its stream says {head.number} entries; the last that fits is {last.number}"]
    return []


def _faults_of_first(chain: str, entry: Entry) -> list[str]:
    if entry.number == 1:
        whole = _ORIGIN.fullmatch(entry.previous) and entry.previous_at is None and name_of(entry.previous) == chain
        return [] if whole else ["entry 1 was changed: it does not begin this chain"]
    return (
        [] if entry.previous_at else [f"entry {entry.number} was changed: it does not say when the one before it was"]
    )


def _faults_between(before: Entry, entry: Entry) -> list[str]:
    if entry.number != before.number + 1:
        missing = range(before.number + 1, entry.number)
        if not missing:
            return [f"entry {entry.number} stands where entry {before.number + 1} should"]
        return [f"{'entry' if len(missing) == 1 else 'entries'} {_span(missing)} missing"]
    found = []
    if entry.stream != before.stream:
        found.append(f"entry {entry.number} is of another stream")
    if entry.previous != before.hash or entry.previous_at != before.at:
        found.append(f"entry {before.number} or {entry.number} was changed: their hashes do not meet")
    if entry.at < before.at:
        found.append(f"entry {entry.number} is dated before entry {before.number}")
    return found


def _span(numbers: range) -> str:
    return f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
