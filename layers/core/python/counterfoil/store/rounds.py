"""How far the rounds over the open transactions came, and whom they meet."""

from collections.abc import Iterator
from dataclasses import dataclass

from counterfoil.domain.rounds import Place
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.errors import ConditionFailed
from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, Put


@dataclass(frozen=True, slots=True)
class Round:
    """A round as it stands: `rev` counts how often its place was kept."""

    name: str
    place: Place
    rev: int


def get(name: str) -> Round | None:
    item = table.get(LEDGER, dict(keys.round_of(name)))
    return Round(name, Place(from_millis(item["hour"]), item["shard"]), item["rev"]) if item else None


def save(made: Round, place: Place) -> Round | None:
    """The round once it came to `place`; None where another run of it was faster."""
    item = dict(keys.round_of(made.name)) | {"hour": to_millis(place.hour), "shard": place.shard, "rev": made.rev + 1}
    condition = table.still_at(made.rev) if made.rev else table.nothing_there()
    try:
        table.write(Put(LEDGER, item, condition))
    except ConditionFailed:
        return None
    return Round(made.name, place, made.rev + 1)


def open_transactions(place: Place) -> Iterator[list[str]]:
    """The keys of the transactions of an hour's shard that wait for their receipt, a page at a time."""
    for page in table.query_index(LEDGER, "by_due", "due", keys.open_in(place.hour, place.shard)):
        yield [item["pk"].removeprefix("T#") for item in page]
