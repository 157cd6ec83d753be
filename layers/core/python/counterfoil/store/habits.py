"""Shops' habits, by merchant scope."""

from collections.abc import Callable
from typing import Final

from counterfoil.domain.habits import FIRST_DAY, Habits
from counterfoil.store import keys
from counterfoil.store.learned import Shelf

FIRST_WRITE: Final = 16
GREW: Final = 2
"""From the first write on habits are written when they rest on twice as much, or have faded (`habits.MEMORY`)."""


def _is_news(habits: Habits, written: Habits | None) -> bool:
    if written is None:
        return habits.count >= FIRST_WRITE
    return habits.count >= GREW * written.count or habits.count < written.count


_shelf = Shelf(keys.shop_habits, Habits.from_dict, FIRST_WRITE, _is_news)


def forget() -> None:
    """Empties the cache."""
    _shelf.forget()


def of_shop(scope: str) -> Habits:
    """As learned, or a first day's."""
    return _shelf.get(scope) or FIRST_DAY


def learn(scope: str, lesson: Callable[[Habits], Habits]) -> None:
    _shelf.learn(scope, lambda habits: lesson(habits or FIRST_DAY))
