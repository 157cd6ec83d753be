"""A customer's choice, kept with its history."""

from datetime import datetime

from counterfoil.domain.consent import Choice, ConsentRequest, Customer, Purpose, decide
from counterfoil.errors import ConditionFailed, Conflict
from counterfoil.sealing import new_salt
from counterfoil.store import customers

TRIES = 5


def choose(subject: str, purpose: Purpose, request: ConsentRequest, now: datetime) -> Choice:
    """The choice that stands after the request. Raises Conflict for a grant that expects another version."""
    for _ in range(TRIES):
        known = customers.get(subject) or Customer(subject)
        changed, choice, is_new = decide(known, purpose, request, now)
        if not is_new:
            return choice
        try:
            customers.save(changed, choice, new_salt())
        except ConditionFailed:
            continue
        return choice
    raise Conflict("the customer's consents keep changing")
