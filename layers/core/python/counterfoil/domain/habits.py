"""What is known of a shop beyond its tills' clocks, and of a bank: learned from confirmed matches.

A shop is a merchant scope. Its habits are shares estimated from decayed counts and a first day's prior, so that a shop
on its first day has the prior, and one of a thousand sales hardly anything of it:

- how late receipts come: the lag from authorisation to the receipt's arrival, in bins that end at `LAGS`
- how crowded one amount is (`same_an_hour`): how many receipts that were nobody's stood within an hour of its matches
- how many payments never get a receipt (`missing`): told by the look after a day, when nothing could belong. Only
  payments around which no other receipt of their amount stood are counted: in a crowd something could always belong,
  so that none would ever seem to miss its receipt

Of a bank, likewise: how often the last four digits that it tells differ from those on the receipt, where it said that a
device paid (it told a token) and where it did not. Some banks tell tokens, so that without one the digits agree; of
others any payment may be a phone's.

Counts above `MEMORY` are halved together, at most once a week: so a change shows within a week or two, and a chain that
sells as many in an hour remembers in the morning what comes only in the evening. A bank's are halved each time.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from math import erf, sqrt, sumprod
from typing import Any, Final, Self

LAGS: Final = (-5.0, 2.0, 5.0, 10.0, 20.0, 60.0, 300.0, 1_800.0, 4_000.0, 21_600.0, 93_600.0)
"""Where the bins of lags end, in seconds; one more bin is beyond the last. A bank's clock may be late a little."""
EARLIEST: Final = -60.0
LATEST: Final = 7 * 86_400.0
NEVER: Final = 1e-9
"""The density of lags beyond these two, per second."""
MEMORY: Final = 400
LEAST_MISSING: Final = 0.03
A_WEEK: Final = timedelta(days=7)
_EDGES: Final = (EARLIEST, *LAGS, LATEST)
_TAIL: Final = 8.5
"""A Normal further out than so many of its spreads is none, in floating point."""

_FIRST_LAGS: Final = (0.1, 1.2, 2.0, 1.6, 1.0, 0.8, 0.6, 0.7, 0.9, 0.5, 0.4, 0.2)
_FIRST_OTHERS: Final = (1.0, 2.0)
_FIRST_MISSING: Final = (3.0, 47.0)
_FIRST_WITH_TOKEN: Final = (7.0, 3.0)
_FIRST_WITHOUT: Final = (7.0, 13.0)


