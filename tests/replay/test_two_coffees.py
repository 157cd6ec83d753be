"""Two equal coffees within a minute: each customer gets their own receipt, or none. COFFEES=10000 serves more."""

import os
from collections import Counter
from random import Random

import pytest

from tests.replay.coffees import Variation, served, variation

COFFEES = int(os.environ.get("COFFEES", "1000"))


def whole_pairs(made: Variation) -> int:
    """The customers whose payment and receipt both reach us."""
    return sum(count == 2 for count in Counter(side.key.removesuffix(".0")[-1] for _, side in made.sides).values())


@pytest.mark.timeout(600)
def test_two_equal_coffees_are_never_swapped() -> None:
    """By codes never; by time and card alone as rarely as a probability of 0.99 and more promises."""
    random, right, swapped, there = Random(23), Counter[str](), Counter[str](), Counter[str]()
    for number in range(COFFEES):
        made = variation(number, random)
        there[made.codes] += whole_pairs(made)
        for payment, receipt, _ in served(made):
            (right if payment == receipt else swapped)[made.codes] += 1
    print(
        *(f"codes by {each}: {right[each]} of {there[each]} right, {swapped[each]} wrong" for each in there), sep="\n"
    )
    assert swapped["both"] == 0
    assert right["both"] >= 0.999 * there["both"]
    assert all(count > 0.9 * there[codes] for codes, count in right.items())
    assert swapped.total() <= 0.001 * right.total()
