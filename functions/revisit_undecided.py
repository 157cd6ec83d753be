"""Payments without a receipt: decided once more after a day, closed after a week. Every quarter of an hour."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from counterfoil.flows import revisiting
from counterfoil.flows.outcome import Send
from counterfoil.runtime import env, observe, queues
from counterfoil.runtime.queues import Outgoing


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> dict[str, int]:
    """`{}`: goes on where the last run stopped; `{"early": true}`: visits those too whose hour is not over, as ops say.

    Answers what happened, and how often.
    """
    visit = revisiting.visit_early if event.get("early") else revisiting.go_round
    counts = visit(_work())
    observe.count(counts.elements())
    observe.flush()
    return dict(counts)


def _work() -> revisiting.Work:
    (seconds,), (spread,) = env.seconds("WORK_SECONDS"), env.seconds("SPREAD_SECONDS")
    day, week = env.seconds("REVISITED_AFTER")
    return revisiting.Work(
        send=_send,
        clock=lambda: datetime.now(UTC),
        seconds=seconds,
        day=timedelta(seconds=day),
        week=timedelta(seconds=week),
        spread=spread,
    )


def _send(sends: Sequence[Send]) -> None:
    url = env.text("MATCH_QUEUE_URL")
    queues.send_or_fail([Outgoing(url, send.body, send.delay) for send in sends])
