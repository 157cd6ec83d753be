"""A customer misses the receipt of a payment, and says so."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from counterfoil.domain.fields import Id, Wire

NOT_AGAIN_WITHIN: Final = timedelta(minutes=1)
"""Another look within this time would see what the last one saw."""

Finding = Literal["found", "looking", "none", "unknown"]


class ClaimRequest(Wire):
    transaction_id: Id


@dataclass(frozen=True, slots=True)
class Claim:
    """What is kept of it: when it was made first, and when the payment was last looked at because of it.

    `rev` counts the looks.
    """

    subject: str
    transaction_key: str
    first_at: datetime
    looked_at: datetime
    rev: int


def is_due(claim: Claim | None, now: datetime) -> bool:
    """Whether the payment is to be looked at because it is claimed now."""
    return claim is None or now - claim.looked_at >= NOT_AGAIN_WITHIN
