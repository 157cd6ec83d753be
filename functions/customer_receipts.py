"""A customer's receipts, through the bank: GET …/customers/{customer_id}/receipts, and …/receipts/{match_id}."""

from datetime import UTC, datetime
from typing import Any

from counterfoil.domain.fields import is_id, validated
from counterfoil.domain.history import Entry, HistoryRequest
from counterfoil.domain.times import rfc3339
from counterfoil.errors import NotFound
from counterfoil.flows import history, pacing
from counterfoil.runtime import api, observe, secrets
from counterfoil.runtime.api import Reply, Request


def _answer(request: Request) -> Reply:
    bank, customer_id = request.path["bank"], request.path["customer_id"]
    request.require_scope(f"counterfoil/{bank}.customers")
    observe.count(pacing.admit_bank(bank, datetime.now(UTC)))
    if not is_id(customer_id):
        raise NotFound("no such customer")
    sealer = secrets.sealer()
    who = history.reader(sealer.subject(bank, customer_id), sealer)
    if "match_id" in request.path:
        return Reply(200, _told(history.one(who, request.path["match_id"])))
    page = history.page(who, validated(HistoryRequest, dict(request.query)))
    return Reply(200, {"receipts": [_told(entry) for entry in page.entries], "next": page.cursor})


def _told(entry: Entry) -> dict[str, Any]:
    return {
        "match_id": entry.match_id,
        "version": entry.version,
        "transaction_id": entry.transaction_id,
        "paid_at": rfc3339(entry.paid_at),
        "card": entry.card,
        "receipt": entry.receipt,
    }


handler = api.endpoint(_answer)
