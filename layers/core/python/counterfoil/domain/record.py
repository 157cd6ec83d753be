"""A row of the data map (`records`): what its columns mean."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

type Place = Literal[
    "ledger", "rendezvous", "salts", "payloads", "files", "checkpoints", "bucket", "secret", "user pool",
    "queue", "dead letters", "logs", "metrics", "traces", "backup", "nowhere",
]  # fmt: skip
"""`ledger`, `rendezvous`, `salts`: tables. `payloads`, `files`, `checkpoints`: buckets, by prefix. The others by
logical name.

`nowhere`: a class that the privacy notice names and that this system does not hold (yet): its rule stands all the same.
"""
type Subject = Literal["customer", "partner", "staff", "nobody"]


@dataclass(frozen=True, slots=True)
class Until:
    """Kept until something happens, in words that follow "until"."""

    event: str


@dataclass(frozen=True, slots=True)
class With:
    """Kept as long as another row's record, and deleted together with it."""

    record: str


@dataclass(frozen=True, slots=True)
class Indefinitely:
    """Kept for an indefinite time: a named exception, with its reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Redact:
    """The fields that are taken out when the time is over; the rest stays."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """Erasing a customer leaves it, on this ground."""

    ground: str


type Kept = timedelta | Until | With | Indefinitely


@dataclass(frozen=True, slots=True)
class Record:
    """One type of record.

    What and where: its `name`; its `place`; the start of its `key` there (`keys.py`: "partition/sort"); whose it is.
    `due` is its class in the sweep's index, as in `keys.due(due, anchor, name)`: None where something else deletes it.

    How long: `kept` after `anchor`, the attribute that holds the time in ms (empty where nothing is counted), on the
    legal `basis` (UK GDPR). `then`: it is deleted, or what is redacted.

    What may come between: what `erasure` of its customer does (`unreadable`: sealed under the customer's salt, or
    hashed, it goes with the salt; `redact`: as `then` says), under which heading it is `exported` to its customer
    (None: not), and whether it is `held` longer by a legal hold, a restriction, an open request or an open complaint.

    `said`: what it is, in the words of the public retention table. Rows of the same words are one line there.
    """

    name: str
    place: Place
    key: str
    subject: Subject
    kept: Kept
    basis: str
    said: str
    anchor: str = ""
    due: str | None = None
    then: Literal["delete"] | Redact = "delete"
    erasure: Literal["delete", "unreadable", "redact"] | Keep = "delete"
    exported: str | None = None
    held: bool = False
