"""The right receipt or none: what each piece of evidence is worth, and when to be silent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.domain.clocks import Clock
from counterfoil.domain.matching import Ambiguous, Match, Unmatched, Wait, decide
from counterfoil.domain.parameters import DEFAULT
from counterfoil.domain.sides import Codes, Side

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EARLY, SETTLED, LATE = (NOON + timedelta(seconds=seconds) for seconds in (3, 60, 3600))
KNOWN = {"till": Clock(offset=-100.0, spread=2.0, count=30, updated_at=NOON)}


def payment(key: str = "t1", seconds: float = 0.0, kind: str = "sale", **codes: str) -> Side:
    at = NOON + timedelta(seconds=seconds)
    return Side("transaction", key, at, max(at, NOON), kind, 325, "GBP", Codes(**codes))


def receipt(key: str = "r1", seconds: float = 1.0, kind: str = "sale", **codes: str) -> Side:
    """A receipt whose till's clock is 100 s slow, `seconds` after noon in truth."""
    at = NOON + timedelta(seconds=seconds)
    return Side("receipt", key, at - timedelta(seconds=100), max(at, NOON), kind, 325, "GBP", Codes(**codes), "till")


def unknown(side: Side) -> Side:
    """The same receipt from a till that is new to us and whose clock is right."""
    return replace(side, till="new till", at=side.at + timedelta(seconds=100))


def confidence(subject: Side, *others: Side, now: datetime = LATE) -> float:
    decision = decide(subject, others, KNOWN, now)
    return decision.confidence if isinstance(decision, Match) else 0.0


def test_the_example_of_the_docstring_comes_out():
    two_days_later = NOON + timedelta(days=2)
    assert decide(payment(), [receipt()], KNOWN, two_days_later) == Match(
        "r1", "time", 0.9999, ("1 second apart by the till's clock", "No other payment of this amount nearby")
    )
    strangers = [receipt(f"s{n}", 600 + 60 * n) for n in range(10)]
    assert decide(payment(), [receipt(), *strangers], KNOWN, two_days_later).confidence == pytest.approx(
        0.999, abs=5e-4
    )


@pytest.mark.parametrize(
    ("codes", "method"),
    [
        ({"rrn": "a"}, "rrn"),
        ({"auth": "a"}, "auth_code"),
        ({"auth": "a", "rrn": "b", "last4": "c"}, "rrn"),
        ({"last4": "a", "terminal": "b"}, "card_and_time"),
    ],
)
def test_codes_decide_at_once_also_by_an_unknown_clock(codes, method):
    decision = decide(payment(**codes), [unknown(receipt(**codes))], {}, EARLY)
    assert isinstance(decision, Match)
    assert decision.method == method


def test_time_alone_counts_for_more_the_less_a_receipt_may_still_be_on_its_way():
    strangers = [receipt(f"s{n}", 600 + 60 * n) for n in range(4)]
    moments = (EARLY, SETTLED, LATE, LATE + timedelta(days=2))
    rising = [confidence(payment(), receipt(), *strangers, now=now) for now in moments]
    assert rising == sorted(rising)
    assert rising[0] == 0.0 < rising[2] < rising[3]


def test_a_receipt_by_an_unknown_clock_without_codes_is_not_taken_at_once():
    assert isinstance(decide(payment(), [unknown(receipt())], {}, EARLY), Wait)
    assert not isinstance(decide(payment(), [unknown(receipt(seconds=90))], {}, LATE), Match)


@pytest.mark.parametrize("apart", [10, 60, 300])
def test_far_apart_by_a_known_clock_is_not_taken_without_codes(apart):
    assert not isinstance(decide(payment(), [receipt(seconds=apart)], KNOWN, SETTLED), Match)


def test_different_rrns_never_match():
    ours, theirs = payment(rrn="a", auth="c", last4="d"), receipt(rrn="b", auth="c", last4="d")
    assert isinstance(decide(ours, [theirs], KNOWN, SETTLED), Unmatched)


