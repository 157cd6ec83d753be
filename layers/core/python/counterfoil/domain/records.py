"""The data map: one row for every type of record that is kept, and what becomes of it.

`RECORDS` is the only place that says how long something is kept and why. A record stores its anchor, not the day on
which it is due, so that a changed row applies to everything that is there already.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

type Subject = Literal["customer", "nobody", "partner"]
type Erasure = Literal["delete", "unreadable", "keep"]


@dataclass(frozen=True, slots=True)
class Record:
    """One type of record.

    `key`: the start of its keys (`keys.py`), "partition/sort". `table`: where. `anchor`: the time that `kept` counts
    from. `basis`: why it may be kept (UK GDPR). `erasure`: what erasing its customer does; `unreadable` means that it
    is sealed under the customer's salt, or hashed, and goes with it. `exported`: whether it is in an access export.
    `held`: whether a legal hold or a complaint keeps it longer.
    """

    name: str
    table: Literal["ledger", "rendezvous", "salts", "payloads", "files"]
    key: str
    subject: Subject
    anchor: str
    kept: timedelta | None
    basis: str
    erasure: Erasure
    exported: bool
    held: bool


_CONSENT = "consent (Art. 6(1)(a)), withdrawn at any time"
_PROOF = "legal obligation to demonstrate consent (Art. 7(1))"
_PARTNERS = "contract with the partner"

RECORDS: tuple[Record, ...] = (
    Record(
        "undecided transaction",
        "ledger",
        "T#/T",
        "customer",
        "seen",
        timedelta(days=7),
        _CONSENT,
        "delete",
        True,
        False,
    ),
    Record(
        "matched transaction",
        "ledger",
        "T#/T",
        "customer",
        "seen",
        timedelta(days=2192),
        _CONSENT,
        "delete",
        True,
        True,
    ),
    Record(
        "undecided card tender",
        "ledger",
        "R#/T#",
        "nobody",
        "seen",
        timedelta(days=7),
        "legitimate interest: matching an anonymous receipt (Art. 6(1)(f))",
        "keep",
        False,
        False,
    ),
    Record(
        "matched card tender",
        "ledger",
        "R#/T#",
        "customer",
        "its transaction's",
        timedelta(days=2192),
        _CONSENT,
        "delete",
        False,
        True,
    ),
    Record(
        "receipt body",
        "ledger",
        "D#/D",
        "customer",
        "its tender's",
        timedelta(days=2192),
        _CONSENT,
        "unreadable",
        True,
        True,
    ),
    Record(
        "large receipt body",
        "payloads",
        "bodies/",
        "customer",
        "its tender's",
        timedelta(days=2192),
        _CONSENT,
        "unreadable",
        True,
        True,
    ),
    Record("undecided side", "rendezvous", "", "customer", "seen", timedelta(days=7), _CONSENT, "delete", False, False),
    Record(
        "partner's rate",
        "rendezvous",
        "rate#",
        "partner",
        "last added",
        timedelta(hours=3),
        _PARTNERS,
        "keep",
        False,
        False,
    ),
    Record(
        "customer's choices",
        "ledger",
        "C#/C",
        "customer",
        "last change",
        timedelta(days=2192),
        _PROOF,
        "delete",
        True,
        True,
    ),
    Record(
        "history of choices",
        "ledger",
        "C#/H#",
        "customer",
        "changed",
        timedelta(days=2192),
        _PROOF,
        "delete",
        True,
        True,
    ),
    Record("customer's salt", "salts", "C#", "customer", "last record", None, _CONSENT, "delete", False, False),
    Record("linked account", "ledger", "C#/L", "customer", "unlinking", None, _CONSENT, "delete", False, False),
    Record("path secret", "ledger", "P#/P", "customer", "unlinking", None, _CONSENT, "delete", False, False),
    Record("retailer", "ledger", "M#/M", "partner", "end of contract", None, _PARTNERS, "keep", False, False),
    Record("store", "ledger", "M#/S#", "partner", "end of contract", None, _PARTNERS, "keep", False, False),
    Record("listed retailer", "ledger", "L#", "partner", "end of contract", None, _PARTNERS, "keep", False, False),
    Record("merchant id", "ledger", "I#/I", "partner", "end of contract", None, _PARTNERS, "keep", False, False),
    Record("bank's health", "ledger", "B#/H", "partner", "end of contract", None, _PARTNERS, "keep", False, False),
    Record("bank", "ledger", "B#/B", "partner", "end of contract", None, _PARTNERS, "keep", False, False),
    Record(
        "till's clock",
        "ledger",
        "K#/K",
        "nobody",
        "last learned",
        timedelta(days=400),
        "legitimate interest: matching (Art. 6(1)(f))",
        "keep",
        False,
        False,
    ),
    Record(
        "shop's habits",
        "ledger",
        "K#/H",
        "nobody",
        "last learned",
        timedelta(days=400),
        "legitimate interest: matching (Art. 6(1)(f))",
        "keep",
        False,
        False,
    ),
    Record(
        "audit entry",
        "ledger",
        "A#/E#",
        "customer",
        "at",
        timedelta(days=2192),
        "legal obligation to demonstrate compliance (Art. 5(2)), legal claims (Art. 17(3)(e))",
        "keep",
        True,
        True,
    ),
    Record(
        "end of an audit chain",
        "ledger",
        "A#/A",
        "customer",
        "at",
        timedelta(days=2192),
        "legal obligation to demonstrate compliance (Art. 5(2)), legal claims (Art. 17(3)(e))",
        "keep",
        False,
        True,
    ),
    Record("place of a round", "ledger", "W#/W", "nobody", "last run", None, "no personal data", "keep", False, False),
    Record(
        "bank's habits",
        "ledger",
        "K#/B",
        "partner",
        "last learned",
        timedelta(days=400),
        _PARTNERS,
        "keep",
        False,
        False,
    ),
    Record("receipt file", "ledger", "F#/F", "partner", "created", timedelta(days=30), _PARTNERS, "keep", False, False),
    Record(
        "uploaded receipts",
        "files",
        "uploads/",
        "nobody",
        "uploaded, until they are worked off",
        timedelta(days=3),
        "legitimate interest: matching anonymous receipts (Art. 6(1)(f))",
        "keep",
        False,
        False,
    ),
    Record(
        "error report", "files", "reports/", "partner", "written", timedelta(days=30), _PARTNERS, "keep", False, False
    ),
)
