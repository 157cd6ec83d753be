"""What a bank is told: one notice a version, the same bytes at every try."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from counterfoil.domain.transactions import Recall, RecallReason, ReceiptOfMatch, Transaction

FINISHES_WITHIN = timedelta(seconds=15)
"""How long after the consent check a delivery may still be under way."""

LONGEST_TRY = timedelta(seconds=30)
"""Whoever tries a delivery lives no longer, stalled or not: after that a receipt it was about to send comes no more."""

RECALL_REASONS: Mapping[RecallReason, str] = {
    "another": "The receipt does not belong to this payment",
    "reversed": "The payment was reversed",
    "withdrawn": "The customer withdrew their consent",
}
LONGEST_WAIT = 43_200
"""A queue keeps a message back for at most twelve hours."""

_DELIVERY_ID = re.compile(r"dlv_([A-Za-z0-9_-]{22})_([1-9][0-9]{0,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Notice:
    """One delivery. `receipt` is None for a withdrawal. `timestamp`: the later of the two events' own times."""

    type: Literal["receipt.matched", "receipt.corrected", "receipt.withdrawn"]
    delivery_id: str
    match_id: str
    version: int
    transaction_id: str
    timestamp: datetime
    method: str | None
    confidence: float | None
    reasons: tuple[str, ...]
    receipt: dict[str, Any] | None


def delivery_id(transaction_key: str, version: int) -> str:
    """The id of one version's delivery: the transaction's opaque name, and the version."""
    return f"dlv_{transaction_key}_{version}"


def parse_delivery_id(value: str) -> tuple[str, int] | None:
    """The transaction's opaque name and the version in a delivery id, or None where it is none of ours."""
    found = _DELIVERY_ID.fullmatch(value)
    return (found[1], int(found[2])) if found else None


def pending(transaction: Transaction) -> Recall | ReceiptOfMatch | None:
    """What the bank is to be told next: matches given up first, then the match that stands."""
    for recall in transaction.recalls:
        if not transaction.is_settled(recall.version):
            return recall
    is_matched = transaction.state == "matched" and not transaction.is_settled(transaction.version)
    return transaction.match if is_matched else None


def told_over(transaction: Transaction, version: int) -> Transaction:
    """The transaction once `version` may have reached the bank after what was told later: that is told again.

    Two deliveries may be under way at once, and a bank whose wire knows no versions keeps what comes last.
    """
    later = [number for number in transaction.versions_to_tell() if number > version]
    record = transaction.deliveries.get(str(max(later))) if later else None
    if record is None or record.state != "delivered":
        return transaction
    return transaction.record(max(later), replace(record, state="queued"))


def unknown_tries(transaction: Transaction, version: int, attempt: int) -> int:
    """How many tries before this `attempt` of a message (from 1) nobody knows the end of.

    Each may have sent what it found before it died. It may also still be about to: a queue may hand out a message while
    another works on it.
    """
    record = transaction.deliveries.get(str(version))
    return attempt - 1 - (record.failures if record else 0)


def told_in_doubt_at(transaction: Transaction, version: int) -> datetime | None:
    """When a delivery that is to be told again was taken first: whoever found an earlier version began before."""
    record = transaction.deliveries.get(str(version))
    return record.at if record and record.state == "queued" else None


def is_first_of_match(transaction: Transaction) -> bool:
    """Whether the current version is the first that tells of its match."""
    latest_recall = max((recall.version for recall in transaction.recalls), default=0)
    return transaction.version == latest_recall + 1


def wait_before(attempt: int, waits: tuple[int, ...], retry_after: int | None, jitter: float) -> int:
    """Seconds until the next try after `attempt` (from 1) failed; `jitter` from 0 to 1 adds up to a tenth."""
    planned = waits[min(attempt, len(waits)) - 1]
    return min(LONGEST_WAIT, max(int(planned * (1 + jitter / 10)), retry_after or 0, 1))
