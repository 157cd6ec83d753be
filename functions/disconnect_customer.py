"""A bank disconnects a customer: DELETE /v1/banks/{bank}/customers/{customer_id}, and GET …/disconnections/{id}."""

from collections.abc import Mapping
from datetime import UTC, datetime

from counterfoil.domain.fields import is_id
from counterfoil.domain.times import rfc3339
from counterfoil.errors import NotFound
from counterfoil.flows import disconnecting, pacing
from counterfoil.runtime import api, observe, queues, secrets
from counterfoil.runtime.api import Reply, Request

_HAPPENS: Mapping[str, str] = {
    "withdrawn": "Every purpose is withdrawn now, and nothing new is begun.",
    "stopped": "What was under way has ended at effective_at.",
    "recalled": "Receipts that you have are then withdrawn by receipt.withdrawn (or deleted, where you have such a "
    "call). What you do not confirm within some hours is noted as not confirmed.",
    "erased": "After that the customer's key is deleted, so that no copy can be read within a day, then the data, and "
    "any link to an account of theirs. What must be kept as proof names nobody, as the privacy notice says.",
}


def _answer(request: Request) -> Reply:
    bank, customer_id = request.path["bank"], request.path["customer_id"]
    request.require_scope(f"counterfoil/{bank}.customers")
    now = datetime.now(UTC)
    observe.count(pacing.admit_bank(bank, now))
    if not is_id(customer_id):
        raise NotFound("no such customer")
    subject = secrets.sealer().subject(bank, customer_id)
    own_id = secrets.sealer().disconnection_id(subject)
    if request.method == "DELETE":
        effective_at = disconnecting.disconnect(subject, "bank_app", now, queues.announce)
        observe.count(["Disconnected"])
        told = {"id": own_id, "state": "disconnecting", "effective_at": rfc3339(effective_at), "happens": _HAPPENS}
        return Reply(202, told)
    if request.path["disconnection_id"] != own_id:
        raise NotFound("no such disconnection")
    return _show(own_id, disconnecting.standing(subject))


def _show(own_id: str, found: disconnecting.Disconnection) -> Reply:
    counts = found.erasure.counts if found.erasure else {}
    told = {
        "id": own_id,
        "state": found.state,
        "phase": found.erasure.phase if found.erasure else None,
        "receipts": {
            "recalled": counts.get("recalled", 0),
            "confirmed": counts.get("confirmed", 0),
            "not_confirmed": counts.get("not confirmed", 0),
        },
    }
    return Reply(200, told)


handler = api.endpoint(_answer)
