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

from collections.abc import Mapping, Sequence
from typing import Final

type Pair = tuple[int, int]

LINKED: Final = 1.0
EXACT: Final = 6


def posterior(odds: Sequence[Sequence[float]], pair: Pair) -> float:
    """The probability of `pair` (row, column), or a lower bound. `odds`: rows of finite numbers >= 0."""
    i, j = pair
    links = _links(odds)
    if pair not in links:  # more likely not than so, rivals or none
        return odds[i][j] / (1 + odds[i][j])
    rows, columns = _group_of(i, links)
    if min(len(rows), len(columns)) > EXACT:
        against_row = 1 + sum(weight for (a, b), weight in links.items() if a == i and b != j)
        against_column = 1 + sum(weight for (a, b), weight in links.items() if b == j and a != i)
        return links[pair] / (links[pair] + against_row * against_column)
    group = {(a, b): weight for (a, b), weight in links.items() if a in rows}
    rest = {(a, b): weight for (a, b), weight in group.items() if a != i and b != j}
    return links[pair] * all_matchings(rest) / all_matchings(group)


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


def _links(odds: Sequence[Sequence[float]]) -> dict[Pair, float]:
    row_nulls = [1 + sum(weight for weight in row if weight < LINKED) for row in odds]
    column_nulls = [1 + sum(weight for weight in column if weight < LINKED) for column in zip(*odds, strict=True)]
    return {
        (a, b): weight / (row_nulls[a] * column_nulls[b])
        for a, row in enumerate(odds)
        for b, weight in enumerate(row)
        if weight >= LINKED
    }


def _group_of(row: int, links: Mapping[Pair, float]) -> tuple[set[int], set[int]]:
    """The rows and the columns that links join to `row`, directly or through others."""
    rows, columns, size = {row}, set[int](), 0
    while size != len(rows) + len(columns):
        size = len(rows) + len(columns)
        columns |= {b for a, b in links if a in rows}
        rows |= {a for a, b in links if b in columns}
    return rows, columns
