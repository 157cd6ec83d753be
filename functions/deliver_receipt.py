"""A bank is told of a match, a correction or a withdrawal: the bank's delivery queue, ten messages a batch."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from counterfoil.errors import Poison
from counterfoil.flows import delivery
from counterfoil.flows.outcome import Outcome
from counterfoil.runtime import batch, env, http, observe, secrets
from counterfoil.runtime.batch import Received


def _now() -> datetime:
    return datetime.now(UTC)


def _work(message: Received) -> Outcome:
    if not isinstance(message.body, dict) or not isinstance(message.body.get("transaction"), str):
        raise Poison("not a message of ours")
    sending = delivery.Sending(
        sealer=secrets.sealer(),
        send=http.send,
        secrets=secrets.active,
        clock=_now,
        attempt=message.attempt,
        waits=env.seconds("DELIVERY_WAITS"),
        jitter=random.random(),  # noqa: S311 - spreads retries, guards nothing
    )
    return delivery.deliver(message.body["transaction"], sending)


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> batch.Failures:
    # Side by side, so that a silent bank costs one deadline a batch, not ten.
    return batch.work_off(event, _work, env.queue_urls(), side_by_side=10)
