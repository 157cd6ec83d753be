"""How each bank is, in the ledger. Deliveries note a failure every few seconds at most, and nothing of a bank that is
well; `probe_banks` decides by it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from threading import Lock
from typing import Any

from counterfoil.domain.bank_health import Health, Streak, failed, recovered
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.errors import ConditionFailed
from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, Item, Put

TRIES = 3

_TIMES = ("failing_since", "failed_at", "paused_since", "next_probe_at")

_streaks: dict[str, Streak] = {}
_lock = Lock()  # deliveries of one batch run side by side


def forget() -> None:
    """Empties this process's memory."""
    _streaks.clear()


def get(bank: str) -> Health:
    item = table.get(LEDGER, dict(keys.bank_health(bank)))
    return _from_item(item) if item else Health()


def save(bank: str, health: Health) -> None:
    """Writes the next state. Raises ConditionFailed where somebody changed it since it was read."""
    unchanged = table.still_at(health.rev - 1) if health.rev > 1 else table.nothing_there()
    table.write(Put(LEDGER, _to_item(bank, health), unchanged))


def note(bank: str, status: int | None, now: datetime, *, took: bool) -> None:
    """A delivery was answered so (None: not at all), and taken or not."""
    with _lock:
        streak = _streaks.setdefault(bank, Streak())
        well_at = streak.well_at
        is_well, failures = (streak.took(now), 0) if took else (False, streak.failed(now))
    if failures:
        _change(bank, lambda health: failed(health, failures, status, well_at, now))
    elif is_well:
        _change(bank, lambda health: recovered(health, status))


def _change(bank: str, change: Callable[[Health], Health]) -> None:
    """Unless the bank is paused: then probes alone tell how it is."""
    health = get(bank)
    for _ in range(TRIES):
        if health.paused_since is not None:
            return
        try:
            save(bank, change(health))
            return
        except ConditionFailed as other:
            item = other.items[0]
            health = _from_item(item) if item else Health()


def _to_item(bank: str, health: Health) -> Item:
    told = asdict(health)
    times = {name: to_millis(told[name]) for name in _TIMES if told[name] is not None}
    return {name: value for name, value in told.items() if value is not None} | times | keys.bank_health(bank)


def _from_item(item: Mapping[str, Any]) -> Health:
    known: dict[str, Any] = {one.name: item[one.name] for one in fields(Health) if one.name in item}
    return Health(**known | {name: from_millis(known[name]) for name in _TIMES if name in known})