def test_different_authorisation_codes_all_but_exclude():
    assert isinstance(decide(payment(auth="a"), [receipt(auth="b")], KNOWN, SETTLED), Unmatched)
    near = decide(
        payment(auth="a", last4="c", terminal="d"), [receipt(auth="b", last4="c", terminal="d")], KNOWN, SETTLED
    )
    assert isinstance(near, Wait)
    misprint = decide(payment(auth="a", rrn="c"), [receipt(auth="b", rrn="c")], KNOWN, SETTLED)
    assert isinstance(misprint, Match)
    assert "Authorisation codes differ" in misprint.reasons


def test_a_code_on_the_other_candidate_speaks_against_this_one():
    assert decide(payment(auth="a"), [receipt("r1", auth="b"), receipt("r2", 20, auth="a")], KNOWN, EARLY).key == "r2"


def test_nothing_there_wait_and_ambiguous_are_told_apart_by_age():
    twins = [receipt("r1", 1), receipt("r2", 2)]
    assert isinstance(decide(payment(), [payment("t2")], KNOWN, EARLY), Unmatched)
    assert isinstance(decide(payment(), twins, KNOWN, NOON + timedelta(seconds=599)), Wait)
    assert isinstance(decide(payment(), twins, KNOWN, NOON + timedelta(seconds=600)), Ambiguous)
    short = replace(DEFAULT, look_again=(2, 4, 8))
    assert isinstance(decide(payment(), twins, KNOWN, NOON + timedelta(seconds=8), settings=short), Ambiguous)
    assert isinstance(decide(payment(), [receipt()], KNOWN, NOON + timedelta(seconds=4), settings=short), Match)


def test_a_truncated_page_claims_nothing():
    ours, theirs = payment(rrn="a"), receipt(rrn="a")
    assert isinstance(decide(ours, [theirs], KNOWN, SETTLED), Match)
    assert isinstance(decide(ours, [theirs], KNOWN, SETTLED, truncated=True), Wait)
    assert isinstance(decide(ours, [theirs], KNOWN, LATE, truncated=True), Ambiguous)


def test_a_reprint_with_the_same_codes_is_not_guessed():
    assert isinstance(
        decide(payment(auth="a"), [receipt("r1", auth="a"), receipt("r2", auth="a")], KNOWN, LATE), Ambiguous
    )


def test_refunds_need_a_code_or_a_card():
    ours, theirs = payment(kind="refund"), receipt(seconds=-7200, kind="refund")
    assert isinstance(decide(ours, [theirs], KNOWN, LATE), Ambiguous)
    card = Codes(last4="a")
    found = decide(replace(ours, codes=card), [replace(theirs, codes=card)], KNOWN, LATE)
    assert isinstance(found, Match)
    assert found.reasons[:2] == ("Last four digits agree", "2 hours apart")


def test_the_more_it_is_crowded_the_less_it_is_sure():
    strangers = [receipt(f"s{n}", seconds) for n, seconds in enumerate((60, -70, 100, -130, 170))]
    falling = [confidence(payment(), receipt(), *strangers[:n]) for n in range(6)]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] > 0.998 > falling[-1]


@pytest.mark.parametrize(("card", "apart", "young"), [({}, 2, 0.0), ({"last4": "a"}, 40, 0.994)])
def test_by_time_alone_a_day_old_payment_needs_no_more_than_by_a_card(card, apart, young):
    """By then receipts that come hours late are in. What a card speaks for is as sure on the first day."""
    strangers = [receipt(f"s{n}", 600 + 10 * n) for n in range(30)]
    pair = payment(**card), receipt(seconds=apart, **card)
    first, later = (confidence(*pair, *strangers, now=NOON + timedelta(hours=hours)) for hours in (23, 24))
    assert first == pytest.approx(young, abs=1e-3)
    assert DEFAULT.threshold <= later < DEFAULT.threshold_by_time


def test_the_further_apart_the_less_it_is_sure():
    falling = [confidence(payment(), receipt(seconds=seconds)) for seconds in (0, 1, 2, 4, 8, 60)]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] > falling[3] > falling[5] == 0.0


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"last4": "a"}, {}),
        ({}, {"last4": "b"}),
        ({"auth": "a"}, {"auth": "b"}),
        ({"terminal": "a"}, {"terminal": "b"}),
    ],
)
def test_better_evidence_never_lowers_the_confidence(better, worse):
    ours = payment(last4="a", auth="a", terminal="a")
    assert confidence(ours, receipt(seconds=3, **better)) > confidence(ours, receipt(seconds=3, **worse))


