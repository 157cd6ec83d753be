"""What has been learned of tills' clocks and of shops' habits, in words, and what is odd about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from counterfoil.domain.clocks import SETTLED, Clock
from counterfoil.domain.habits import Habits
from counterfoil.domain.times import rfc3339

HOUR: Final = 3600.0
NEAR_AN_HOUR: Final = 300.0
WRONG: Final = 120.0
SEEN_DRIFT: Final = 0.5
DRIFTING: Final = 5.0
UNSTEADY: Final = 30.0
QUIET: Final = timedelta(days=3)
FEW: Final = 30
"""A shop with fewer payments learned from is judged mostly by what is usual on a first day."""
OFTEN_MISSING: Final = 0.15
LATE: Final = 600.0
OFTEN_LATE: Final = 0.25
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class Report:
    """What has been learned, in a line; each thing that is odd about it, in a few words; the figures behind both."""

    says: str
    odd: tuple[str, ...] = ()
    figures: Mapping[str, float | str] = field(default_factory=dict)


NOTHING_LEARNED: Final = Report("nothing learned yet")


def of_clock(clock: Clock | None, now: datetime) -> Report:
    """Such as `2 min 5 s fast, ±3 s, 31 sales, 5 min ago`. Figures in seconds, drift in seconds a day."""
    if clock is None or not clock.count:
        return NOTHING_LEARNED
    ago = span_in_words(max(0.0, (now - clock.updated_at).total_seconds()), most=1)
    drift = [_drift_in_words(clock.drift)] if abs(clock.drift) >= SEEN_DRIFT else []
    sales = count_in_words(clock.count, "sale")
    says = [offset_in_words(clock.offset_at(now)), *drift, f"±{clock.spread_at(now):.0f} s", sales, f"{ago} ago"]
    figures: dict[str, float | str] = {
        "offset": round(clock.offset_at(now), 3),
        "drift": clock.drift,
        "spread": round(clock.spread_at(now), 3),
        "sales": clock.count,
        "last_learned": rfc3339(clock.updated_at),
    }
    return Report(", ".join(says), tuple(_oddities_of_clock(clock, now)), figures)


def of_habits(habits: Habits) -> Report:
    """How many of a shop's receipts never come, and how late the others come."""
    if not habits.count:
        return NOTHING_LEARNED
    late = habits.later_than(LATE)
    says = (
        f"{habits.missing:.0%} of receipts never come, {late:.0%} of the others after {LATE / 60:.0f} min; "
        f"{count_in_words(habits.count, 'payment')}"
    )
    odd = []
    if habits.count < FEW:
        odd.append("new")
    if habits.missing >= OFTEN_MISSING:
        odd.append("many receipts never come")
    if late >= OFTEN_LATE:
        odd.append("many receipts come late")
    figures = {
        "missing": round(habits.missing, 4),
        "later_than_10_min": round(late, 4),
        "payments": habits.count,
    }
    return Report(says, tuple(odd), figures)


def count_in_words(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def offset_in_words(seconds: float) -> str:
    """How far a clock is off, such as `1 h slow`."""
    if abs(seconds) < 1:
        return "right"
    return f"{span_in_words(abs(seconds))} {'fast' if seconds > 0 else 'slow'}"


def span_in_words(seconds: float, most: int = 2) -> str:
    """A length of time by its `most` largest units, such as `2 min 5 s`."""
    left, parts = round(seconds), list[str]()
    for size, unit in _UNITS:
        count, rest = divmod(left, size)
        if count and len(parts) < most:
            parts.append(f"{count} {unit}")
            left = rest
        elif parts:
            break
    return " ".join(parts) or "0 s"


def _drift_in_words(drift: float) -> str:
    return f"{'gaining' if drift > 0 else 'losing'} {abs(drift):.1f} s a day"


def _oddities_of_clock(clock: Clock, now: datetime) -> list[str]:
    is_new = clock.count_at(now) < SETTLED
    found = [f"new: well known from {SETTLED} sales on"] if is_new else []
    found += _wrong(clock.offset_at(now))
    if abs(clock.drift) >= DRIFTING and not is_new:
        found.append("drifting")
    if clock.spread >= UNSTEADY:
        found.append("unsteady: its sales and their payments are far apart")
    if clock.votes:
        found.append(f"perhaps set just now: the latest say {offset_in_words(clock.rival)}")
    if now - clock.updated_at > QUIET:
        found.append(f"not heard of for {(now - clock.updated_at).days} days")
    return found


def _wrong(offset: float) -> list[str]:
    hours = round(abs(offset) / HOUR)
    if hours and abs(abs(offset) - hours * HOUR) <= NEAR_AN_HOUR:
        return [
            "an hour wrong: a change of summer time missed?" if hours == 1 else f"{hours} hours wrong: another zone?"
        ]
    return ["minutes wrong"] if abs(offset) >= WRONG else []
