"""A bank asks how a delivery stands: GET /v1/banks/{bank}/deliveries/{delivery_id}."""

from datetime import UTC, datetime
from typing import Any

from counterfoil.domain.times import rfc3339
from counterfoil.flows import pacing, resending
from counterfoil.runtime import api, observe
from counterfoil.runtime.api import Reply, Request


def _show(request: Request) -> Reply:
    bank, delivery_id = request.path["bank"], request.path["delivery_id"]
    request.require_scope(f"counterfoil/{bank}.deliveries")
    observe.count(pacing.admit_bank(bank, datetime.now(UTC)))
    transaction, version = resending.find(bank, delivery_id)
    record = transaction.deliveries.get(str(version))
    body: dict[str, Any] = {"delivery_id": delivery_id, "version": version}
    if record is None:
        waits = version in transaction.versions_to_tell()
        return Reply(200, body | {"state": "queued" if waits else "superseded"})
    state = "queued" if record.state == "asked" else record.state
    body |= {"state": state, "at": rfc3339(record.at), "failures": record.failures, "last_status": record.status}
    return Reply(200, body | ({"asked_again_at": rfc3339(record.asked_at)} if record.asked_at else {}))


handler = api.endpoint(_show)
