"""The clocks of the open requests, looked at each hour: what is near its deadline or beyond it is told to ops, what
waited in vain is closed, an archive whose time is over is marked.

A request stands in the index under the day of its next look, so a run costs what is due. Who dies leaves it there for
the next run; each is told once a day, however often it runs.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from counterfoil.domain.legal_clocks import day_of
from counterfoil.domain.rights_clock import look_at
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.flows.consent import Announce
from counterfoil.flows.rights import to_pursue
from counterfoil.store import rights as store

LOOKED_BACK = 40
"""Days: for so long the clocks may have stood still themselves without one being missed."""


def look(now: datetime, announce: Announce) -> Counter[str]:
    """Looks at every clock that asks for something by today; what happened, and how often."""
    counts: Counter[str] = Counter()
    today = day_of(now)
    for day in (today - timedelta(days=back) for back in range(LOOKED_BACK, -1, -1)):
        for found in store.looked_at_on(day):
            for request_id in found:
                counts.update(_look_at(request_id, day, now, announce))
    return counts


def _look_at(request_id: str, day: date, now: datetime, announce: Announce) -> Sequence[str]:
    request = store.get(request_id)
    if request is None:
        return ()
    moved, counts = look_at(request, now)
    if counts:
        # Also where nothing moved: if its work stopped, it goes on.
        announce(to_pursue(request.id))
    if moved is request:
        return counts if store.file_again(request, day, now) else ()
    try:
        store.move(moved, request, now)
    except (ConditionFailed, TryAgain):
        return ()
    return counts
