"""What is known of a till's clock: learned from confirmed matches, robust against a few wrong ones.

One observation is `till time - true time` in seconds: the receipt's `issued_at` less the payment's
`authorised_at`. `offset` is the level of those observations, `spread` the standard deviation to expect of the
next one. Both follow by steps:

    surprise = observed - offset, clipped to 3 spreads either way
    gain     = 1 / (count + 1), at least 0.08
    offset  += gain · surprise
    spread  += gain · (1.25 · |surprise| - spread), at least 2 s     (a normal's mean |error| is 0.8 deviations)

- **Bounded influence.** One absurd observation moves a settled clock by at most 0.08 · 3 spreads, under a second,
  and widens its spread by a quarter.
- **Jumps.** An observation beyond 3 spreads also halves `count`. One costs little; when they keep coming the spread
  widens, and the one that finds `count` at 1 starts the clock anew (an hour's jump: the sixth). Until it has
  settled again the spread is wide, so little is matched by time alone.
- **Decay.** `count` halves every 14 days without news and is capped, so that the past fades; the spread grows by
  2 s for each day since the last observation (`spread_at`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import exp2, hypot, isfinite
from typing import Any, Final, Self

FLOOR: Final = 2.0
FIRST_SPREAD: Final = 20.0
UNKNOWN_SPREAD: Final = 90.0
LEAST_GAIN: Final = 0.08
CLIP: Final = 3.0
LONGEST_MEMORY: Final = 40
HALF_LIFE_DAYS: Final = 14.0
DRIFT_PER_DAY: Final = 2.0
DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Clock:
    """A till's clock: `offset` and `spread` in seconds, `count` of the observations still remembered."""

    offset: float
    spread: float
    count: int
    updated_at: datetime

    def spread_at(self, when: datetime) -> float:
        """The standard deviation to expect at `when`, in seconds: wider the longer nothing was learned."""
        return hypot(self.spread, DRIFT_PER_DAY * self._days_until(when)) if self.count else self.spread

    def count_at(self, when: datetime) -> int:
        """How many observations still count at `when`."""
        return round(self.count * exp2(-self._days_until(when) / HALF_LIFE_DAYS))

    def as_dict(self) -> dict[str, int | str]:
        """Integers and strings only: milliseconds, a count, an RFC 3339 time."""
        return {
            "offset_ms": round(self.offset * 1000),
            "spread_ms": round(self.spread * 1000),
            "count": self.count,
            "updated_at": self.updated_at.isoformat(),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Reads what `as_dict` wrote, also with `Decimal` for int. KeyError, TypeError or ValueError otherwise."""
        return cls(
            offset=int(stored["offset_ms"]) / 1000,
            spread=int(stored["spread_ms"]) / 1000,
            count=int(stored["count"]),
            updated_at=datetime.fromisoformat(stored["updated_at"]),
        )

    def _days_until(self, when: datetime) -> float:
        return max(0.0, (when - self.updated_at).total_seconds() / DAY)


UNKNOWN: Final = Clock(offset=0.0, spread=UNKNOWN_SPREAD, count=0, updated_at=datetime(1970, 1, 1, tzinfo=UTC))


def learn(clock: Clock | None, observed: float, at: datetime) -> Clock:
    """The clock after one more observation of `till time - true time`, in seconds, made at `at`.

    Observations may come out of order; an old one counts like a new one. Raises ValueError unless finite.
    """
    if not isfinite(observed):
        raise ValueError("observed must be a finite number of seconds")
    first = Clock(offset=round(observed, 3), spread=FIRST_SPREAD, count=1, updated_at=at)
    if clock is None or clock.count == 0:
        return first
    spread, count = clock.spread_at(at), max(1, clock.count_at(at))
    gain = max(LEAST_GAIN, 1 / (count + 1))
    limit = CLIP * spread
    surprise = observed - clock.offset
    clipped = max(-limit, min(limit, surprise))
    if clipped != surprise and count == 1:
        return replace(first, updated_at=max(at, clock.updated_at))
    return Clock(
        offset=round(clock.offset + gain * clipped, 3),
        spread=round(max(FLOOR, spread + gain * (1.25 * abs(clipped) - spread)), 3),
        count=count // 2 if clipped != surprise else min(LONGEST_MEMORY, count + 1),
        updated_at=max(at, clock.updated_at),
    )
