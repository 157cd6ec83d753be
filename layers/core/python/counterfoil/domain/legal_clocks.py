"""Days as the law counts them: in Europe/London, over the working days of England.

Needs the layer of documents and calendars, so the money path does not import it (a test).

Sources: ICO, "Time limits for responding to data protection rights requests"; UK GDPR Art. 12(3) and 12A; FCA
Handbook, DISP 1.6 and the glossary's "business day"; Data Protection Act 2018, s. 164A.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

LONDON = ZoneInfo("Europe/London")
_BANK_HOLIDAYS = holidays.country_holidays("GB", subdiv="ENG")
_DAY = timedelta(days=1)
_SATURDAY = 5


def day_of(moment: datetime) -> date:
    """The day that it is in London at an aware time."""
    return moment.astimezone(LONDON).date()


def end_of(day: date) -> datetime:
    """When a day is over in London, in UTC: what is due by a day is late from then."""
    return datetime.combine(day + _DAY, time(), LONDON).astimezone(UTC)


def is_working_day(day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in _BANK_HOLIDAYS


def working_day_from(day: date) -> date:
    """The day itself, or the first working day after it."""
    while not is_working_day(day):
        day += _DAY
    return day


def working_days_after(day: date, count: int) -> date:
    """The `count`-th working day after a day, which is not counted itself."""
    for _ in range(count):
        day = working_day_from(day + _DAY)
    return day


def months_after(day: date, months: int) -> date:
    """The same date so many months later, or the last of that month where it has none."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def rights_deadline(received: date, months: int, waited: int = 0) -> date:
    """By when a rights request of that day is answered: `waited` are the days for which its clock stood still."""
    return working_day_from(months_after(received, months) + timedelta(days=waited))


def complaint_acknowledged_by(received: date) -> date:
    """Of a complaint about data protection: thirty days of which the day of receipt is the first.

    Whether that day counts is not settled; this is the earlier reading, and no day off makes it later.
    """
    return received + timedelta(days=29)
