"""What the data map says of time: how long each record is kept, in numbers and in words, and what is due by now.

Records that have a class stand in an index by class, day of their anchor, and shard: a place. A class is swept place by
place. Through which day that was done is remembered, so that no day is read for ever; the latest days are read again,
since a record may come to stand there late, and so are places in which something was left (held, or failed). All else
follows from the rows as they are now: a period that was shortened has more days due at once, a lengthened one fewer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from counterfoil.domain import records
from counterfoil.domain.record import Indefinitely, Kept, Record, Subject, Until, With

BEGINNING: Final = date(2026, 11, 1)
"""Nothing was kept before this day."""
LATE: Final = timedelta(days=2)
"""How much later than its day was due a record may come to stand in the index."""


@dataclass(frozen=True, slots=True)
class PublishedLine:
    """A line of the public retention table: what, how long, and on what ground."""

    said: str
    kept: str
    basis: str


def retention_table(subjects: Iterable[Subject] = ("customer", "nobody")) -> list[PublishedLine]:
    """The retention table in plain words, in the order of the map; one line for all rows that say the same.

    What is over is deleted by the next sweep, within two days.
    """
    wanted = set(subjects)
    lines = [PublishedLine(row.said, in_words(row), row.basis) for row in records.RECORDS if row.subject in wanted]
    return list(dict.fromkeys(lines))


def named(name: str) -> Record:
    """The row of that name; StopIteration where there is none."""
    return next(record for record in records.RECORDS if record.name == name)


def period(record: Record) -> timedelta | None:
    """How long it is kept after its anchor, or that of the record that it is kept with; None: no time is counted."""
    kept = _kept(record)
    return kept if isinstance(kept, timedelta) else None


def in_words(record: Record) -> str:
    """How long it is kept, such as "6 years" or "until you unlink it"."""
    match kept := _kept(record):
        case timedelta():
            return _span(kept)
        case Until(event):
            return f"until {event}"
        case Indefinitely(reason):
            return f"indefinitely: {reason}"
        case With():
            raise ValueError("a record is kept with one that has a period of its own")


def _kept(record: Record) -> Kept:
    return named(record.kept.record).kept if isinstance(record.kept, With) else record.kept


def _span(kept: timedelta) -> str:
    for unit, length in (("year", 365.25), ("day", 1), ("hour", 1 / 24)):
        number = kept / timedelta(days=length)
        if number >= 1 and (unit != "year" or abs(number - round(number)) < 0.01):
            return f"{round(number)} {unit}{'s' if round(number) != 1 else ''}"
    raise ValueError("a period of an hour at least")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A shard of what has its anchor on a day (UTC)."""

    day: date
    shard: int


@dataclass(frozen=True, slots=True)
class Swept:
    """A class: all days `through` this one were swept, but for the places in which something was `left`."""

    through: date
    left: frozenset[Place] = frozenset()


def before_all() -> date:
    """Through this day a class is swept that never was."""
    return BEGINNING - timedelta(days=1)


def classes() -> list[Record]:
    """The rows that the sweep looks after, in the order of the map."""
    return [record for record in records.RECORDS if record.due and period(record)]


def last_due_day(record: Record, now: datetime) -> date:
    """The last day all of whose anchors are over."""
    kept = period(record)
    assert kept is not None, "only what has a period is due"
    return (now - kept).date() - timedelta(days=1)


def due_places(swept: Swept, last: date, shards: int) -> Iterator[Place]:
    """Where something may be due, in order; `last`: the last day that is due."""
    left = sorted(place for place in swept.left if place.day <= min(swept.through, last))
    yield from left
    day = swept.through + timedelta(days=1)
    while day <= last:
        yield from (Place(day, shard) for shard in range(shards))
        day += timedelta(days=1)


def swept_through(swept: Swept, last: date) -> date:
    """Through which day a class counts as swept, once all that was due was looked at."""
    return max(swept.through, last - LATE)
