"""What partners, stores and tills sent lately, as all processes have counted it (`domain.rates`)."""

from collections.abc import Mapping
from datetime import timedelta

from counterfoil.domain.rates import Counts, Limits, Pace
from counterfoil.errors import ConditionFailed
from counterfoil.store import keys, table
from counterfoil.store.table import RENDEZVOUS, Change, Item

KEPT_FOR = timedelta(hours=3)
"""Longer than the slowest bucket takes to leak."""
MOST_PACES = 20_000
"""Tills are many: of those that were silent for longest a process forgets what it did not add yet, less than a lump."""

_paces: dict[tuple[str, Limits], Pace] = {}


def forget() -> None:
    """Empties this process's memory."""
    _paces.clear()


def pace(partner: str, limits: Limits) -> Pace:
    """What this process knows of a partner; a change of limits begins anew."""
    _paces[partner, limits] = known = _paces.pop((partner, limits), Pace(limits))
    if len(_paces) > MOST_PACES:
        del _paces[next(iter(_paces))]
    return known


def add(partner: str, limits: Limits, passed: Mapping[int, int], now: int) -> Counts:
    """Adds to what all processes counted; what that is then. `now` in ms."""
    numbers = {_attribute(tick): requests for tick, requests in passed.items()} | {"rev": 1}
    until = now // 1000 + int(KEPT_FOR.total_seconds())
    key: Item = dict(keys.rate(partner, limits.per_second, limits.burst))
    item = table.add(RENDEZVOUS, key, numbers, {"ttl": until})
    counts = Counts(
        item.get("leaked", 0), {int(name[1:]): item[name] for name in item if name[0] == "t" and name[1:].isdigit()}
    )
    _fold(key, item["rev"], counts, limits)
    return counts


def _fold(key: Item, rev: int, counts: Counts, limits: Limits) -> None:
    """Keeps the record small: many old ticks become one number, unless somebody added since they were read."""
    leaked_at, old = counts.fold(limits)
    if not old:
        return
    remove = tuple(_attribute(tick) for tick in old)
    try:
        table.write(Change(RENDEZVOUS, key, {"leaked": leaked_at}, table.still_at(rev), remove))
    except ConditionFailed:
        return  # whoever adds next does it


def _attribute(tick: int) -> str:
    return f"t{tick}"
