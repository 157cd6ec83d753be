"""Legal holds at ops' word: each change with its entry in the audit trail, or neither."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from counterfoil.domain import retention
from counterfoil.domain.audit import OPS, Detail
from counterfoil.domain.holds import Hold, HoldOrder, Target, of_class
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.sealing import Sealer
from counterfoil.store import audit, holds, table
from counterfoil.store.table import Write

TRIES = 5


def place(order: HoldOrder, sealer: Sealer, now: datetime) -> str:
    """Whether it is `held` now, was `held before`, or there is `no such class`."""
    target, hold = _name(order, sealer), Hold(order.reference, order.ground, now)

    def write() -> Write | None:
        known = any(one.reference == hold.reference for one in holds.of(target))
        return None if known else holds.placed(target, hold)

    if order.due and order.due not in {record.due for record in retention.classes()}:
        return "no such class"
    detail: Detail = {"action": "placed", "ground": hold.ground, "reference": hold.reference}
    return "held" if _change(target, write, detail, now) else "held before"


def release(order: Target, sealer: Sealer, now: datetime) -> str:
    """Whether it is `released`, or there was `none`. What was held and is due goes with the next sweep."""
    target = _name(order, sealer)
    detail: Detail = {"action": "released", "reference": order.reference}
    return "released" if _change(target, lambda: holds.lifted(target, order.reference), detail, now) else "none"


def listed() -> list[dict[str, Any]]:
    """Every hold, the oldest first: the customer's opaque name or the class, the reference, ground and time."""
    found = [(hold.since, target, hold) for target, of_target in holds.listed() for hold in of_target]
    return [
        {"target": target, "reference": hold.reference, "ground": hold.ground, "since": since.isoformat()}
        for since, target, hold in sorted(found, key=lambda one: (one[0], one[1]))
    ]


def _name(order: Target, sealer: Sealer) -> str:
    return of_class(order.due) if order.due else sealer.subject(order.bank or "", order.customer or "")


def _change(target: str, write: Callable[[], Write | None], detail: Detail, now: datetime) -> bool:
    stream = OPS if target.startswith("class/") else target
    for _ in range(TRIES):
        change = write()
        if change is None:
            return False
        writes: Sequence[Write] = [change, *audit.entry(stream, "legal hold", detail, now)]
        try:
            table.transact(writes)
        except (ConditionFailed, TryAgain):
            continue
        return True
    raise TryAgain("others keep changing the holds")
