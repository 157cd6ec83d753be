"""Many processes count one partner's requests together: what passes, and what must never be refused."""

import random
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.domain.rates import KEPT, Counts, Limits, Pace

START = 1_795_252_500_000
"""Milliseconds since 1970."""
DEFAULT = Limits()
Request = tuple[int, int]
"""When (ms), and at which process."""


@dataclass
class Fleet:
    """Processes and what they share, as `flows.pacing` and `store.rates` bring them together."""

    limits: Limits
    shared: dict[int, int] = field(default_factory=dict)
    leaked_at: int = 0
    paces: dict[int, Pace] = field(default_factory=dict)
    additions: int = 0

    def passes(self, now: int, process: int) -> bool:
        pace = self.paces.setdefault(process, Pace(self.limits))
        if pace.wait(now):
            return False
        if not pace.count(now):
            return True
        for tick, requests in pace.hand_over().items():
            self.shared[tick] = self.shared.get(tick, 0) + requests
        self.additions += 1
        counts = Counts(self.leaked_at, dict(self.shared))
        self.leaked_at, old = counts.fold(self.limits)
        for tick in old:
            del self.shared[tick]
        wait = counts.wait(self.limits, now)
        if wait:
            pace.refuse(now, wait)
        return not wait


def conforming(requests: Iterable[Request], limits: Limits, burst: int) -> Iterator[Request]:
    """Those that an exact bucket of this burst lets pass."""
    leaked_at = 0
    for now, process in requests:
        filled = max(leaked_at, now * limits.per_second) + 1000
        if filled <= now * limits.per_second + burst * 1000:
            leaked_at = filled
            yield now, process


def most_over(times: list[int], limits: Limits) -> float:
    """By how much the requests at these times exceed `burst + per_second · t`, over any span of time."""
    level, worst, before = 0.0, 0.0, 0
    for now in times:
        level = max(0.0, level - (now - before) * limits.per_second / 1000) + 1
        worst, before = max(worst, level), now
    return worst - limits.burst


limits_of = st.builds(Limits, per_second=st.integers(1, 300), burst=st.integers(1, 400))


@st.composite
def schedules(draw: st.DrawFn) -> list[Request]:
    """Bursts and pauses of several processes, in order of time."""
    processes = draw(st.integers(1, 6))
    seed, scale = draw(st.integers(0, 2**32)), draw(st.sampled_from([0, 1, 5, 20, 300, 2_000]))
    chance = random.Random(seed)
    gaps = [chance.choice([0, 0, 1, scale, chance.randint(0, scale)]) for _ in range(draw(st.integers(1, 900)))]
    return [(START + at, chance.randrange(processes)) for at in accumulate(gaps)]


@settings(max_examples=200, deadline=None)
@given(limits_of, schedules())
def test_no_more_passes_than_the_limit_and_two_lumps_a_process(limits: Limits, schedule: list[Request]) -> None:
    fleet = Fleet(limits)
    passed = [now for now, process in schedule if fleet.passes(now, process)]
    processes = len({process for _, process in schedule})
    assert most_over(passed, limits) <= 2 * limits.lump * processes


@settings(max_examples=200, deadline=None)
@given(limits_of, schedules())
def test_a_partner_within_its_limit_is_never_refused(limits: Limits, schedule: list[Request]) -> None:
    lately = [(now, process) for now, process in schedule if now - START < KEPT * limits.tick]
    fleet = Fleet(limits)
    for now, process in conforming(lately, limits, limits.burst):
        assert fleet.passes(now, process)


@settings(max_examples=200, deadline=None)
@given(limits_of, schedules())
def test_late_counts_of_a_process_cost_less_than_a_lump(limits: Limits, schedule: list[Request]) -> None:
    others = len({process for _, process in schedule}) - 1
    fleet = Fleet(limits)
    for now, process in conforming(schedule, limits, limits.burst - (limits.lump - 1) * others):
        assert fleet.passes(now, process)


@pytest.mark.parametrize("processes", [1, 2, 10, 50])
def test_the_sustained_rate_passes_for_ever_at_any_number_of_processes(processes: int) -> None:
    """Evenly spread, so that all of them add their lumps at about the same time."""
    fleet = Fleet(DEFAULT)
    times = [START + 1000 * number // DEFAULT.per_second for number in range(120 * DEFAULT.per_second)]
    refused = [now for number, now in enumerate(times) if not fleet.passes(now, number % processes)]
    assert refused == []
    assert fleet.additions <= len(times) / DEFAULT.lump


@pytest.mark.parametrize("processes", [1, 10, 50])
def test_a_flood_is_held_to_the_rate(processes: int) -> None:
    """Ten times the limit for a minute, at whichever process."""
    fleet, chance, seconds = Fleet(DEFAULT), random.Random(processes), 60
    times = [START + number for number in range(seconds * 1000)]
    passed = [now for now in times if fleet.passes(now, chance.randrange(processes))]
    allowed = DEFAULT.burst + DEFAULT.per_second * seconds
    assert allowed <= len(passed) + DEFAULT.lump
    assert most_over(passed, DEFAULT) <= 2 * DEFAULT.lump * processes


def test_who_waits_as_long_as_it_was_told_is_taken_again() -> None:
    limits = Limits(per_second=2, burst=3)
    fleet, answers = Fleet(limits), deque[bool]()
    for _ in range(4):
        answers.append(fleet.passes(START, 1))
    assert list(answers) == [True, True, True, False]
    told = fleet.paces[1].wait(START)
    assert 0 < told <= 1000
    assert not fleet.passes(START + told - 1, 1)
    assert fleet.passes(START + told, 1)


def test_a_request_that_was_refused_counts_for_nothing() -> None:
    """Whoever keeps knocking is let in as soon as one who waits."""
    limits = Limits(per_second=1, burst=5)
    fleet = Fleet(limits)
    passed = [now for now in range(START, START + 60_000, 10) if fleet.passes(now, 1)]
    assert 5 + 59 <= len(passed) <= 5 + 60 + 2 * limits.lump


def test_the_record_stays_small() -> None:
    fleet = Fleet(Limits(per_second=10, burst=1000))
    chance = random.Random(3)
    for number in range(20_000):
        fleet.passes(START + number * 100, chance.randrange(4))
        assert len(fleet.shared) <= 150


def test_a_clock_that_is_ahead_refuses_nobody_until_then() -> None:
    limits, now = Limits(), 1_700_000_000_000
    an_hour_ahead = (now + 3_600_000) // limits.tick
    assert Counts(ticks={an_hour_ahead: 25}).wait(limits, now) == 0
    assert Counts(ticks={now // limits.tick + 1: limits.burst + 25}).wait(limits, now) > 0
