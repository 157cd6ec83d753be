"""Where the counterpart of a side is looked for, and when it is looked for again.

Undecided sides stand in their partition by their own raw time. A payment looks around the moment it was authorised; a
receipt around its own time by the till's clock as it is known, and where that clock is not known well, or may be an
hour wrong, also around the moment the receipt arrived. A crowded partition is looked at nearer by. The look after a day
goes over the whole day: tills that stamp at closing time, clocks that were set, hours that were wrong.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from counterfoil.domain.clocks import SETTLED, Clock
from counterfoil.domain.sides import Side

REACH: Final = {"sale": timedelta(hours=1), "refund": timedelta(days=7)}
NEARBY: Final = (timedelta(minutes=10), timedelta(minutes=2))
WHOLE_DAY: Final = timedelta(hours=26)
A_WHILE: Final = timedelta(minutes=10)
AN_HOUR: Final = timedelta(hours=1)
MOST: Final = 100
MOST_OF_A_DAY: Final = 1000
"""More sides than so many in a span are not read: then those nearby; if they are too many too, nothing is claimed."""

A_DAY_LATER: Final = 100
"""The step of the look after a day; the looks before count from 1."""

ONE_MORE: Final = 90
"""The step of a look since a competitor was settled: the side's own looks go on beside it."""
MOST_LOOKED_AT_AGAIN: Final = 10

type Span = tuple[datetime, datetime]


def spans(side: Side, clock: Clock | None, *, whole_day: bool = False) -> tuple[Span, ...]:
    """The closed ranges of raw times in which the counterpart of `side` may stand, and those that compete for it."""
    reach = REACH[side.kind]
    if side.kind == "sale" and (whole_day or (clock is not None and clock.stamps_at(side.seen_at))):
        reach = WHOLE_DAY
    centre = middle(side, clock)
    found = ((centre - reach, centre + reach),)
    if side.side == "receipt" and _may_stand_by_arrival(side, clock, centre):
        return (*found, (side.seen_at - reach, side.seen_at + reach))
    return found


def nearby(side: Side, clock: Clock | None) -> tuple[Span, ...]:
    """The ranges that are looked at, the wider first, where there are too many sides in those of `spans`."""
    centre = middle(side, clock)
    return tuple((centre - reach, centre + reach) for reach in NEARBY)


def middle(side: Side, clock: Clock | None) -> datetime:
    """When the sale was, as far as the side's own time tells."""
    if clock is None or clock.stamps_at(side.seen_at):
        return side.at
    return side.at - timedelta(seconds=clock.offset_at(side.at))


def needs_another_look(side: Side, clock: Clock | None) -> bool:
    """Whether a receipt stands where its payment, if that comes later, will not look: it must look itself."""
    return side.side == "receipt" and _may_stand_by_arrival(side, clock, middle(side, clock))


def next_look(step: int, waits: Sequence[float], subject: Side, oldest: datetime, now: datetime) -> float | None:
    """Seconds until look `step` (from 1) at an undecided side, or None where only the look after a day is left.

    The first is when the older side of a likely pair (`oldest`: when it came) has been with us for `waits[0]`, so that
    what can be decided is decided by then; the others when `subject` has been with us for `waits[step - 1]`.
    """
    if step > len(waits):
        return None
    since = oldest if step == 1 else subject.seen_at
    if step == 1 and (now - oldest).total_seconds() > waits[1]:
        return waits[1]  # a late upload: what belongs to it may be coming still
    return max(waits[0] / 2, waits[step - 1] - 1 - (now - since).total_seconds())


def freed(settled_at: datetime, left: Sequence[Side]) -> list[str]:
    """The payments that may be clear now that a side of that time is settled, where receipts are left too: the
    nearest in time, first."""
    payments = [side for side in left if side.side == "transaction"]
    if len(payments) == len(left):
        return []
    nearest = sorted(payments, key=lambda side: (abs(side.at - settled_at), side.key))
    return [side.key for side in nearest[:MOST_LOOKED_AT_AGAIN]]


def _may_stand_by_arrival(side: Side, clock: Clock | None, centre: datetime) -> bool:
    if clock is not None and clock.stamps_at(side.seen_at):
        return False
    late = abs(side.seen_at - centre)
    if side.kind != "sale" or not A_WHILE < late <= WHOLE_DAY:
        return False
    return clock is None or clock.count_at(side.at) < SETTLED or abs(late - AN_HOUR) <= A_WHILE
