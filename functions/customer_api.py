"""A customer's cards, through the bank: PUT …/customers/{customer_id}/cards/{card_id}, and GET …/cards."""

from datetime import UTC, datetime
from typing import Any

from counterfoil.domain import strict_json
from counterfoil.domain.cards import Card, CardRequest, Wallet
from counterfoil.domain.fields import Id, Wire, is_id, validated
from counterfoil.errors import NotFound
from counterfoil.flows import cards, pacing
from counterfoil.runtime import api, observe, secrets
from counterfoil.runtime.api import Reply, Request
from counterfoil.sealing import CustomerKeys


class _Named(Wire):
    card_id: Id


def _answer(request: Request) -> Reply:
    bank, customer_id = request.path["bank"], request.path["customer_id"]
    request.require_scope(f"counterfoil/{bank}.customers")
    observe.count(pacing.admit_bank(bank, datetime.now(UTC)))
    if not is_id(customer_id):
        raise NotFound("no such customer")
    subject = secrets.sealer().subject(bank, customer_id)
    return _tell(request, bank, subject) if request.method == "PUT" else _list(bank, subject)


def _tell(request: Request, bank: str, subject: str) -> Reply:
    named = validated(_Named, {"card_id": request.path["card_id"]})
    told = validated(CardRequest, strict_json.loads(request.body))
    wallet, keys = cards.register(bank, subject, named.card_id, told, secrets.sealer(), datetime.now(UTC))
    card = wallet.card(named.card_id)
    assert card is not None
    return Reply(200, _card(bank, card, wallet, keys))


def _list(bank: str, subject: str) -> Reply:
    wallet, keys = cards.of_customer(subject, secrets.sealer())
    return Reply(200, {"cards": [_card(bank, card, wallet, keys) for card in wallet.cards]})


def _card(bank: str, card: Card, wallet: Wallet, keys: CustomerKeys) -> dict[str, Any]:
    return {
        "card_id": card.card_id,
        "last4": card.last4,
        "scheme": card.scheme,
        "tokens": list(card.tokens),
        "replaces": card.replaces,
        "lineage": keys.lineage(bank, wallet.first(card).card_id),
    }


handler = api.endpoint(_answer)
