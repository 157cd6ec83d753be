"""A bank wants a delivery again: POST /v1/banks/{bank}/deliveries/{delivery_id}/resend."""

from datetime import UTC, datetime

from counterfoil.flows import pacing, resending
from counterfoil.runtime import api, env, observe, queues
from counterfoil.runtime.api import Reply, Request
from counterfoil.runtime.queues import Outgoing


def _resend(request: Request) -> Reply:
    bank, delivery_id, now = request.path["bank"], request.path["delivery_id"], datetime.now(UTC)
    request.require_scope(f"counterfoil/{bank}.deliveries")
    observe.count(pacing.admit_bank(bank, now))
    asked = resending.ask(bank, delivery_id, now)
    if asked.send is not None:
        queues.send_or_fail([Outgoing(env.queue_urls()[asked.send.queue], asked.send.body)])
        resending.confirm(asked)
        observe.count(["DeliveryAskedAgain"])
    return Reply(202, {"delivery_id": delivery_id, "version": asked.version, "state": "queued"})


handler = api.endpoint(_resend)
