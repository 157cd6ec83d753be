"""An uploaded file of receipts is read and its receipts are taken: the files queue, a part of a file a message."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from counterfoil.flows import receipt_files
from counterfoil.flows.outcome import Outcome, Send
from counterfoil.flows.receipt_files import FILES_QUEUE, Work
from counterfoil.runtime import batch, env, observe, queues, secrets
from counterfoil.runtime.batch import Received
from counterfoil.runtime.queues import Outgoing


def _now() -> datetime:
    return datetime.now(UTC)


def _send(sends: Sequence[Send]) -> None:
    url = env.text("MATCH_QUEUE_URL")
    queues.send_or_fail([Outgoing(url, send.body, send.delay) for send in sends])


def _work(message: Received) -> Outcome:
    (seconds,), (spread,) = env.seconds("WORK_SECONDS"), env.seconds("SPREAD_SECONDS")
    return receipt_files.work_on(message.body, Work(secrets.sealer(), _send, _now, seconds, spread))


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> batch.Failures:
    return batch.work_off(event, _work, {FILES_QUEUE: env.text("FILES_QUEUE_URL")})
