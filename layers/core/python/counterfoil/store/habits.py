"""Habits: of shops by merchant scope, of banks by name."""

from collections.abc import Callable, Iterable
from typing import Final

from counterfoil.domain.habits import ANY_BANK, FIRST_DAY, BankHabits, Habits
from counterfoil.store import keys
from counterfoil.store.learned import Shelf

FIRST_WRITE: Final = 16
GREW: Final = 2
"""From the first write on habits are written when they rest on twice as much, or have faded (`habits.MEMORY`)."""


def _is_news(habits: Habits | BankHabits, written: Habits | BankHabits | None) -> bool:
    if written is None:
        return habits.count >= FIRST_WRITE
    return habits.count >= GREW * written.count or habits.count < written.count


_shelf = Shelf(keys.shop_habits, Habits.from_dict, FIRST_WRITE, _is_news)
_banks = Shelf(keys.bank_habits, BankHabits.from_dict, FIRST_WRITE, _is_news)


def forget() -> None:
    """Empties the caches."""
    _shelf.forget()
    _banks.forget()


def of_shop(scope: str) -> Habits:
    """As learned, or a first day's."""
    return _shelf.get(scope) or FIRST_DAY


def learn(scope: str, lesson: Callable[[Habits], Habits]) -> None:
    _shelf.learn(scope, lambda habits: lesson(habits or FIRST_DAY))


def of_banks(banks: Iterable[str]) -> dict[str, BankHabits]:
    """Of those banks of which something was learned."""
    known = {bank: _banks.get(bank) for bank in sorted(set(banks))}
    return {bank: habits for bank, habits in known.items() if habits is not None}


def learn_of_bank(bank: str, lesson: Callable[[BankHabits], BankHabits]) -> None:
    _banks.learn(bank, lambda habits: lesson(habits or ANY_BANK))
