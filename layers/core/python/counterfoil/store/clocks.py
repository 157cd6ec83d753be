"""Tills' clocks: learned from matches, written when they moved, read through a cache.

What is learned between two writes lives in the function's memory. Losing it costs a little precision; writing each
observation would cost a write unit a match, and make a busy till's clock a hot key.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from counterfoil.domain.clocks import Clock, learn
from counterfoil.errors import ConditionFailed
from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, Item, Put

CACHE_SECONDS = 300
CACHE_SECONDS_WHILE_NEW = 20
NEW = 8
"""A till with fewer observations is new: its clock is written at 1, 2, 4 and 8, and read again soon."""
MOVED = 0.25
"""By how much of its spread a known clock's offset or spread must move before it is written."""
WRITTEN_AT_LEAST_EVERY = timedelta(hours=6)


@dataclass(slots=True)
class _Known:
    """`clock` as learned here, `written` as it stands in the ledger at `rev`; read again at `until`."""

    clock: Clock | None
    written: Clock | None
    rev: int
    until: float


_cache: dict[str, _Known] = {}


def forget() -> None:
    """Empties the cache."""
    _cache.clear()


def of_tills(tills: Iterable[str]) -> dict[str, Clock]:
    """The clocks of those tills that have one."""
    known = {till: _read(till).clock for till in sorted(set(tills))}
    return {till: clock for till, clock in known.items() if clock is not None}


def observe(till: str, till_time: datetime, true_time: datetime, now: datetime) -> None:
    """Learns from one confirmed match."""
    known = _read(till)
    known.clock = learn(known.clock, (till_time - true_time).total_seconds(), now)
    if _is_news(known.clock, known.written):
        _write(till, known, known.clock)


def _is_news(clock: Clock, written: Clock | None) -> bool:
    if written is None or (clock.count > written.count and clock.count in (2, 4, NEW)):
        return True
    if clock.updated_at - written.updated_at >= WRITTEN_AT_LEAST_EVERY:
        return True
    limit = MOVED * written.spread
    return abs(clock.offset - written.offset) > limit or abs(clock.spread - written.spread) > limit


def _read(till: str) -> _Known:
    known = _cache.get(till)
    if known is None or time.monotonic() >= known.until:
        item = table.get(LEDGER, dict(keys.till_clock(till)), consistent=False)
        clock = Clock.from_dict(item) if item else None
        fresh_for = CACHE_SECONDS if clock and clock.count >= NEW else CACHE_SECONDS_WHILE_NEW
        known = _Known(clock, clock, item["rev"] if item else 0, time.monotonic() + fresh_for)
        _cache[till] = known
    return known


def _write(till: str, known: _Known, clock: Clock) -> None:
    item: Item = dict(keys.till_clock(till)) | clock.as_dict() | {"rev": known.rev + 1}
    condition = table.still_at(known.rev) if known.rev else table.nothing_there()
    try:
        table.write(Put(LEDGER, item, condition))
    except ConditionFailed:
        # Another function learned meanwhile; what it wrote stands.
        del _cache[till]
        return
    known.rev += 1
    known.written = clock
