"""How much a partner may send: a leaky bucket that many processes count together and rarely.

A bucket leaks `per_second` requests a second and holds `burst`. Each process counts what it lets pass by tick, and adds
its counts to the shared ones every `lump` requests. Adding commutes, so it does not matter who adds first, or late: the
level is worked out from all counts, each at the time of its tick (GCRA over ticks instead of single requests).

Accuracy. Over any time `t` no more than `burst + per_second·t + 2·lump·processes` requests pass: a process has less
than a lump that the others do not know of, and the leak may be a tick ahead, in which a lump leaks (or a millisecond,
if more leaks in that). A partner within its limit is never refused; only a process that adds counts older than `KEPT`
ticks (15 s by default) to a bucket that was empty meanwhile may make it look fuller, by less than a lump. A lump is a
twentieth of the burst: 25 requests by default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from counterfoil.domain.fields import Wire

KEPT = 60
"""So many of the latest ticks are told apart. What is older is one number: when it has leaked."""
MOST_TICKS = 90
_REQUEST = 1000
"""What a request takes of a bucket that leaks `per_second` each millisecond. All sums are of whole numbers."""


class Limits(Wire):
    """`per_second`: requests that may go on for ever. `burst`: requests that may come at once."""

    per_second: Annotated[int, Field(ge=1, le=5_000)] = 100
    burst: Annotated[int, Field(ge=1, le=50_000)] = 500

    @property
    def lump(self) -> int:
        """How many requests a process counts before it adds them to the others'."""
        return max(1, self.burst // 20)

    @property
    def tick(self) -> int:
        """Milliseconds in which a lump leaks."""
        return max(1, _REQUEST * self.lump // self.per_second)


@dataclass(frozen=True, slots=True)
class Counts:
    """What all processes have added: requests by tick, and when all that is older has leaked (ms · per_second)."""

    leaked_at: int = 0
    ticks: Mapping[int, int] = field(default_factory=dict)

    def wait(self, limits: Limits, now: int) -> int:
        """Milliseconds from `now` (ms since 1970) until the bucket holds no more than its burst; 0: it does.

        What a clock that is ahead counted is not seen before its time: else it would refuse a partner until then.
        """
        ticks = {tick: requests for tick, requests in self.ticks.items() if tick <= now // limits.tick + 1}
        over = _fill(self.leaked_at, ticks, limits) - limits.burst * _REQUEST - now * limits.per_second
        return max(0, -(-over // limits.per_second))

    def fold(self, limits: Limits) -> tuple[int, list[int]]:
        """When all but the latest ticks have leaked, and those older ticks; none where there are not many."""
        if len(self.ticks) <= MOST_TICKS:
            return self.leaked_at, []
        old = [tick for tick in self.ticks if tick <= max(self.ticks) - KEPT]
        return _fill(self.leaked_at, {tick: self.ticks[tick] for tick in old}, limits), old


def _fill(leaked_at: int, ticks: Mapping[int, int], limits: Limits) -> int:
    for tick in sorted(ticks):
        leaked_at = max(leaked_at, tick * limits.tick * limits.per_second) + ticks[tick] * _REQUEST
    return leaked_at


def filled(leaked_at: int, requests: int, limits: Limits, now: int) -> int | None:
    """Where one process counts everything: when the bucket will have leaked after `requests` more at `now` (ms).

    None where it does not hold them. Both times in ms · per_second, as in `Counts`.
    """
    now *= limits.per_second
    leaked_at = max(leaked_at, now) + requests * _REQUEST
    return leaked_at if leaked_at - now <= limits.burst * _REQUEST else None


@dataclass(slots=True)
class Pace:
    """What one process knows of one partner: what it let pass since it last added, and until when (ms) it refuses.

    Until `blind_until` it does not count, since counts could not be kept.
    """

    limits: Limits
    passed: dict[int, int] = field(default_factory=dict)
    refuses_until: int = 0
    blind_until: int = 0

    def wait(self, now: int) -> int:
        """Milliseconds for which everything is refused."""
        return max(0, self.refuses_until - now)

    def count(self, now: int, requests: int = 1) -> bool:
        """Counts a request; whether it is time to add."""
        tick = now // self.limits.tick
        self.passed[tick] = self.passed.get(tick, 0) + requests
        return sum(self.passed.values()) >= self.limits.lump

    def hand_over(self) -> Mapping[int, int]:
        """What is to be added now."""
        passed, self.passed = self.passed, {}
        return {tick: requests for tick, requests in passed.items() if requests}

    def refuse(self, now: int, milliseconds: int, requests: int = 1) -> None:
        """What was counted last did not pass, and nothing does for so long."""
        self.count(now, -requests)
        self.refuses_until = now + milliseconds