def test_confidence_is_never_certainty():
    assert confidence(payment(rrn="a", auth="a"), receipt(rrn="a", auth="a")) == 0.9999


def two_coffees(random: Random) -> list[Side]:
    """Two sales within a minute at one till, no codes; the receipt of sale n is r{n}, its payment t{n}."""
    times = {"1": 0.0, "2": random.uniform(0, 60)}
    return [payment(f"t{n}", seconds) for n, seconds in times.items()] + [
        receipt(f"r{n}", seconds + random.gauss(0, 1)) for n, seconds in times.items()
    ]


def test_two_equal_coffees_are_never_swapped_in_ten_thousand_variations():
    random = Random(7)
    matched = 0
    for _ in range(10_000):
        sides = two_coffees(random)
        subject = random.choice(sides)
        present = [side for side in sides if side is not subject and random.random() < 0.97]
        decision = decide(subject, present, KNOWN, random.choice([SETTLED, LATE, LATE + timedelta(days=2)]))
        if isinstance(decision, Match):
            matched += 1
            assert decision.key[1] == subject.key[1]
    assert matched > 500


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_two_equal_coffees_with_codes_are_both_right_in_any_order(order):
    sides = [payment("t1", auth="a"), payment("t2", 20, auth="b"), receipt("r1", auth="a"), receipt("r2", 21, auth="b")]
    undecided: list[Side] = []
    found = set()
    for subject in (sides[n] for n in order):
        decision = decide(subject, undecided, {}, EARLY)
        if isinstance(decision, Match):
            found.add(frozenset((subject.key, decision.key)))
            undecided = [side for side in undecided if side.key != decision.key]
        else:
            undecided.append(subject)
    assert found == {frozenset(("t1", "r1")), frozenset(("t2", "r2"))}


@pytest.mark.parametrize("now", [EARLY, SETTLED, LATE])
def test_two_coffees_in_the_same_seconds_without_codes_wait_then_stay_silent(now):
    sides = [payment("t1"), payment("t2", 2), receipt("r1", 1), receipt("r2", 3)]
    expected = Ambiguous if now == LATE else Wait
    assert all(isinstance(decide(s, [o for o in sides if o is not s], KNOWN, now), expected) for s in sides)


code = st.sampled_from([None, None, "a", "b"])
seconds = st.integers(-200, 200)


@st.composite
def crowds(draw: st.DrawFn) -> list[Side]:
    def some(make, letter):
        count = draw(st.integers(1, 4))
        return [
            make(f"{letter}{n}", draw(seconds), auth=draw(code), last4=draw(code), rrn=draw(code)) for n in range(count)
        ]

    return some(payment, "t") + some(receipt, "r")


@settings(max_examples=300, deadline=None)
@given(crowds(), st.sampled_from([EARLY, SETTLED, LATE]), st.randoms(use_true_random=False))
def test_either_side_first_gives_the_same_match_whatever_the_order(sides, now, random):
    for subject in sides:
        decision = decide(subject, [side for side in sides if side is not subject], KNOWN, now)
        if not isinstance(decision, Match):
            continue
        shuffled = [side for side in sides if side.key != decision.key]
        random.shuffle(shuffled)
        counterpart = next(side for side in sides if side.key == decision.key)
        assert decide(counterpart, shuffled, KNOWN, now) == replace(decision, key=subject.key)


def test_a_crowd_beyond_exact_sums_still_finds_what_has_a_code():
    crowd = [payment(f"t{n}", n, auth=f"{n}") for n in range(20)] + [receipt(f"r{n}", n) for n in range(20)]
    subject = receipt("mine", 7, auth="7")
    assert decide(subject, crowd, {}, SETTLED).key == "t7"
    assert isinstance(decide(receipt("plain", 7), crowd, {}, LATE), Ambiguous)
