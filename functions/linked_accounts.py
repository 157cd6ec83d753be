"""What a linked account needs done at its bank: the queue of links, ten messages a batch."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from counterfoil.flows import linked_accounts
from counterfoil.flows.linking import Outside
from counterfoil.flows.outcome import Outcome
from counterfoil.runtime import batch, env, http, observe, secrets
from counterfoil.runtime.batch import Received

MOST_BYTES = 4 * 1024 * 1024
"""A page of a hundred transactions takes about 250 KB."""
_send = partial(http.send, most_bytes=MOST_BYTES)


def _work(message: Received) -> Outcome:
    outside = Outside(secrets.sealer(), _send, secrets.active, lambda: datetime.now(UTC))
    return linked_accounts.work_on(message.body, outside)


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> batch.Failures:
    return batch.work_off(event, _work, env.queue_urls())
