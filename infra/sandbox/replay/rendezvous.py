"""Where undecided sides meet: by partition, each sorted by time, so that a look is two bisections and a slice."""

from bisect import bisect_left, bisect_right, insort
from datetime import datetime, timedelta
from typing import NamedTuple

from counterfoil.domain import looking
from counterfoil.domain.clocks import Clock
from counterfoil.domain.sides import Side
from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import Transaction

LIFE = timedelta(days=7)

type Partition = tuple[str, str, int, str, str | None]
"""Scope, kind, amount, currency, and the authorisation code where the scope goes by it."""


class Place(NamedTuple):
    """Where a side stands: its time, its kind and name (which is how a partition is sorted), the side, and where."""

    at: datetime
    kind: str
    key: str
    side: Side
    partition: Partition


def places_of(record: Transaction | CardTender) -> tuple[Place, ...]:
    """A payment stands under each amount and time under which its receipt may be found, a card tender once."""
    code = record.codes.auth if record.by_code else None
    if isinstance(record, Transaction):
        faces, side, till = [(face.amount, face.at) for face in record.faces], "transaction", None
    else:
        faces, side, till = [(record.amount, record.at)], "receipt", record.till
    key, kind, currency, seen_at, codes = record.key, record.kind, record.currency, record.seen_at, record.codes
    return tuple(
        Place(
            at,
            side,
            key,
            Side(side, key, at, seen_at, kind, amount, currency, codes, till),  # type: ignore[arg-type]
            (record.scope, kind, amount, currency, code),
        )
        for amount, at in faces
    )


class Rendezvous:
    def __init__(self) -> None:
        self._partitions: dict[Partition, list[Place]] = {}

    def put(self, place: Place) -> None:
        standing = self._partitions.get(place.partition)
        if standing is None:
            self._partitions[place.partition] = [place]
        else:
            insort(standing, place, key=_order)

    def delete(self, place: Place) -> None:
        standing = self._partitions.get(place.partition, [])
        at = bisect_left(standing, place[:3], key=_order)
        if at < len(standing) and standing[at][:3] == place[:3]:
            del standing[at]
            if not standing:
                del self._partitions[place.partition]

    def around(self, place: Place, clock: Clock | None, now: datetime, *, whole_day: bool) -> tuple[list[Place], bool]:
        """Every other side, of both kinds, where this one's counterpart may stand; whether there were too many.

        `clock`: the till's, of a receipt. Where there are too many in a span, those nearby are read in its place.
        """
        standing = self._partitions.get(place.partition)
        if standing is None:
            return [], False
        most = looking.MOST_OF_A_DAY if whole_day else looking.MOST
        found: list[Place] = []
        for span in looking.spans(place.side, clock, whole_day=whole_day):
            within, truncated = _within(standing, span, most)
            if truncated:
                nearby, truncated = _within(standing, looking.nearby(place.side, clock), looking.MOST)
                return _others(nearby, place, now), truncated
            found = within if not found else list({each[:3]: each for each in (*found, *within)}.values())
        return _others(found, place, now), False


def _within(standing: list[Place], span: looking.Span, most: int) -> tuple[list[Place], bool]:
    """At most so many sides of a closed span of time; whether there were as many, and perhaps more."""
    low = bisect_left(standing, span[0], key=_time)
    high = bisect_right(standing, span[1], lo=low, key=_time)
    return standing[low : min(high, low + most)], high - low >= most


def _others(found: list[Place], place: Place, now: datetime) -> list[Place]:
    born = now - LIFE
    return [other for other in found if other.key != place.key and other.side.seen_at > born]


def _order(place: Place) -> tuple[datetime, str, str]:
    return place[:3]


def _time(place: Place) -> datetime:
    return place[0]
