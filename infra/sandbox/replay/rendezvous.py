"""Where undecided sides meet: by partition, each sorted by time, so that a look is two bisections and a slice.

Most that waits is a stranger's receipt, and waits for a week. A card tender that nobody looked at lately sleeps: it is
packed into bytes, a third of its size, until somebody looks.
"""

import marshal
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from counterfoil.domain import looking
from counterfoil.domain.clocks import Clock
from counterfoil.domain.sides import Side
from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import Transaction
from infra.sandbox.replay.rows import row_of_tender, tender_from

LIFE = timedelta(days=7)
AWAKE = 10_000
"""So many card tenders are kept unpacked."""

type Record = Transaction | CardTender
type Partition = tuple[str, str, int, str, str | None]
"""Scope, kind, amount, currency, and the authorisation code where the scope goes by it."""


class Place:
    """Where a side stands: its time, its kind and name (so a partition is sorted), the side, its record, and where."""

    __slots__ = ("_record", "_side", "at", "key", "kind", "partition", "seen_at")

    def __init__(self, record: Record, side: Side, partition: Partition) -> None:
        self.at, self.kind, self.key, self.seen_at = side.at, side.side, side.key, side.seen_at
        self.partition = partition
        self._side: Side | None = side
        self._record: Record | bytes = record

    @property
    def record(self) -> Record:
        record = self._record
        return tender_from(self.key, marshal.loads(record)) if isinstance(record, bytes) else record

    @property
    def side(self) -> Side:
        return self._side or _side(self.record, self.partition[2], self.at)

    @property
    def order(self) -> tuple[datetime, str, str]:
        return self.at, self.kind, self.key

    def wake(self) -> bool:
        """Whether it slept."""
        if self._side is not None:
            return False
        self._record, self._side = self.record, self.side
        return True

    def sleep(self) -> None:
        tender = self._record
        if isinstance(tender, CardTender):
            self._record = marshal.dumps(row_of_tender(tender, tender.state, tender.matched_to))
            self._side = None


def places_of(record: Record) -> tuple[Place, ...]:
    """A payment stands under each amount and time under which its receipt may be found, a card tender once."""
    if isinstance(record, CardTender):
        return (_place(record, record.amount, record.at),)
    return tuple([_place(record, face.amount, face.at) for face in record.faces])


def _place(record: Record, amount: int, at: datetime) -> Place:
    code = record.codes.auth if record.by_code else None
    return Place(record, _side(record, amount, at), (record.scope, record.kind, amount, record.currency, code))


def _side(record: Record, amount: int, at: datetime) -> Side:
    told = record.key, at, record.seen_at, record.kind, amount, record.currency, record.codes
    if isinstance(record, CardTender):
        return Side("receipt", *told, record.till, record.doubted)
    return Side("transaction", *told, bank=record.bank)


class Rendezvous:
    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Place, ...]] = {}
        self._partitions: dict[Partition, list[Place]] = {}
        self._awake: deque[Place] = deque()

    def places(self, key: str) -> tuple[Place, ...] | None:
        """Where that side waits, if it does."""
        return self._waiting.get(key)

    def records(self) -> Iterator[Record]:
        """All that wait, the longest first."""
        return (places[0].record for places in self._waiting.values())

    def waiting_since(self, seen_by: datetime) -> list[Record]:
        """Those that came at that time or before."""
        return [places[0].record for places in self._waiting.values() if places[0].seen_at <= seen_by]

    def put(self, key: str, places: tuple[Place, ...]) -> None:
        self._waiting[key] = places
        for place in places:
            standing = self._partitions.get(place.partition)
            if standing is None:
                self._partitions[place.partition] = [place]
            else:
                insort(standing, place, key=_order)
            self._stay_awake(place)

    def delete(self, key: str) -> bool:
        """Whether it was there."""
        places = self._waiting.pop(key, ())
        for place in places:
            standing = self._partitions[place.partition]
            del standing[bisect_left(standing, place.order, key=_order)]
            if not standing:
                del self._partitions[place.partition]
        return bool(places)

    def around(self, place: Place, clock: Clock | None, now: datetime, *, whole_day: bool) -> tuple[list[Place], bool]:
        """Every other side, of both kinds, where this one's counterpart may stand; whether there were too many.

        `clock`: the till's, of a receipt. Where there are too many in a span, those nearby are read in its place.
        """
        standing = self._partitions.get(place.partition)
        if standing is None:
            return [], False
        most = looking.MOST_OF_A_DAY if whole_day else looking.MOST
        found, truncated = _within(standing, looking.spans(place.side, clock, whole_day=whole_day), most)
        for span in looking.nearby(place.side, clock) if truncated else ():
            found, truncated = _within(standing, (span,), looking.MOST)
            if not truncated:
                break
        return self._others(found, place, now), truncated

    def _others(self, found: list[Place], place: Place, now: datetime) -> list[Place]:
        born = now - LIFE
        others = [other for other in found if other.key != place.key and other.seen_at > born]
        for other in others:
            if other.wake():
                self._stay_awake(other)
        return others

    def _stay_awake(self, place: Place) -> None:
        if place.kind == "receipt":
            self._awake.append(place)
            if len(self._awake) > AWAKE:
                self._awake.popleft().sleep()


def _within(standing: list[Place], spans: Sequence[looking.Span], most: int) -> tuple[list[Place], bool]:
    """The sides of closed spans of time, or the first of a span that holds `most` or more; whether one does."""
    found: list[Place] = []
    for earliest, latest in spans:
        low = bisect_left(standing, earliest, key=_time)
        high = bisect_right(standing, latest, lo=low, key=_time)
        if high - low >= most:
            return standing[low : low + most], True
        found += standing[low:high]
    return (list(dict.fromkeys(found)) if len(spans) > 1 else found), False


def _order(place: Place) -> tuple[datetime, str, str]:
    return place.order


def _time(place: Place) -> datetime:
    return place.at
