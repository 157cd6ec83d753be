"""What the facts of a payment come to: the same in any order, and the amounts and times to look for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain.facts import FAR, Face, Fact, FactKind, contradict, faces, is_void, together

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def fact(kind: FactKind, amount: int, minutes: float = 0) -> Fact:
    return Fact(AT + timedelta(minutes=minutes), kind, amount)


FACTS = st.builds(
    fact,
    st.sampled_from(["authorised", "cleared", "reversed", "refunded"]),
    st.integers(1, 9),
    st.integers(0, 60),
)


@given(st.lists(FACTS, max_size=8), st.randoms())
def test_the_same_facts_in_any_order_and_however_often(told: list[Fact], chance: Any) -> None:
    mixed = told + told[:3]
    chance.shuffle(mixed)
    known: tuple[Fact, ...] = ()
    for one in mixed:
        known = together(known, [one])
    assert known == together((), told)
    assert is_void(known) == is_void(together((), told))
    assert faces(known, AT) == faces(together((), told), AT)


def looked_for(*told: Fact) -> list[tuple[int, float]]:
    return [(face.amount, (face.at - AT).total_seconds() / 60) for face in faces(together((), told), AT)]


@pytest.mark.parametrize(
    ("about", "told", "expected"),
    [
        ("plain", [fact("authorised", 585)], [(585, 0)]),
        ("cleared alike", [fact("authorised", 585), fact("cleared", 585, 2000)], [(585, 0)]),
        ("a tip", [fact("authorised", 585), fact("cleared", 650, 1)], [(585, 0), (650, 0)]),
        ("a tip, days later", [fact("authorised", 585), fact("cleared", 650, 1440)], [(585, 0), (650, 0), (650, 1440)]),
        ("fuel", [fact("authorised", 9900), fact("cleared", 4523, 6)], [(9900, 0), (4523, 0), (4523, 6)]),
        ("fuel, the rest released", [fact("authorised", 9900), fact("reversed", 5377, 6)], [(9900, 0), (4523, 0)]),
        (
            "a shipment in two",
            [fact("authorised", 10000), fact("cleared", 6000, 30), fact("cleared", 4000, 60)],
            [(10000, 0), (6000, 0), (6000, 30), (4000, 0), (4000, 60)],
        ),
        (
            "a shipment in two, another sum",
            [fact("authorised", 10000), fact("cleared", 6000, 1), fact("cleared", 3000, 2)],
            [(10000, 0), (6000, 0), (3000, 0), (3000, 2), (9000, 0), (9000, 2)],
        ),
        ("a day's journeys", [fact("authorised", 10), fact("cleared", 890, 1200)], [(890, 0), (890, 1200)]),
        (
            "a pump that knows its litres",
            [fact("authorised", 9900), fact("authorised", 4523, 5)],
            [(4523, 0), (9900, 0)],
        ),
        ("authorised again", [fact("authorised", 585), fact("authorised", 585, 5)], [(585, 0)]),
        ("cleared only", [fact("cleared", 890, 1200)], [(890, 0), (890, 1200)]),
        ("reversed only", [fact("reversed", 585)], [(585, 0)]),
        ("a refund", [fact("refunded", 585)], [(585, 0)]),
    ],
)
def test_amounts_and_times(about: str, told: list[Fact], expected: list[tuple[int, float]]) -> None:
    assert looked_for(*told) == expected


def test_one_look_at_the_shop_never_sees_two_faces_of_an_amount() -> None:
    near = looked_for(fact("authorised", 585), fact("cleared", 650, FAR.total_seconds() / 60))
    assert near == [(585, 0), (650, 0)]
    assert Face(650, AT) in faces((fact("cleared", 650, 30),), AT)


@pytest.mark.parametrize(
    ("about", "told", "void"),
    [
        ("never reversed", [fact("authorised", 585)], False),
        ("reversed", [fact("authorised", 585), fact("reversed", 585, 1)], True),
        ("reversed, the rest unknown yet", [fact("reversed", 585, 1)], True),
        ("released in part", [fact("authorised", 9900), fact("reversed", 5377, 6)], False),
        (
            "in part, then cleared",
            [fact("authorised", 9900), fact("reversed", 5377, 6), fact("cleared", 4523, 7)],
            False,
        ),
        ("charged back", [fact("authorised", 9900), fact("cleared", 4523, 7), fact("reversed", 4523, 9)], True),
        (
            "charged back with the tip",
            [fact("authorised", 585), fact("cleared", 650, 7), fact("reversed", 650, 9)],
            True,
        ),
        ("charged back in part", [fact("authorised", 585), fact("cleared", 585, 7), fact("reversed", 85, 9)], False),
        (
            "reversed, and cleared all the same",
            [fact("authorised", 5), fact("reversed", 5, 1), fact("cleared", 5, 2)],
            False,
        ),
        (
            "less authorised, then reversed",
            [fact("authorised", 9), fact("authorised", 5, 1), fact("reversed", 5, 2)],
            True,
        ),
        ("a refund reversed", [fact("refunded", 585), fact("reversed", 585, 1)], True),
    ],
)
def test_when_nothing_is_left(about: str, told: list[Fact], void: bool) -> None:
    assert is_void(together((), told)) is void


def test_what_contradicts() -> None:
    known = [fact("authorised", 585), fact("cleared", 585, 5)]
    assert contradict(known, [fact("authorised", 586)])
    assert not contradict(known, [fact("authorised", 586, 1)])
    assert contradict(known, [fact("cleared", 586, 5)])
    assert not contradict(known, [fact("cleared", 586, 6)])
    assert not contradict(known, [fact("authorised", 585, 3), fact("reversed", 1)])
