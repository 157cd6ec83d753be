"""What an erasure tells the requests that it answers: its phases are their checkpoints.

Told after each step that was kept, from all that the erasure is by then: a telling that was missed is made up for by
the next, and one that comes twice changes nothing.
"""

from collections.abc import Iterable
from datetime import datetime

from counterfoil.domain.erasures import PHASES, Erasure
from counterfoil.domain.rights import PrivacyRequest, checkpoint, fall_short, finish
from counterfoil.flows.rights import settle


def report(erasure: Erasure | None, asked: Iterable[str], now: datetime) -> None:
    """Tells the requests that an erasure answers, and those that `asked` for it just now; where there is none, nothing
    of the customer was there."""
    if erasure is None:
        for request_id in asked:
            settle(request_id, lambda request: finish(request, now, "nothing_held"), now)
        return
    for request_id in dict.fromkeys((*erasure.requests, *asked)):
        settle(request_id, lambda request: _answered(request, erasure, now), now)


def _answered(request: PrivacyRequest, erasure: Erasure, now: datetime) -> PrivacyRequest:
    for phase in PHASES[: PHASES.index(erasure.phase)]:
        unconfirmed = phase == "confirm" and erasure.counts.get("not confirmed")
        request = checkpoint(request, phase, "not_confirmed" if unconfirmed else "done", now)
    if erasure.held:
        request = checkpoint(request, "enter", "held", now)
    if erasure.is_done:
        return finish(request, now)
    return fall_short(request, now) if erasure.is_partial else request
