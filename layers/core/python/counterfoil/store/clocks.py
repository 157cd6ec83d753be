"""Tills' clocks, by the till's opaque tag."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from counterfoil.domain.clocks import SETTLED, Clock, Stamps, learn, stamping
from counterfoil.store import keys
from counterfoil.store.learned import Shelf

MOVED: Final = 0.25
"""By how much of its spread a known clock's offset or spread must move before it is written."""
WRITTEN_AT_LEAST_EVERY: Final = timedelta(hours=6)


def _is_news(clock: Clock, written: Clock | None) -> bool:
    """A new till's clock is written at 1, 2, 4 and 8 observations, then as it moves."""
    if (
        written is None
        or clock.stamped_at != written.stamped_at
        or (clock.count > written.count and clock.count in (2, 4, SETTLED))
    ):
        return True
    if clock.updated_at - written.updated_at >= WRITTEN_AT_LEAST_EVERY:
        return True
    limit, expected = MOVED * written.spread, written.offset_at(clock.updated_at)
    return abs(clock.offset - expected) > limit or abs(clock.spread - written.spread) > limit


_shelf = Shelf(keys.till_clock, Clock.from_dict, SETTLED, _is_news)
_stamps = Stamps()


def forget() -> None:
    """Empties the cache."""
    _shelf.forget()


def get(till: str) -> Clock | None:
    return _shelf.get(till)


def of_tills(tills: Iterable[str]) -> dict[str, Clock]:
    """The clocks of those tills that have one."""
    known = {till: _shelf.get(till) for till in sorted(set(tills))}
    return {till: clock for till, clock in known.items() if clock is not None}


def observe(till: str, till_time: datetime, true_time: datetime) -> None:
    """Learns from one confirmed match."""
    _shelf.learn(till, lambda clock: learn(clock, (till_time - true_time).total_seconds(), true_time))


def note_stamp(till: str, issued_at: datetime, receipt_key: str, now: datetime) -> None:
    """Learns from a receipt that came whether its till stamps them alike. Said once a day."""
    if _stamps.note(till, issued_at, receipt_key):
        _shelf.learn(till, lambda clock: stamping(clock, now))
