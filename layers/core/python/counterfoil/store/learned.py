"""What is learned from matches, a little from each: kept in the function's memory, written when it is news.

What is learned between two writes may be lost with the function. That costs a little precision; writing each time would
cost a write unit a match, and make a busy till's or shop's record a hot key.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from counterfoil.errors import ConditionFailed
from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, Put

KEPT: Final = timedelta(days=400)
"""After it was last learned. It says nothing of anybody, so that deleting it may be left to the table."""
CACHE_SECONDS: Final = 300
CACHE_SECONDS_WHILE_NEW: Final = 20


class Learned(Protocol):
    """A value that learning replaces by another. `count`: how many observations it rests on."""

    @property
    def count(self) -> int: ...

    def as_dict(self) -> Mapping[str, Any]: ...


@dataclass(slots=True)
class _Known[T]:
    """`value` as learned here, `written` as it stands in the ledger at `rev`; read again at `until`."""

    value: T | None
    written: T | None
    rev: int
    until: float


class Shelf[T: Learned]:
    """All values of one kind, by name.

    `known_from`: with fewer observations a value is read again soon. `is_news(value, written)`: whether to write it.
    """

    def __init__(
        self,
        key: Callable[[str], keys.Key],
        read: Callable[[Mapping[str, Any]], T],
        known_from: int,
        is_news: Callable[[T, T | None], bool],
    ) -> None:
        self._key, self._from_dict, self._known_from, self._is_news = key, read, known_from, is_news
        self._cache: dict[str, _Known[T]] = {}

    def forget(self) -> None:
        """Empties the cache."""
        self._cache.clear()

    def get(self, name: str) -> T | None:
        return self._read(name).value

    def learn(self, name: str, lesson: Callable[[T | None], T]) -> None:
        """The value after `lesson`, written where that is news."""
        known = self._read(name)
        known.value = lesson(known.value)
        if self._is_news(known.value, known.written):
            self._write(name, known, known.value)

    def _read(self, name: str) -> _Known[T]:
        known = self._cache.get(name)
        if known is not None and time.monotonic() < known.until:
            return known
        item = table.get(LEDGER, dict(self._key(name)), consistent=False)
        rev = item["rev"] if item else 0
        if known is None or rev > known.rev:
            value = self._from_dict(item) if item and item["ttl"] > time.time() else None
            known = _Known(value, value, rev, 0.0)
            self._cache[name] = known
        is_known = known.value is not None and known.value.count >= self._known_from
        known.until = time.monotonic() + (CACHE_SECONDS if is_known else CACHE_SECONDS_WHILE_NEW)
        return known

    def _write(self, name: str, known: _Known[T], value: T) -> None:
        condition = table.still_at(known.rev) if known.rev else table.nothing_there()
        until = int(time.time() + KEPT.total_seconds())
        item = dict(self._key(name)) | dict(value.as_dict()) | {"rev": known.rev + 1, "ttl": until}
        try:
            table.write(Put(LEDGER, item, condition))
        except ConditionFailed:
            # Another function learned meanwhile; what it wrote stands.
            del self._cache[name]
            return
        known.rev += 1
        known.written = value
