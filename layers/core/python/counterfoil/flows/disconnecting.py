"""A customer ends all of it, through the bank or on their own page: both with the same result."""

from datetime import datetime

from counterfoil.domain.consent import ConsentRequest, Customer, Origin
from counterfoil.domain.purposes import PURPOSES
from counterfoil.flows import consent, erasing
from counterfoil.flows.consent import Announce
from counterfoil.store import audit, customers


def disconnect(subject: str, origin: Origin, now: datetime, announce: Announce) -> None:
    """Has the customer erased, and switches off at once what they had switched on.

    The erasure is announced first: whatever dies after that, it stops everything by itself. It may be asked for again.
    """
    customer = customers.get(subject) or Customer(subject)
    announce(erasing.begin(subject, "disconnected", now))
    if not customer.rev:
        return
    audit.append(subject, "disconnected", {"origin": origin}, now)
    # What rests on it is withdrawn with it.
    for purpose in filter(customer.has_granted, PURPOSES):
        consent.choose(subject, purpose, ConsentRequest(granted=False, origin=origin), now, announce)
