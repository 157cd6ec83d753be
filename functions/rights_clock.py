"""The clocks of requests under data protection law, each hour; and what ops do about one. Never over HTTP.

Ops call it by `python -m infra.operate rights`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from counterfoil.flows import rights_clock, rights_desk
from counterfoil.runtime import observe, queues, secrets


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """`{}`: looks at the clocks, and answers what happened and how often; else an order of ops (`rights_desk`)."""
    now = datetime.now(UTC)
    if "order" in event:
        return rights_desk.carry_out(event, secrets.sealer(), now, queues.announce)
    counts = rights_clock.look(now, queues.announce)
    observe.count(counts.elements())
    observe.flush()
    return dict(counts)
