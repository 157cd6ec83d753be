"""A bank asks how a delivery stands: GET /v1/banks/{bank}/deliveries/{delivery_id}."""

from datetime import UTC, datetime

from counterfoil.domain.deliveries import parse_delivery_id
from counterfoil.domain.times import rfc3339
from counterfoil.errors import NotFound
from counterfoil.flows import pacing
from counterfoil.runtime import api, observe
from counterfoil.runtime.api import Reply, Request
from counterfoil.store import transactions


def _show(request: Request) -> Reply:
    bank, delivery_id = request.path["bank"], request.path["delivery_id"]
    request.require_scope(f"counterfoil/{bank}.deliveries")
    observe.count(pacing.admit_bank(bank, datetime.now(UTC)))
    named = parse_delivery_id(delivery_id)
    transaction = transactions.get(named[0]) if named else None
    if named is None or transaction is None or transaction.bank != bank or named[1] > transaction.version:
        raise NotFound("no such delivery")
    version = named[1]
    record = transaction.deliveries.get(str(version))
    state = record.state if record else "queued" if version in transaction.versions_to_tell() else "superseded"
    body = {"delivery_id": delivery_id, "version": version, "state": state}
    if record is not None:
        body |= {"at": rfc3339(record.at), "failures": record.failures, "last_status": record.status}
    return Reply(200, body)


handler = api.endpoint(_show)
