"""A till's clock is learned quickly, moved little by one absurd observation, and follows a jump that lasts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from counterfoil.domain.clocks import FLOOR, STAMPED, UNKNOWN, UNKNOWN_SPREAD, VOTES, Clock, Stamps, learn

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def learned(observations: list[float], clock: Clock | None = None, every: timedelta = timedelta(minutes=5)) -> Clock:
    for number, observed in enumerate(observations):
        clock = learn(clock, observed, START + number * every)
    assert clock is not None
    return clock


def around(level: float, count: int, seed: int = 1) -> list[float]:
    random = Random(seed)
    return [level + random.gauss(0, 1) for _ in range(count)]


def test_the_first_observation_places_the_clock_without_making_it_sure():
    clock = learn(None, 130.0, START)
    assert clock == learn(UNKNOWN, 130.0, START)
    assert clock.offset == 130.0
    assert FLOOR < clock.spread < UNKNOWN_SPREAD


@pytest.mark.parametrize("level", [-180.0, 0.0, 3.0, 180.0])
def test_offset_and_spread_settle(level):
    clock = learned(around(level, 40))
    assert abs(clock.offset - level) < 1.0
    assert clock.spread < 3.0


def test_the_spread_shrinks_to_a_floor_and_no_further():
    spreads = [learned([12.0] * count).spread for count in (1, 3, 10, 40, 200)]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[-1] == FLOOR


@pytest.mark.parametrize("absurd", [-3600.0, -600.0, 600.0, 1e9])
def test_one_absurd_observation_has_bounded_influence(absurd):
    settled = learned(around(20, 40))
    shaken = learn(settled, absurd, START + timedelta(hours=4))
    assert abs(shaken.offset - settled.offset) < 1.0
    assert shaken.spread < 1.5 * settled.spread
    healed = learned(around(20, 30, seed=2), shaken)
    assert abs(healed.offset - 20) < 1.0
    assert healed.spread < 3.0


def test_a_few_wrong_ones_among_many_do_not_move_it():
    random = Random(3)
    clock = learned([random.uniform(-300, 300) if n % 12 == 5 else 20 + random.gauss(0, 1) for n in range(200)])
    assert abs(clock.offset - 20) < 2.0
    assert clock.spread < 6.0


@pytest.mark.parametrize("by", [3600.0, -3600.0, 25.0, 400.0])
def test_a_jump_is_followed_when_votes_agree_and_not_before(by):
    settled = learned(around(20, 40))
    assert abs(learned(around(20 + by, VOTES - 1), settled).offset - 20) < 1.0
    followed = learned(around(20 + by, VOTES), settled)
    assert abs(followed.offset - 20 - by) < 3.0
    assert followed.spread_at(followed.updated_at) > 3 * settled.spread_at(settled.updated_at)
    assert abs(learned(around(20 + by, 30, seed=3), followed).offset - 20 - by) < 1.0


def test_wrong_ones_that_do_not_agree_never_move_it():
    clock = learned(around(20, 40))
    for wrong in (-3000.0, 500.0, 90.0, -200.0, 3000.0, 1500.0):
        clock = learn(clock, wrong, START + timedelta(hours=4))
    assert abs(clock.offset - 20) < 1.0


@pytest.mark.parametrize("a_day", [-20.0, 3.0, 20.0])
def test_a_drift_is_learned_and_foretold(a_day):
    random, every = Random(4), timedelta(minutes=45)
    clock, at = None, START
    for number in range(150):
        at = START + number * every
        clock = learn(clock, a_day * (at - START) / timedelta(days=1) + random.gauss(0, 2), at)
    assert clock is not None
    assert abs(clock.drift - a_day) < 1.5
    in_two_days = at + timedelta(days=2)
    assert abs(clock.offset_at(in_two_days) - a_day * (in_two_days - START) / timedelta(days=1)) < 4


def test_without_news_it_grows_unsure_and_forgets():
    clock = learned(around(20, 40))
    later = clock.updated_at + timedelta(days=14)
    assert clock.spread_at(clock.updated_at) < 1.2 * clock.spread
    assert clock.spread_at(later) > 20
    assert clock.count_at(later) == clock.count // 2
    assert clock.count_at(clock.updated_at - timedelta(days=1)) == clock.count


def test_late_news_does_not_turn_time_back():
    clock = learned([1.0, 2.0, 3.0])
    assert learn(clock, 2.0, START - timedelta(days=1)).updated_at == clock.updated_at


def test_it_is_stored_as_integers_and_strings():
    clock = learned(around(-77.7, 9))
    stored = clock.as_dict()
    assert {type(value) for value in stored.values()} == {int, str}
    assert Clock.from_dict(stored) == clock
    assert Clock.from_dict({k: Decimal(v) if isinstance(v, int) else v for k, v in stored.items()}) == clock


@pytest.mark.parametrize("observed", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_a_number_of_seconds_is_refused(observed):
    with pytest.raises(ValueError, match="observed"):
        learn(UNKNOWN, observed, START)


@pytest.mark.parametrize("closing", [START, START + timedelta(seconds=487)])
def test_a_till_whose_receipts_bear_one_second_stamps_them_by_whatever_clock_it_has(closing):
    stamps = Stamps()
    told = [stamps.note("soho/01", closing, f"receipt {number}") for number in range(STAMPED)]
    assert told == [False] * (STAMPED - 1) + [True]


def test_a_till_that_prints_one_after_another_stamps_none():
    stamps = Stamps()
    assert not any(
        stamps.note("soho/01", START + timedelta(seconds=number), f"receipt {number}-{again}")
        for number in range(50)
        for again in range(STAMPED - 1)
    )
