"""A till sends itemised receipts, one or a batch: POST /v1/retailers/{retailer}/receipts."""

from datetime import UTC, datetime
from typing import Any

from counterfoil.domain import strict_json, webhooks
from counterfoil.domain.fields import is_id
from counterfoil.errors import Invalid, NotFound, Problem
from counterfoil.flows import messages, pacing
from counterfoil.flows.intake import ReceiptTaker
from counterfoil.retailers import till
from counterfoil.runtime import api, env, observe, queues, secrets
from counterfoil.runtime.api import Reply, Request
from counterfoil.runtime.queues import Outgoing
from counterfoil.store import registry


def _take(request: Request) -> Reply:
    now = datetime.now(UTC)
    name = request.path["retailer"]
    retailer = registry.retailer(name) if is_id(name) else None
    if retailer is None:
        raise NotFound("no such retailer")
    webhooks.verify(request.headers, request.body, secrets.active(retailer.secrets), now)
    observe.count(pacing.admit_retailer(retailer.retailer, now))
    batch = till.parse_receipts(strict_json.loads(request.body))
    taken, refused = ReceiptTaker(retailer.retailer, secrets.sealer(), now).take_all(batch)
    if not taken:
        raise Invalid(_all_problems(batch.single, refused))
    sends = [messages.receipt_taken(messages.new_id(), receipt) for receipt in taken.values()]
    queues.send_or_fail([Outgoing(env.text("MATCH_QUEUE_URL"), send.body, send.delay) for send in sends])
    observe.count(["ReceiptTaken"] * len(taken) + ["ReceiptRefused"] * len(refused))
    accepted = [batch.receipts[index].receipt_id for index in taken]
    return Reply(202, {"accepted": accepted, "refused": [_told(index, refused[index]) for index in sorted(refused)]})


def _all_problems(single: bool, refused: dict[int, tuple[Problem, ...]]) -> list[Problem]:
    return [
        problem if single else Problem(f"receipts[{index}].{problem.field}", problem.message)
        for index in sorted(refused)
        for problem in refused[index]
    ]


def _told(index: int, problems: tuple[Problem, ...]) -> dict[str, Any]:
    return {"index": index, "errors": [{"field": item.field, "message": item.message} for item in problems]}


handler = api.endpoint(_take)
