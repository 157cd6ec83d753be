"""How times are written for people: as the clocks in London show them."""

from datetime import datetime
from zoneinfo import ZoneInfo

_LONDON = ZoneInfo("Europe/London")


def day(moment: datetime) -> str:
    """Such as 3 March 2026."""
    return f"{_there(moment):%-d %B %Y}"


def minute(moment: datetime) -> str:
    """Such as 3 March 2026, 09:14."""
    return f"{_there(moment):%-d %B %Y, %H:%M}"


def clock(moment: datetime) -> str:
    """Such as 09:14."""
    return f"{_there(moment):%H:%M}"


def second(moment: datetime) -> str:
    """Such as 09:14:07."""
    return f"{_there(moment):%H:%M:%S}"


def _there(moment: datetime) -> datetime:
    return moment.astimezone(_LONDON)