@dataclass(frozen=True)
class Habits:
    """Counts, as learned: of lags by bin, of payments alone without (`missed`) and with a receipt (`found`), and of
    other receipts of a matched amount in so many minutes. `since`: when they were last halved, or began."""

    lags: tuple[int, ...] = (0,) * (len(LAGS) + 1)
    missed: int = 0
    found: int = 0
    others: int = 0
    minutes: int = 0
    since: datetime | None = None

    @cached_property
    def count(self) -> int:
        """How many payments were learned from."""
        return self.missed + sum(self.lags)

    @cached_property
    def same_an_hour(self) -> float:
        """How many receipts of one amount an hour are nobody's."""
        others, hours = _FIRST_OTHERS
        return (self.others + others) / (self.minutes / 60 + hours)

    @cached_property
    def missing(self) -> float:
        """The share of payments whose receipt never comes."""
        missed, found = _FIRST_MISSING
        return min(0.9, max(LEAST_MISSING, (self.missed + missed) / (self.missed + self.found + missed + found)))

    def later_than(self, age: float) -> float:
        """The share of receipts, of those that come, that take longer than `age` seconds."""
        if age <= EARLIEST:
            return 1.0
        place = bisect_right(LAGS, age)
        if age >= LATEST:
            return 0.0
        return self._later[place] - self.densities[place] * (age - _EDGES[place])

    def density_of_lag(self, lag: float) -> float:
        """How likely a receipt comes `lag` seconds after its sale, per second."""
        return self.densities[bisect_right(LAGS, lag)] if EARLIEST <= lag < LATEST else NEVER

    def density_around(self, lag: float, spread: float) -> float:
        """The mean of `density_of_lag` over lags that are Normal(`lag`, `spread`)."""
        earliest, latest = lag - _TAIL * spread, lag + _TAIL * spread
        place = bisect_right(_EDGES, earliest)
        if place == len(_EDGES) or latest <= EARLIEST:
            return NEVER
        if place and latest <= _EDGES[place]:
            return self.densities[place - 1]
        first, weights = _overlaps(lag, spread)
        return max(NEVER, sumprod(self.densities[first : first + len(weights)], weights) / 2)

    def as_dict(self) -> dict[str, int | list[int] | str]:
        """Integers, lists of them, and a time as RFC 3339."""
        stored: dict[str, int | list[int] | str] = {
            "lags": list(self.lags),
            "missed": self.missed,
            "found": self.found,
            "others": self.others,
            "minutes": self.minutes,
        }
        return stored | {"since": self.since.isoformat()} if self.since else stored

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Reads what `as_dict` wrote, also with `Decimal` for int. KeyError, TypeError or ValueError otherwise."""
        counts = {name: int(stored[name]) for name in ("missed", "found", "others", "minutes")}
        since = datetime.fromisoformat(stored["since"]) if stored.get("since") else None
        return cls(tuple(int(count) for count in stored["lags"]), **counts, since=since)

    @cached_property
    def densities(self) -> tuple[float, ...]:
        """By bin: the share of its lags over its width."""
        widths = (high - low for low, high in pairwise(_EDGES))
        return tuple(share / width for share, width in zip(self._shares, widths, strict=True))

    @cached_property
    def _shares(self) -> tuple[float, ...]:
        whole = self.count - self.missed + sum(_FIRST_LAGS)
        return tuple((count + first) / whole for count, first in zip(self.lags, _FIRST_LAGS, strict=True))

    @cached_property
    def _later(self) -> tuple[float, ...]:
        """By bin: the share that takes longer than where the bin starts."""
        return tuple(reversed(tuple(accumulate(reversed(self._shares)))))


@lru_cache(maxsize=50_000)  # A receipt is weighed again by each payment and at each look.
def _overlaps(lag: float, spread: float) -> tuple[int, tuple[float, ...]]:
    """Twice the share of Normal(`lag`, `spread`) in each bin of lags that has any, and which bin is the first."""
    scale = 1 / (spread * sqrt(2))
    first = max(0, bisect_left(_EDGES, lag - _TAIL * spread) - 1)
    below, weights = erf((_EDGES[first] - lag) * scale), []
    for edge in _EDGES[first + 1 :]:
        up_to = erf((edge - lag) * scale)
        weights.append(up_to - below)
        below = up_to
        if up_to == 1.0:
            break
    return first, tuple(weights)


FIRST_DAY: Final = Habits()


@dataclass(frozen=True)
class BankHabits:
    """Counts, as learned: of last four digits that (differ, agree) where the bank told a token, and where not."""

    with_token: tuple[int, int] = (0, 0)
    without: tuple[int, int] = (0, 0)

    @property
    def count(self) -> int:
        """How many payments were learned from."""
        return sum(self.with_token) + sum(self.without)

    def last4_differs(self, by_device: bool) -> float:
        """The share of sales whose two sides name other last four digits. `by_device`: the bank told a token."""
        return self._differs[by_device]

    @cached_property
    def _differs(self) -> tuple[float, float]:
        return _share(self.without, _FIRST_WITHOUT), _share(self.with_token, _FIRST_WITH_TOKEN)

    def as_dict(self) -> dict[str, list[int]]:
        """Lists of integers."""
        return {"with_token": list(self.with_token), "without": list(self.without)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Reads what `as_dict` wrote, also with `Decimal` for int. KeyError, TypeError or ValueError otherwise."""
        (a, b), (c, d) = stored["with_token"], stored["without"]
        return cls((int(a), int(b)), (int(c), int(d)))


ANY_BANK: Final = BankHabits()


def learn_match(habits: Habits, lag: float, others: int, paid_at: datetime, now: datetime) -> Habits:
    """After one more match: its receipt came `lag` seconds after the sale, and `others` of its amount stood in the
    hours around it, as far as they are over."""
    age = (now - paid_at).total_seconds()
    place = bisect_right(LAGS, lag)
    return _faded(
        Habits(
            lags=(*habits.lags[:place], habits.lags[place] + 1, *habits.lags[place + 1 :]),
            missed=habits.missed,
            found=habits.found + (others == 0),
            others=habits.others + others,
            minutes=habits.minutes + 60 + round(min(3_600.0, max(0.0, age)) / 60),
            since=habits.since,
        ),
        now,
    )


def learn_digits(habits: BankHabits, *, by_device: bool, agree: bool) -> BankHabits:
    """After one more match, not by chip, whose two sides told last four digits."""
    differing, agreeing = habits.with_token if by_device else habits.without
    counts = (differing + (not agree), agreeing + agree)
    if sum(counts) > MEMORY:
        counts = (counts[0] // 2, counts[1] // 2)
    return replace(habits, with_token=counts) if by_device else replace(habits, without=counts)


def learn_missing(habits: Habits, now: datetime) -> Habits:
    """After one more payment that was alone, and for which nothing came within a day."""
    return _faded(replace(habits, missed=habits.missed + 1), now)


def _faded(habits: Habits, now: datetime) -> Habits:
    if habits.since is None:
        return replace(habits, since=now)
    if habits.count <= MEMORY or now - habits.since < A_WEEK:
        return habits
    return Habits(
        lags=tuple([count // 2 for count in habits.lags]),
        missed=habits.missed // 2,
        found=habits.found // 2,
        others=habits.others // 2,
        minutes=habits.minutes // 2,
        since=now,
    )


def _share(counts: tuple[int, int], prior: tuple[float, float]) -> float:
    differing, agreeing = counts[0] + prior[0], counts[1] + prior[1]
    return min(0.95, max(0.01, differing / (differing + agreeing)))
