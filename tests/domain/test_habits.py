"""What is learned of a shop: how late receipts come and how many never do, robust against bursts and crowds."""

from datetime import UTC, datetime, timedelta

import pytest

from counterfoil.domain.habits import FIRST_DAY, LEAST_MISSING, MEMORY, Habits, learn_match, learn_missing

MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PROMPT, AT_CLOSING = 3.0, 30_000.0


def after(known: Habits, lag: float, times: int, at: datetime, others: int = 0) -> Habits:
    """After so many matches at that time."""
    for _ in range(times):
        known = learn_match(known, lag, others, at, at + timedelta(hours=2))
    return known


def test_a_busy_morning_is_not_forgotten_when_a_store_sends_its_whole_day() -> None:
    busy = after(FIRST_DAY, PROMPT, 20 * MEMORY, MORNING)
    evening = after(busy, AT_CLOSING, MEMORY, MORNING + timedelta(hours=14))
    assert evening.later_than(60.0) == pytest.approx(1 / 21, abs=0.01)
    next_day = after(evening, PROMPT, 10 * MEMORY, MORNING + timedelta(days=1))
    assert next_day.later_than(60.0) == pytest.approx(1 / 31, abs=0.01)


def test_a_shop_that_sends_otherwise_from_now_on_is_seen_to_within_weeks() -> None:
    known = after(FIRST_DAY, PROMPT, 2 * MEMORY, MORNING)
    for week in range(1, 5):
        known = after(known, AT_CLOSING, MEMORY // 2, MORNING + timedelta(weeks=week))
    assert known.later_than(60.0) > 0.7
    assert known.count < 2 * MEMORY


def test_few_sales_are_not_forgotten_however_long_ago() -> None:
    known = after(FIRST_DAY, PROMPT, MEMORY // 2, MORNING)
    assert after(known, PROMPT, 1, MORNING + timedelta(weeks=20)).count == MEMORY // 2 + 1


def test_only_payments_that_stood_alone_tell_how_many_receipts_never_come() -> None:
    alone = after(FIRST_DAY, PROMPT, 60, MORNING)
    for _ in range(40):
        alone = learn_missing(alone, MORNING)
    assert alone.missing == pytest.approx(0.4, abs=0.15)
    assert after(alone, PROMPT, 10 * MEMORY, MORNING, others=3).missing == alone.missing
    assert after(alone, PROMPT, 10 * MEMORY, MORNING).missing == LEAST_MISSING


def test_what_is_stored_is_read_again() -> None:
    known = learn_missing(after(FIRST_DAY, PROMPT, 3, MORNING, others=2), MORNING)
    assert Habits.from_dict(known.as_dict()) == known
    assert Habits.from_dict(FIRST_DAY.as_dict()) == FIRST_DAY
