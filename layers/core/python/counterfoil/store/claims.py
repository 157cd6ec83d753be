"""Claims of missing receipts: one record a payment, however often it is claimed."""

from counterfoil.domain.claims import Claim
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, Check, Put


def get(subject: str, transaction_key: str) -> Claim | None:
    item = table.get(LEDGER, dict(keys.claim_of(subject, transaction_key)))
    if item is None:
        return None
    return Claim(subject, transaction_key, from_millis(item["at"]), from_millis(item["looked"]), item["rev"])


def save(claim: Claim, along: Check) -> None:
    """Keeps a claim while it is as it was read and `along` holds; else raises ConditionFailed."""
    item = dict(keys.claim_of(claim.subject, claim.transaction_key)) | {
        "subject": claim.subject,
        "due": keys.due("claim", claim.first_at, claim.transaction_key),
        "at": to_millis(claim.first_at),
        "looked": to_millis(claim.looked_at),
        "rev": claim.rev,
    }
    unchanged = table.still_at(claim.rev - 1) if claim.rev > 1 else table.nothing_there()
    table.transact([Put(LEDGER, item, unchanged), along])
