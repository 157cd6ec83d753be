"""A customer's cards and missing receipts, through the bank: what lies below /v1/banks/{bank}/customers/{customer_id}.

PUT …/cards/{card_id}, GET …/cards, and POST …/receipts/claims.
"""

from datetime import UTC, datetime
from typing import Any

from counterfoil.domain import strict_json
from counterfoil.domain.cards import Card, CardRequest, Wallet
from counterfoil.domain.claims import ClaimRequest
from counterfoil.domain.fields import Id, Wire, is_id, validated
from counterfoil.errors import NotFound
from counterfoil.flows import cards, claims, pacing
from counterfoil.runtime import api, env, observe, queues, secrets
from counterfoil.runtime.api import Reply, Request
from counterfoil.runtime.queues import Outgoing
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
    handle = {"PUT": _tell, "GET": _list, "POST": _claim}[request.method]
    return handle(request, bank, subject)


def _tell(request: Request, bank: str, subject: str) -> Reply:
    named = validated(_Named, {"card_id": request.path["card_id"]})
    told = validated(CardRequest, strict_json.loads(request.body))
    wallet, keys = cards.register(bank, subject, named.card_id, told, secrets.sealer(), datetime.now(UTC))
    card = wallet.card(named.card_id)
    assert card is not None
    return Reply(200, _card(bank, card, wallet, keys))


def _list(_: Request, bank: str, subject: str) -> Reply:
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


def _claim(request: Request, bank: str, subject: str) -> Reply:
    missed = validated(ClaimRequest, strict_json.loads(request.body)).transaction_id
    ages, now = env.seconds("REVISITED_AFTER"), datetime.now(UTC)
    answer = claims.ask(bank, subject, missed, secrets.sealer(), ages, now)
    if answer.look is not None:
        queues.send_or_fail([Outgoing(env.queue_urls()[answer.look.queue], answer.look.body)])
    claims.keep(answer)
    observe.count([f"Claim{answer.finding.title()}"])
    return Reply(200, {"finding": answer.finding, "says": list(answer.says), "match_id": answer.match_id})


handler = api.endpoint(_answer)
