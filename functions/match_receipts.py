"""Transactions and receipts meet: the match queue, ten messages a batch."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from counterfoil.flows import matching
from counterfoil.flows.outcome import Outcome
from counterfoil.runtime import batch, env, observe, secrets
from counterfoil.runtime.batch import Received


def _work(message: Received) -> Outcome:
    waits = env.seconds("MATCH_WAITS")
    return matching.work_on(message.body, secrets.sealer(), waits, datetime.now(UTC))


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> batch.Failures:
    return batch.work_off(event, _work, env.queue_urls())
