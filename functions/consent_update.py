"""A customer's choices, through the bank: PUT and GET /v1/banks/{bank}/customers/{customer_id}/consents."""

from datetime import UTC, datetime
from typing import Any

from counterfoil.domain import strict_json
from counterfoil.domain.consent import Choice, ConsentRequest
from counterfoil.domain.fields import is_id, validated
from counterfoil.domain.purposes import PURPOSES
from counterfoil.domain.times import rfc3339
from counterfoil.errors import NotFound
from counterfoil.flows import consent, pacing
from counterfoil.runtime import api, observe, queues, secrets
from counterfoil.runtime.api import Reply, Request
from counterfoil.store import customers


def _answer(request: Request) -> Reply:
    bank, customer_id = request.path["bank"], request.path["customer_id"]
    request.require_scope(f"counterfoil/{bank}.consents")
    observe.count(pacing.admit_bank(bank, datetime.now(UTC)))
    if not is_id(customer_id):
        raise NotFound("no such customer")
    subject = secrets.sealer().subject(bank, customer_id)
    return _choose(request, subject) if request.method == "PUT" else _show(subject)


def _choose(request: Request, subject: str) -> Reply:
    purpose = next((known for known in PURPOSES if known == request.path["purpose"]), None)
    if purpose is None:
        raise NotFound("no such purpose")
    wish = validated(ConsentRequest, strict_json.loads(request.body))
    choice = consent.choose(subject, purpose, wish, datetime.now(UTC), queues.announce)
    observe.count(["ConsentGranted" if choice.granted else "ConsentWithdrawn"])
    return Reply(
        200,
        {
            "consent": _state(choice),
            "history_entry": _told(choice),
            "effective_at": rfc3339(choice.effective_at),
        },
    )


def _show(subject: str) -> Reply:
    customer = customers.get(subject)
    choices = customer.choices if customer else {}
    off = {"granted": False, "version": 0}
    consents = {purpose: _state(choices[purpose]) if purpose in choices else off for purpose in PURPOSES}
    return Reply(200, {"consents": consents, "history": [_told(choice) for choice in customers.history(subject)]})


def _state(choice: Choice) -> dict[str, Any]:
    return {
        "purpose": choice.purpose,
        "granted": choice.granted,
        "version": choice.version,
        "effective_at": rfc3339(choice.effective_at),
    }


def _told(choice: Choice) -> dict[str, Any]:
    return {
        "purpose": choice.purpose,
        "granted": choice.granted,
        "version": choice.version,
        "changed_at": rfc3339(choice.changed_at),
        "notice_version": choice.notice_version,
        "origin": choice.origin,
        "language": choice.language,
    }


handler = api.endpoint(_answer)
