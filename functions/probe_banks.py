"""Banks that keep failing are paused, and probed until they recover: every minute, and when ops ask."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from counterfoil.domain.bank_health import Health
from counterfoil.domain.times import rfc3339
from counterfoil.flows import probing
from counterfoil.flows.delivery import Sending
from counterfoil.flows.probing import Line
from counterfoil.runtime import batch, env, http, mappings, observe, queues, secrets
from counterfoil.store import bank_health, registry


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """`{}`: tends every bank; `{"pause": bank}`, `{"resume": bank}`, `{"look": true}`: as ops say.

    Answers how each bank is then.
    """
    urls = env.queue_urls()
    lines = {bank: _line(urls[bank], mapping) for bank, mapping in env.delivery_mappings().items()}
    if bank := event.get("pause"):
        probing.pause_by_hand(bank, lines[bank], _now())
    elif bank := event.get("resume"):
        probing.resume_by_hand(bank, lines[bank], _now())
    elif not event.get("look"):
        registry.forget()  # a bank may have been registered anew
        batch.each(list(lines), lambda bank: probing.tend(bank, lines[bank], _sending()))
    return {"banks": [_told(bank, bank_health.get(bank)) for bank in lines]}


def _line(url: str, mapping: str) -> Line:
    return Line(
        take=partial(queues.take_one, url),
        delete=partial(queues.delete, url),
        keep_back=partial(queues.keep_back, url),
        hold=partial(mappings.hold, mapping),
        release=partial(mappings.release, mapping),
    )


def _sending() -> Sending:
    return Sending(
        sealer=secrets.sealer(),
        send=http.send,
        secrets=secrets.active,
        clock=_now,
        attempt=1,
        waits=env.seconds("DELIVERY_WAITS"),
        jitter=random.random(),  # noqa: S311 - spreads retries, guards nothing
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _told(bank: str, health: Health) -> dict[str, Any]:
    since = health.paused_since or health.failing_since
    return {
        "bank": bank,
        "state": health.state,
        "reason": health.reason,
        "since": rfc3339(since) if since else None,
        "last_status": health.last_status,
        "next_probe": rfc3339(health.next_probe_at) if health.next_probe_at else None,
    }
