"""A customer is disconnected, through the bank or on their own page: everything is withdrawn at once, and then they are
erased (`erasing`).

The erasure is announced first, and withdraws by itself: whoever dies after that has disconnected the customer. The link
to an account at their bank goes with it, after the receipts were recalled through it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from counterfoil.domain.consent import WITHDRAWAL_TAKES_EFFECT, ConsentRequest, Origin
from counterfoil.domain.erasures import Erasure
from counterfoil.errors import NotFound
from counterfoil.flows import consent, erasing
from counterfoil.flows.consent import Announce
from counterfoil.store import audit, customers, erasures


@dataclass(frozen=True, slots=True)
class Disconnection:
    """`erasure`: how far it came, where there is a record of it."""

    state: Literal["disconnecting", "disconnected"]
    erasure: Erasure | None


def disconnect(subject: str, origin: Origin, now: datetime, announce: Announce) -> datetime:
    """When nothing of the customer's is under way any more. The same again changes nothing.

    Whom we do not know is told the same as everybody else: so is who asks again when all is gone.
    """
    announce(erasing.begin(subject, "disconnected", now))
    # At once: what they granted again before the erasure begins would be erased with the rest.
    consent.bar(subject, now, announce)
    customer = customers.get(subject)
    if customer is None:
        return now + WITHDRAWAL_TAKES_EFFECT
    if customer.has_granted("receipts"):
        audit.append(subject, "disconnected", {"origin": origin}, now)
        return consent.choose(
            subject, "receipts", ConsentRequest(granted=False, origin=origin), now, announce
        ).effective_at
    standing = customer.choices.get("receipts")
    return standing.effective_at if standing else now + WITHDRAWAL_TAKES_EFFECT


def standing(subject: str) -> Disconnection:
    """How it stands. Raises NotFound where the customer is connected."""
    erasure, customer = erasures.get(subject), customers.get(subject)
    if erasure is not None and not erasure.is_done:
        return Disconnection("disconnecting", erasure)
    if customer is None:
        return Disconnection("disconnected", erasure)
    if customer.has_granted("receipts"):
        raise NotFound("not disconnected")
    return Disconnection("disconnecting", None)
