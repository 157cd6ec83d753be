"""What the data map says of time: how long each record is kept, in numbers and in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from counterfoil.domain.record import Indefinitely, Kept, Record, Subject, Until, With
from counterfoil.domain.records import RECORDS


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
    lines = [PublishedLine(row.said, in_words(row), row.basis) for row in RECORDS if row.subject in wanted]
    return list(dict.fromkeys(lines))


def named(name: str) -> Record:
    """The row of that name; StopIteration where there is none."""
    return next(record for record in RECORDS if record.name == name)


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
