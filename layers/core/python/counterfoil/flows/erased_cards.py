"""Which cards were an erased customer's, for a restore of the salts alone: it brings the ways to them back, and nothing
else tells any more whose they were.

Sealed under the customer's salt, they can be read while that is back, and by nobody else.
"""

import json

from counterfoil.errors import Poison
from counterfoil.sealing import Sealer, seal, unseal
from counterfoil.store import cards, customers, erasures
from counterfoil.store.erasures import Entry


def sealed(entry: Entry, sealer: Sealer) -> bytes | None:
    """For the entry in the erasure ledger; None where there is no card, or no salt any more."""
    kept, salt = cards.get(entry.subject), customers.salt_of_then(entry.subject, entry.at)
    if kept is None or salt is None:
        return None
    return seal(sealer.customer(salt).seal_key, json.dumps(kept.names).encode(), _bound_to(entry))


def forget(entry: Entry, sealer: Sealer) -> None:
    """Deletes the ways that a restore brought back, before the salt with which they are found."""
    salt = customers.salt_of_then(entry.subject, entry.at)
    names = erasures.cards_of(entry) if salt else None
    if salt is None or names is None:
        return
    try:
        told = unseal(sealer.customer(salt).seal_key, names, _bound_to(entry))
    except Poison:
        return  # of another life, whose own entry tells its cards
    cards.forget_ways(entry.subject, json.loads(told))


def _bound_to(entry: Entry) -> str:
    return f"erasure/{entry.subject}"
