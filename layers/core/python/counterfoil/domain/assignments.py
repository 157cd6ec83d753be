"""How likely one pair is, when each side has at most one counterpart: exact where small, else a lower bound.

A hypothesis is a set of disjoint pairs; it weighs the product of its pairs' odds, and 1 if it is empty. With Z
the sum over all hypotheses (a permanent, nulls included), the posterior of a pair is the share of those holding it:

    P(i, j) = odds(i, j) · Z(without i and j) / Z

Pairs with odds below 1 are not summed one by one. They count as nulls: the null of a side is 1 + the sum of its
weak odds, and a linked pair's odds are divided by the nulls of both its sides, which errs towards a lower P. Z is
then exact over the group of sides that links join. Where the smaller side of that group has more than `EXACT`
members, P gets the bound that follows from Z(G) <= Z(G without i) · (1 + the sum of i's odds):

    P(i, j) >= odds(i, j) / (odds(i, j) + (1 + the sum of i's other odds) · (1 + the sum of j's other odds))

Example: two payments, two receipts, all four pairs with odds w: Z = 1 + 4w + 2w²,
P = (w + w²)/Z, below one half.
"""

from collections.abc import Callable, Mapping
from typing import Final

type Pair = tuple[int, int]

LINKED: Final = 1.0
EXACT: Final = 6
LARGEST_GROUP: Final = 40
"""Beyond so many sides a group is no more explored: the bound needs only the pair's own row and column."""


def posterior(odds: Callable[[int, int], float], rows: int, columns: int, pair: Pair) -> float:
    """The probability of `pair` (row, column), or a lower bound. `odds(row, column)`: finite, >= 0."""
    i, j = pair
    if odds(i, j) < LINKED:  # more likely not than so, rivals or none
        return odds(i, j) / (1 + odds(i, j))
    group = _Group(odds, rows, columns, pair)
    if min(len(group.rows), len(group.columns)) > EXACT or group.is_cut:
        return _bound(group.rows[i], group.columns[j], pair)
    links = group.links()
    rest = {(a, b): weight for (a, b), weight in links.items() if a != i and b != j}
    return links[pair] * all_matchings(rest) / all_matchings(links)


def all_matchings(links: Mapping[Pair, float]) -> float:
    """Z: the sum over all sets of disjoint pairs of the product of their odds; 1 for no links.

    Goes through the longer side; for each subset of the shorter side keeps the weight of having used just that.
    """
    longer = 0 if len({a for a, _ in links}) >= len({b for _, b in links}) else 1
    places = {member: 1 << n for n, member in enumerate(sorted({pair[1 - longer] for pair in links}))}
    totals = {0: 1.0}
    for member in sorted({pair[longer] for pair in links}):
        options = [(places[pair[1 - longer]], odds) for pair, odds in links.items() if pair[longer] == member]
        grown = dict(totals)
        for used, total in totals.items():
            for place, odds in options:
                if not used & place:
                    grown[used | place] = grown.get(used | place, 0.0) + total * odds
        totals = grown
    return sum(totals.values())


class _Group:
    """The rows and columns that links join to a pair, directly or through others, with the odds of each."""

    def __init__(self, odds: Callable[[int, int], float], rows: int, columns: int, pair: Pair) -> None:
        self.rows: dict[int, list[float]] = {}
        self.columns: dict[int, list[float]] = {}
        self.is_cut = False
        new_rows, new_columns = [pair[0]], [pair[1]]
        while new_rows or new_columns:
            if len(self.rows) + len(self.columns) > LARGEST_GROUP:
                self.is_cut = True
                return
            for a in new_rows:
                self.rows[a] = [odds(a, b) for b in range(columns)]
            for b in new_columns:
                self.columns[b] = [odds(a, b) for a in range(rows)]
            new_columns = sorted(
                {b for a in new_rows for b, weight in enumerate(self.rows[a]) if weight >= LINKED} - self.columns.keys()
            )
            new_rows = sorted(
                {a for c in self.columns for a, weight in enumerate(self.columns[c]) if weight >= LINKED}
                - self.rows.keys()
            )

    def links(self) -> dict[Pair, float]:
        """The odds of at least 1 within the group, each divided by the nulls of its row and its column."""
        of_rows = {a: _null(row) for a, row in self.rows.items()}
        of_columns = {b: _null(column) for b, column in self.columns.items()}
        return {
            (a, b): row[b] / (of_rows[a] * of_columns[b])
            for a, row in self.rows.items()
            for b in self.columns
            if row[b] >= LINKED
        }


def _bound(row: list[float], column: list[float], pair: Pair) -> float:
    """P's lower bound from the odds in the pair's own row and column."""
    i, j = pair
    null_of_row, null_of_column = _null(row), _null(column)
    against_row = 1 + sum(weight / null_of_row for b, weight in enumerate(row) if b != j and weight >= LINKED)
    against_column = 1 + sum(weight / null_of_column for a, weight in enumerate(column) if a != i and weight >= LINKED)
    odds = row[j] / (null_of_row * null_of_column)
    return odds / (odds + against_row * against_column)


def _null(odds: list[float]) -> float:
    return 1 + sum(weight for weight in odds if weight < LINKED)
