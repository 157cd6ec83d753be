"""A customer's choices, through the bank: PUT and GET /v1/banks/{bank}/customers/{customer_id}/consents.

And GET /v1/keys: what our signatures on consent receipts are verified with.
"""

from datetime import UTC, datetime

from counterfoil.domain import consent_told, strict_json
from counterfoil.domain.consent import ConsentRequest, Customer
from counterfoil.domain.fields import is_id, validated
from counterfoil.domain.purposes import PURPOSES
from counterfoil.domain.times import rfc3339
from counterfoil.errors import NotFound
from counterfoil.flows import consent, pacing
from counterfoil.flows.consent_receipts import receipt_of
from counterfoil.runtime import api, observe, queues, secrets
from counterfoil.runtime.api import Reply, Request
from counterfoil.signing import Signer
from counterfoil.store import customers


def _answer(request: Request) -> Reply:
    if "bank" not in request.path:
        keys = [Signer(secrets.sealer().signing_seed).public_key]
        return Reply(200, {"keys": keys}, {"cache-control": "public, max-age=3600"})
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
    receipt = receipt_of(choice, subject, request.path["customer_id"], request.path["bank"], secrets.sealer())
    return Reply(
        200,
        {
            "consent": consent_told.state(choice),
            "history_entry": consent_told.entry(choice),
            "consent_receipt": receipt.content,
            "consent_receipt_jws": receipt.jws,
            "effective_at": rfc3339(choice.effective_at),
        },
    )


def _show(subject: str) -> Reply:
    customer = customers.get(subject) or Customer(subject)
    return Reply(200, consent_told.all_of(customer, customers.history(subject)))


handler = api.endpoint(_answer)
