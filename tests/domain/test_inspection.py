"""What was learned of clocks and habits, in words, and what is odd about it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from counterfoil.domain import inspection
from counterfoil.domain.clocks import Clock
from counterfoil.domain.habits import FIRST_DAY, Habits, learn_match, learn_missing

NOW = datetime(2026, 11, 21, 9, 14, tzinfo=UTC)
FINE = Clock(offset=0.4, spread=3, count=31, updated_at=NOW - timedelta(minutes=5))


def test_a_clock_is_told_in_a_line() -> None:
    report = inspection.of_clock(replace(FINE, offset=100, drift=1.24), NOW)
    assert report.says == "1 min 40 s fast, gaining 1.2 s a day, ±3 s, 31 sales, 5 min ago"
    assert report.odd == ()
    assert report.figures["sales"] == 31
    assert report.figures["last_learned"] == "2026-11-21T09:09:00Z"


@pytest.mark.parametrize(
    ("clock", "odd"),
    [
        (FINE, None),
        (replace(FINE, offset=3_610), "an hour wrong"),
        (replace(FINE, offset=-3_590), "an hour wrong"),
        (replace(FINE, offset=-18_000), "5 hours wrong"),
        (replace(FINE, offset=200), "minutes wrong"),
        (replace(FINE, offset=-2_000), "minutes wrong"),
        (replace(FINE, drift=-7.0), "drifting"),
        (replace(FINE, spread=60), "unsteady"),
        (replace(FINE, rival=3_600, votes=2), "perhaps set just now: the latest say 1 h fast"),
        (replace(FINE, updated_at=NOW - timedelta(days=5)), "not heard of for 5 days"),
        (replace(FINE, count=3), "new"),
    ],
)
def test_what_is_odd_about_a_clock_is_flagged(clock: Clock, odd: str | None) -> None:
    found = inspection.of_clock(clock, NOW).odd
    assert len(found) == (odd is not None)
    assert odd is None or found[0].startswith(odd)


def test_a_drift_of_few_sales_is_no_oddity() -> None:
    assert [one.split(":")[0] for one in inspection.of_clock(replace(FINE, count=3, drift=40), NOW).odd] == ["new"]


@pytest.mark.parametrize("clock", [None, replace(FINE, count=0)])
def test_a_till_without_a_clock_says_so(clock: Clock | None) -> None:
    assert inspection.of_clock(clock, NOW).says == "nothing learned yet"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.6, "1 min"), (125, "2 min 5 s"), (3_600, "1 h"), (3_605, "1 h"), (90_061, "1 d 1 h")],
)
def test_spans_of_time_have_their_two_largest_units(seconds: float, words: str) -> None:
    assert inspection.span_in_words(seconds) == words


def shop(lags: list[float], missed: int) -> Habits:
    """After payments whose receipts came after these lags, and some whose never did."""
    learned = FIRST_DAY
    for lag in lags:
        learned = learn_match(learned, lag, 0, NOW, NOW)
    for _ in range(missed):
        learned = learn_missing(learned, NOW)
    return learned


def test_a_shops_habits_are_told_in_a_line() -> None:
    report = inspection.of_habits(shop([3.0] * 99, missed=1))
    assert "of receipts never come" in report.says
    assert report.says.endswith("; 100 payments")
    assert report.odd == ()
    assert report.figures["payments"] == 100


def test_a_shop_whose_receipts_come_late_or_never_is_flagged() -> None:
    assert inspection.of_habits(shop([7_200.0] * 40, missed=20)).odd == (
        "many receipts never come",
        "many receipts come late",
    )
    assert inspection.of_habits(shop([3.0] * 2, missed=0)).odd == ("new",)
    assert inspection.of_habits(FIRST_DAY).says == "nothing learned yet"
