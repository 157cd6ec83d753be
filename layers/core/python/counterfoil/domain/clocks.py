"""What is known of a till's clock: learned from confirmed matches, robust against a few wrong ones.

One observation is `till time - true time` in seconds: the receipt's `issued_at` less the payment's `authorised_at`.
A clock is off by `offset` and gains `drift` seconds a day; one observation strays from that by `spread` (a standard
deviation: the time between paying and printing, rounding, the bank's own clock). Offset and drift are the state of a
Kalman filter, with variances `oo`, `vv` and covariance `ov`. With d days since the last observation (less than 0 for
one that is told late), R = spread² and H = (1, d):

    before:  offset += d · drift, oo += 2d · ov + d² · vv + WANDER · d, ov += d · vv, vv += WANDER_OF_DRIFT · d (d > 0)
    S        = oo + 2d · ov + d² · vv + R                 how far off an observation may be expected to be, squared
    surprise = observed - what was expected of the clock then
    gain     = ((oo + d · ov) / S, (ov + d · vv) / S)     the state moves by gain · surprise, the variances shrink
    spread  += g · (1.25 · |surprise| - spread),  g = 1 / (count + 2), at least 0.04    (a normal's mean |error| is 0.8)

- **Bounded influence.** An observation further out than CLIP · √S does not move the state at all. It widens the spread
  as if it were just there, and is remembered as a `rival`.
- **Jumps.** When VOTES observations in a row (or as many as a young clock has itself, and one) agree on the rival, the
  clock has been set: that is the new offset. Wrong matches are scattered, so they hardly ever agree; each observation
  that fits the clock takes a vote from the rival. An hour's jump, at a change to summer time that a till missed, is
  followed after three sales.
- **Stamps.** A till whose receipts bear the same second, several of them, stamps them when the shop closes: its time
  says the day and no more (`Stamps`, `stamps_at`), and nothing is learned from it.
- **Decay.** Variances grow with the days, so that the past fades; `count` halves every 14 days and is capped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import exp2, isfinite, sqrt
from typing import Any, Final, Self

FLOOR: Final = 1.0
FIRST_SPREAD: Final = 6.0
UNKNOWN_SPREAD: Final = 90.0
FIRST_OO: Final = 15.0**2
FIRST_VV: Final = 4.0**2
WANDER: Final = 1.0
WANDER_OF_DRIFT: Final = 0.25
LEAST_GAIN: Final = 0.04
CLIP: Final = 4.0
VOTES: Final = 3
ALIKE: Final = 10.0
"""Rival observations that are this near (s), or within three spreads, agree."""
LONGEST_MEMORY: Final = 40
SETTLED: Final = 8
"""From so many observations on a clock is known well."""
HALF_LIFE_DAYS: Final = 14.0
DAY: Final = 86_400.0
A_DAY: Final = timedelta(days=1)
STAMPED: Final = 6
"""So many receipts of a till that bear the same second were not printed in it."""
MOST_TILLS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Clock:
    """A till's clock at `updated_at`: `offset` and `spread` in seconds, `drift` in seconds a day.

    `count` of the observations still remembered. `rival`: where `votes` of the latest observations say it is instead.
    """

    offset: float
    spread: float
    count: int
    updated_at: datetime
    drift: float = 0.0
    oo: float = 0.0
    ov: float = 0.0
    vv: float = 0.0
    rival: float = 0.0
    votes: int = 0
    stamped_at: datetime | None = None
    updated: float = field(init=False, repr=False, compare=False)
    """`updated_at` in seconds since 1970: each look asks every clock nearby for its offset."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "updated", self.updated_at.timestamp())

    def stamps_at(self, when: datetime) -> bool:
        """Whether the till stamps receipts at closing time, as far as was seen in the two weeks before `when`."""
        return self.stamped_at is not None and abs(when - self.stamped_at) < timedelta(days=HALF_LIFE_DAYS)

    def offset_at(self, when: datetime) -> float:
        """How many seconds the clock is ahead at `when`."""
        return self.offset_then(when.timestamp())

    def offset_then(self, when: float) -> float:
        """Likewise, at so many seconds since 1970."""
        return self.offset + self.drift * (when - self.updated) / DAY

    def spread_at(self, when: datetime) -> float:
        """The standard deviation (s) to expect of an observation at `when`: wider the longer nothing was learned."""
        days = self._days_until(when)
        wander = WANDER * days + WANDER_OF_DRIFT * days**3 / 3 if days > 0 else 0.0
        return sqrt(self.spread**2 + self.oo + 2 * days * self.ov + days**2 * self.vv + wander)

    def count_at(self, when: datetime) -> int:
        """How many observations still count at `when`."""
        return round(self.count * exp2(-max(0.0, self._days_until(when)) / HALF_LIFE_DAYS))

    def as_dict(self) -> dict[str, int | str]:
        """Integers and strings only: milliseconds, their squares, counts, an RFC 3339 time."""
        stored: dict[str, int | str] = {
            "offset_ms": round(self.offset * 1000),
            "spread_ms": round(self.spread * 1000),
            "drift_ms": round(self.drift * 1000),
            "oo": round(self.oo * 1e6),
            "ov": round(self.ov * 1e6),
            "vv": round(self.vv * 1e6),
            "rival_ms": round(self.rival * 1000),
            "votes": self.votes,
            "count": self.count,
            "updated_at": self.updated_at.isoformat(),
        }
        if self.stamped_at:
            stored["stamped_at"] = self.stamped_at.isoformat()
        return stored

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Reads what `as_dict` wrote, also with `Decimal` for int. KeyError, TypeError or ValueError otherwise."""
        return cls(
            offset=int(stored["offset_ms"]) / 1000,
            spread=int(stored["spread_ms"]) / 1000,
            drift=int(stored["drift_ms"]) / 1000,
            oo=int(stored["oo"]) / 1e6,
            ov=int(stored["ov"]) / 1e6,
            vv=int(stored["vv"]) / 1e6,
            rival=int(stored["rival_ms"]) / 1000,
            votes=int(stored["votes"]),
            count=int(stored["count"]),
            updated_at=datetime.fromisoformat(stored["updated_at"]),
            stamped_at=datetime.fromisoformat(stored["stamped_at"]) if stored.get("stamped_at") else None,
        )

    def _days_until(self, when: datetime) -> float:
        return (when - self.updated_at) / A_DAY


UNKNOWN: Final = Clock(offset=0.0, spread=UNKNOWN_SPREAD, count=0, updated_at=datetime(1970, 1, 1, tzinfo=UTC))


def learn(clock: Clock | None, observed: float, at: datetime) -> Clock:
    """The clock after one more observation of `till time - true time`, in seconds, of a sale at `at`.

    Observations may come out of order. Raises ValueError unless finite.
    """
    if not isfinite(observed):
        raise ValueError("observed must be a finite number of seconds")
    if clock is not None and clock.stamps_at(at):
        return clock
    if clock is None or clock.count == 0:
        return Clock(round(observed, 3), FIRST_SPREAD, 1, at, oo=FIRST_OO, vv=FIRST_VV)
    clock = _moved_on(clock, at)
    surprise = observed - clock.offset_at(at)
    expected = clock.spread_at(at)
    if abs(surprise) > CLIP * expected:
        return _disagreed(clock, observed, at, CLIP * expected)
    return _followed(clock, surprise, at, expected**2)


def stamping(clock: Clock | None, at: datetime) -> Clock:
    """The clock of a till that was seen at `at` to stamp its receipts all alike; one that is known well does not."""
    if clock is not None and clock.count_at(at) >= SETTLED:
        return clock
    return replace(clock or replace(UNKNOWN, updated_at=at), stamped_at=at)


class Stamps:
    """The latest time of each till, and which receipts bear it to the second."""

    def __init__(self) -> None:
        self._latest: dict[str, tuple[datetime, set[str]]] = {}

    def note(self, till: str, issued_at: datetime, receipt_key: str) -> bool:
        """Whether with this receipt it is plain that the till stamps them alike."""
        second, receipts = self._latest.pop(till, (issued_at, set[str]()))
        if second != issued_at:
            receipts = set()
        receipts.add(receipt_key)
        self._latest[till] = (issued_at, receipts)
        if len(self._latest) > MOST_TILLS:
            del self._latest[next(iter(self._latest))]
        return len(receipts) == STAMPED


def _moved_on(clock: Clock, at: datetime) -> Clock:
    """The state at `at`, if that is later: as sure as before of the drift, and less so of the rest."""
    days = (at - clock.updated_at).total_seconds() / DAY
    if days <= 0:
        return clock
    return Clock(
        offset=clock.offset + days * clock.drift,
        spread=clock.spread,
        count=max(1, clock.count_at(at)),
        updated_at=at,
        drift=clock.drift,
        oo=clock.oo + 2 * days * clock.ov + days**2 * clock.vv + WANDER * days + WANDER_OF_DRIFT * days**3 / 3,
        ov=clock.ov + days * clock.vv,
        vv=clock.vv + WANDER_OF_DRIFT * days,
        rival=clock.rival,
        votes=clock.votes,
        stamped_at=clock.stamped_at,
    )


def _followed(clock: Clock, surprise: float, at: datetime, expected: float) -> Clock:
    days = min(0.0, (at - clock.updated_at).total_seconds() / DAY)
    gain_o, gain_v = (clock.oo + days * clock.ov) / expected, (clock.ov + days * clock.vv) / expected
    return Clock(
        offset=round(clock.offset + gain_o * surprise, 3),
        spread=_wider_or_narrower(clock, surprise),
        count=min(LONGEST_MEMORY, clock.count + 1),
        updated_at=clock.updated_at,
        drift=round(clock.drift + gain_v * surprise, 3),
        oo=round(clock.oo - gain_o**2 * expected, 6),
        ov=round(clock.ov - gain_o * gain_v * expected, 6),
        vv=round(clock.vv - gain_v**2 * expected, 6),
        rival=clock.rival,
        votes=max(0, clock.votes - 1),
        stamped_at=clock.stamped_at,
    )


def _disagreed(clock: Clock, observed: float, at: datetime, limit: float) -> Clock:
    agrees = clock.votes > 0 and abs(observed - clock.rival) <= max(ALIKE, 3 * clock.spread)
    votes = clock.votes + 1 if agrees else 1
    if votes >= min(VOTES, clock.count + 1):
        # The clock was set. How it drifts and how far sales stray is as it was.
        return replace(
            clock,
            offset=round(observed, 3),
            oo=FIRST_OO,
            ov=0.0,
            vv=round(clock.vv, 6),
            count=votes,
            votes=0,
            rival=0.0,
            updated_at=max(at, clock.updated_at),
        )
    return replace(
        clock,
        offset=round(clock.offset, 3),
        drift=round(clock.drift, 3),
        oo=round(clock.oo, 6),
        ov=round(clock.ov, 6),
        vv=round(clock.vv, 6),
        spread=_wider_or_narrower(clock, limit),
        rival=round(observed, 3),
        votes=votes,
    )


def _wider_or_narrower(clock: Clock, surprise: float) -> float:
    gain = max(LEAST_GAIN, 1 / (clock.count + 2))
    return round(max(FLOOR, clock.spread + gain * (1.25 * abs(surprise) - clock.spread)), 3)
