"""The law's clocks: the vectors that the authorities' guidance gives, and the days on which clocks go wrong."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain import legal_clocks
from counterfoil.domain.legal_clocks import (
    complaint_acknowledged_by,
    day_of,
    end_of,
    is_working_day,
    months_after,
    rights_deadline,
    working_day_from,
    working_days_after,
)

DAYS = st.dates(date(2018, 1, 1), date(2030, 12, 31))
SPAN = [date(2018, 1, 1) + timedelta(days=number) for number in range((date(2030, 12, 31) - date(2018, 1, 1)).days + 1)]


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-01-31", "2026-03-02"),  # February ends on a Saturday
        ("2026-03-03", "2026-04-07"),  # Good Friday to Easter Monday
        ("2026-11-25", "2026-12-29"),  # Christmas, a weekend, Boxing Day observed
        ("2026-11-28", "2026-12-29"),
        ("2028-01-31", "2028-02-29"),  # a leap year's February
        ("2026-12-01", "2027-01-04"),  # New Year's Day is a Friday
        ("2026-05-31", "2026-06-30"),
        ("2026-06-03", "2026-07-03"),
    ],
)
def test_a_rights_request_has_a_month_and_its_last_day_is_a_working_day(received: str, due: str) -> None:
    assert rights_deadline(day(received), 1) == day(due)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-30", "2027-03-01"),  # the 28th of February is a Sunday
        ("2026-01-03", "2026-04-07"),
        ("2026-08-31", "2026-11-30"),
        ("2027-11-30", "2028-02-29"),
    ],
)
def test_an_extended_one_has_three_from_its_start(received: str, due: str) -> None:
    assert rights_deadline(day(received), 3) == day(due)


def test_the_clock_moves_by_as_many_days_as_it_waited() -> None:
    assert rights_deadline(day("2026-03-02"), 1, 0) == day("2026-04-02")
    assert rights_deadline(day("2026-03-02"), 1, 1) == day("2026-04-07")
    assert rights_deadline(day("2026-01-31"), 1, 10) == day("2026-03-10")


def test_a_data_protection_complaint_is_acknowledged_by_the_earlier_reading() -> None:
    assert complaint_acknowledged_by(day("2026-11-25")) == day("2026-12-24")
    assert complaint_acknowledged_by(day("2026-02-15")) == day("2026-03-16")


@pytest.mark.parametrize(("count", "due"), [(3, "2026-04-02"), (15, "2026-04-22"), (35, "2026-05-21")])
def test_business_days_over_easter_and_may(count: int, due: str) -> None:
    assert working_days_after(day("2026-03-30"), count) == day(due)


def test_thirty_five_business_days_take_47_to_56_days_and_never_more_than_eight_weeks() -> None:
    spans = {received: (working_days_after(received, 35) - received).days for received in SPAN}
    assert set(spans.values()) == set(range(47, 57))
    assert working_days_after(day("2023-04-05"), 35) == day("2023-05-31") == day("2023-04-05") + timedelta(weeks=8)


@given(DAYS, st.integers(1, 12), st.integers(0, 90))
def test_a_deadline_is_a_working_day_and_no_earlier_than_the_months_and_the_wait(
    received: date, months: int, waited: int
) -> None:
    due, bare = rights_deadline(received, months, waited), months_after(received, months) + timedelta(days=waited)
    assert is_working_day(due)
    assert 0 <= (due - bare).days <= 4
    assert not any(is_working_day(bare + timedelta(days=number)) for number in range((due - bare).days))


@given(DAYS, st.integers(0, 12))
def test_months_keep_the_date_or_end_the_month(start: date, months: int) -> None:
    then = months_after(start, months)
    assert (then.year * 12 + then.month) - (start.year * 12 + start.month) == months
    assert then.day == start.day or (then.day < start.day and (then + timedelta(days=1)).day == 1)


@given(DAYS, DAYS)
def test_who_asks_later_is_never_due_earlier(one: date, other: date) -> None:
    first, second = sorted((one, other))
    assert rights_deadline(first, 1) <= rights_deadline(second, 1)


def test_holidays_of_england_and_no_others() -> None:
    assert is_working_day(day("2026-03-17"))  # St Patrick's, in Northern Ireland
    assert is_working_day(day("2026-11-30"))  # St Andrew's, in Scotland
    assert not is_working_day(day("2023-05-08"))  # a coronation
    assert working_day_from(day("2026-12-25")) == day("2026-12-29")


@pytest.mark.parametrize(
    ("moment", "in_london"),
    [
        ("2026-06-30T23:30:00+00:00", "2026-07-01"),  # summer time: the next day already
        ("2026-01-31T23:30:00+00:00", "2026-01-31"),
        ("2026-03-29T00:59:59+00:00", "2026-03-29"),
        ("2026-10-25T23:59:59+00:00", "2026-10-25"),
        ("2026-10-24T23:00:00+00:00", "2026-10-25"),
    ],
)
def test_a_day_is_londons(moment: str, in_london: str) -> None:
    assert day_of(datetime.fromisoformat(moment)) == day(in_london)


@pytest.mark.parametrize(
    ("ends", "at", "hours"),
    [
        ("2026-03-29", datetime(2026, 3, 29, 23, tzinfo=UTC), 23),
        ("2026-10-25", datetime(2026, 10, 26, tzinfo=UTC), 25),
        ("2026-12-29", datetime(2026, 12, 30, tzinfo=UTC), 24),
    ],
)
def test_a_day_ends_at_midnight_in_london_however_long_it_was(ends: str, at: datetime, hours: int) -> None:
    assert end_of(day(ends)) == at
    assert end_of(day(ends)) - end_of(day(ends) - timedelta(days=1)) == timedelta(hours=hours)


@given(st.datetimes(datetime(2018, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)))
def test_a_moment_lies_before_the_end_of_its_day(moment: datetime) -> None:
    today = legal_clocks.day_of(moment)
    assert end_of(today - timedelta(days=1)) <= moment < end_of(today)
