"""Simulated time: what is to be done later, in order of its time."""

from collections.abc import Callable
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from typing import Any

NEVER = datetime.max.replace(tzinfo=UTC)


class Alarms:
    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self._number = count()

    def set(self, due: datetime, action: Callable[..., None], *what: Any) -> None:
        """Has `action(*what)` done at that time; what is due at the same time, in the order in which it was set."""
        heappush(self._waiting, (due, next(self._number), action, what))

    @property
    def next_due(self) -> datetime:
        return self._waiting[0][0] if self._waiting else NEVER

    def pop(self) -> tuple[datetime, Callable[..., None], tuple[Any, ...]]:
        """The earliest: when, what."""
        due, _, action, what = heappop(self._waiting)
        return due, action, what

    def __bool__(self) -> bool:
        return bool(self._waiting)
