"""Tills' clocks: learned from matches, kept a write now and then, read through a cache.

What is learned between two writes lives in the function's memory. Losing it costs a little precision; writing each
observation would cost a write unit a match, and make a busy till's clock a hot key.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from counterfoil.domain.clocks import Clock, learn
from counterfoil.errors import ConditionFailed
from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, Item, Put

CACHE_SECONDS = 300
CACHE_SECONDS_WHILE_NEW = 20
WRITE_EVERY = 16
"""Observations between writes, once a till is known; a new till's are written at 1, 2, 4 and 8."""


@dataclass(slots=True)
class _Known:
    clock: Clock | None
    rev: int
    until: float
    unwritten: int = 0


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
    known.unwritten += 1
    if known.unwritten >= WRITE_EVERY or known.clock.count in (1, 2, 4, 8):
        _write(till, known, known.clock)


def _read(till: str) -> _Known:
    known = _cache.get(till)
    if known is None or (time.monotonic() >= known.until and not known.unwritten):
        item = table.get(LEDGER, dict(keys.till_clock(till)), consistent=False)
        clock = Clock.from_dict(item) if item else None
        fresh_for = CACHE_SECONDS if clock and clock.count >= WRITE_EVERY // 2 else CACHE_SECONDS_WHILE_NEW
        known = _Known(clock, item["rev"] if item else 0, time.monotonic() + fresh_for)
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
    known.unwritten = 0
