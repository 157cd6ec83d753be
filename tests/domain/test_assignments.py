"""The posterior of one pair among rivals, against a sum over every possible assignment."""

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain import assignments


def hypotheses(rows: int, columns: frozenset[int], row: int = 0) -> list[tuple[tuple[int, int], ...]]:
    """Every set of disjoint pairs."""
    if row == rows:
        return [()]
    without = hypotheses(rows, columns, row + 1)
    return without + [((row, c), *rest) for c in columns for rest in hypotheses(rows, columns - {c}, row + 1)]


def summed(odds: list[list[float]], pair: tuple[int, int]) -> float:
    everything = hypotheses(len(odds), frozenset(range(len(odds[0]))))
    weights = {one: prod(odds[a][b] for a, b in one) for one in everything}
    return sum(weight for one, weight in weights.items() if pair in one) / sum(weights.values())


def posterior(odds: list[list[float]], pair: tuple[int, int]) -> float:
    return assignments.posterior(lambda row, column: odds[row][column], len(odds), len(odds[0]), pair)


def tables(weakest: float) -> st.SearchStrategy[list[list[float]]]:
    row = st.integers(1, 4).map(lambda width: st.lists(st.floats(weakest, 1e6), min_size=width, max_size=width))
    return row.flatmap(lambda rows: st.lists(rows, min_size=1, max_size=4))


@given(tables(weakest=1.0))
def test_linked_pairs_are_summed_exactly(odds):
    assert posterior(odds, (0, 0)) == pytest.approx(summed(odds, (0, 0)), rel=1e-9)


@given(tables(weakest=1.0))
def test_beyond_the_exact_size_it_is_a_lower_bound(odds):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignments, "EXACT", 0)
        assert posterior(odds, (0, 0)) <= summed(odds, (0, 0)) * (1 + 1e-9)


def test_the_bound_still_finds_what_stands_out():
    odds = [[1e9 if a == b == 3 else 5.0 for b in range(9)] for a in range(9)]
    assert 0.99 < posterior(odds, (3, 3)) < 1
    assert posterior(odds, (4, 4)) < 0.2


def test_weak_rivals_count_against_a_pair():
    alone, rivalled = posterior([[200.0]], (0, 0)), posterior([[200.0, 0.9], [0.9, 0.0]], (0, 0))
    assert alone == pytest.approx(200 / 201)
    assert rivalled < alone
    assert rivalled <= summed([[200.0, 0.9], [0.9, 0.0]], (0, 0))


def test_two_equal_pairs_are_below_one_half():
    assert posterior([[10.0, 10.0], [10.0, 10.0]], (0, 0)) == pytest.approx((10 + 100) / (1 + 40 + 200))
