"""The cards that a bank tells of in its customer's name, kept while the customer has granted any purpose.

A payment whose card is in another customer's name is theirs (`customers.paying`): so each holder of a joint account
has the receipts of their own cards.
"""

import json
from dataclasses import asdict
from datetime import datetime

from counterfoil.domain import cards as decisions
from counterfoil.domain.cards import Card, CardRequest, Wallet
from counterfoil.errors import ConditionFailed, Conflict, NotFound, TryAgain
from counterfoil.sealing import CustomerKeys, Sealer, seal, unseal
from counterfoil.store import audit, cards, customers
from counterfoil.store.cards import Kept

TRIES = 5


def register(
    bank: str, subject: str, card_id: str, told: CardRequest, sealer: Sealer, now: datetime
) -> tuple[Wallet, CustomerKeys]:
    """The customer's cards, with this one as told, and the keys as `of_customer`. The same again changes nothing.

    Raises Conflict for a customer who has granted nothing, and for a card in another's name; Invalid and Conflict as
    `domain.cards.register`.
    """
    name = sealer.card(bank, card_id)
    for _ in range(TRIES):
        customer, salt = customers.with_salt(subject)
        # Every other purpose rests on this one.
        if salt is None or not customer.allows("receipts", now):
            raise Conflict("the customer has granted no purpose: no card is kept")
        keys = sealer.customer(salt)
        kept = cards.get(subject)
        known = _opened(kept, subject, keys)
        wallet = decisions.register(known, card_id, told)
        if wallet is known:
            return wallet, keys
        names = dict.fromkeys((*(kept.names if kept else ()), name))
        entry = audit.entry(subject, "card changed", {"version": wallet.rev}, now)
        try:
            changed = Kept(wallet.rev, _sealed(wallet, subject, keys), tuple(names))
            cards.save(subject, changed, name, [customers.unchanged(customer), *entry])
        except (ConditionFailed, TryAgain):
            if cards.holder(name) not in (None, subject):
                raise Conflict("this card is in another customer's name") from None
            continue
        return wallet, keys
    raise Conflict("the customer's cards keep changing")


def of_customer(subject: str, sealer: Sealer) -> tuple[Wallet, CustomerKeys]:
    """The customer's cards, and the keys that name their lineages. Raises NotFound for a customer who is not known."""
    _, salt = customers.with_salt(subject)
    if salt is None:
        raise NotFound("no such customer")
    keys = sealer.customer(salt)
    return _opened(cards.get(subject), subject, keys), keys


def _sealed(wallet: Wallet, subject: str, keys: CustomerKeys) -> bytes:
    told = json.dumps([asdict(card) for card in wallet.cards], separators=(",", ":")).encode()
    return seal(keys.seal_key, told, bound_to=f"cards/{subject}")


def _opened(kept: Kept | None, subject: str, keys: CustomerKeys) -> Wallet:
    if kept is None:
        return Wallet()
    told = json.loads(unseal(keys.seal_key, kept.sealed, bound_to=f"cards/{subject}"))
    return Wallet(kept.rev, tuple(Card(**{**card, "tokens": tuple(card["tokens"])}) for card in told))
