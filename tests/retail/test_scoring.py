"""The score of matches that were made by hand, and the intervals of shares."""

from dataclasses import replace

import pytest

from infra.sandbox.quality.misses import count
from infra.sandbox.quality.scoring import Score, interval, ppm, quantile, score, within
from infra.sandbox.quality.truth import Fact, Payment, Said

ANNA, BEN, CORA = ("openbank", "tx_anna"), ("openbank", "tx_ben"), ("openbank", "tx_cora")


def fact(
    customer: str, *receipt_ids: str, told: float = 100.0, receipt: float | None = 103.0, void: bool = False
) -> Fact:
    return Fact(customer, "kite", "coffee", frozenset(receipt_ids), void, told, receipt, ("phone", customer))


FACTS: dict[Payment, Fact] = {
    ANNA: fact("anna", "r-anna", "r-anna-copy"),
    BEN: fact("ben", "r-ben", receipt=104.0),
    CORA: fact("cora", receipt=None),
}


def said(payment: Payment, receipt_id: str, at: float = 104.0, confidence: float = 0.995) -> Said:
    return Said(payment, ("kite", receipt_id), at, confidence)


def taken_back(match: Said, at: float) -> Said:
    return replace(match, at=at, withdrawn=True)


def test_right_matches_are_found_also_by_a_copy() -> None:
    result = score(FACTS, [said(ANNA, "r-anna-copy"), said(BEN, "r-ben")])
    assert (result.payments, result.found, result.missed, result.recall) == (2, 2, 0, 1.0)
    assert (result.given, result.wrong) == (2, 0)


def test_what_is_said_of_a_payment_whose_receipt_was_lost_is_wrong() -> None:
    result = score(FACTS, [said(CORA, "r-ben")])
    assert (result.given, result.wrong, result.own) == (1, 1, 0)
    assert (result.payments, result.found, result.missed) == (2, 0, 2)


def test_another_payments_receipt_is_wrong_and_not_missed() -> None:
    result = score(FACTS, [said(ANNA, "r-ben")])
    assert (result.wrong, result.found, result.missed) == (1, 0, 1)


def test_the_same_receipt_id_of_another_retailer_is_wrong() -> None:
    result = score(FACTS, [Said(ANNA, ("lark", "r-anna"), 104.0, 0.99)])
    assert (result.wrong, result.found) == (1, 0)


def test_another_receipt_of_the_same_customer_is_wrong_and_told_apart() -> None:
    facts = FACTS | {BEN: fact("anna", "r-ben")}
    result = score(facts, [said(ANNA, "r-ben")])
    assert (result.wrong, result.own) == (1, 1)


def test_what_was_given_out_counts_also_when_it_is_taken_back() -> None:
    wrong = said(ANNA, "r-ben")
    result = score(FACTS, [wrong, taken_back(wrong, 200.0), said(ANNA, "r-anna", at=201.0)])
    assert (result.given, result.wrong, result.found) == (2, 1, 1)
    right = said(ANNA, "r-anna")
    assert score(FACTS, [right, taken_back(right, 200.0)]).found == 0


def test_a_reversed_payment_misses_nothing() -> None:
    facts = {ANNA: fact("anna", "r-anna", void=True)}
    right = said(ANNA, "r-anna")
    result = score(facts, [right, taken_back(right, 200.0)])
    assert (result.payments, result.given, result.wrong, result.missed) == (0, 1, 0, 0)


def test_after_fifteen_seconds_only_what_had_arrived_counts() -> None:
    facts = {
        ANNA: fact("anna", "r-anna"),
        BEN: fact("ben", "r-ben", receipt=110.0),
        CORA: fact("cora", "r-cora", receipt=115.1),
    }
    result = score(
        facts, [said(ANNA, "r-anna", at=115.0), said(BEN, "r-ben", at=115.1), said(CORA, "r-cora", at=200.0)]
    )
    assert (result.arrived, result.prompt_found, result.prompt_given, result.prompt_wrong) == (2, 1, 1, 0)
    assert (result.payments, result.found) == (3, 3)


def test_an_early_wrong_match_is_wrong_early() -> None:
    result = score(FACTS, [said(ANNA, "r-ben", at=115.0), said(BEN, "r-anna", at=116.0)])
    assert (result.prompt_given, result.prompt_wrong, result.wrong) == (1, 1, 2)


def test_waiting_counts_from_when_both_were_here() -> None:
    result = score(FACTS, [said(ANNA, "r-anna", at=103.0), said(BEN, "r-ben", at=119.04)])
    assert result.waits == {0: 1, 150: 1}
    assert result.delays == {30: 1, 190: 1}
    assert [quantile(result.waits, share) for share in (0.5, 0.9)] == [0.0, 15.0]
    assert [within(result.waits, seconds) for seconds in (0, 14.9, 15)] == [1, 1, 2]
    assert quantile({}, 0.5) == 0.0


def test_confidence_is_counted_by_its_bin() -> None:
    result = score(FACTS, [said(ANNA, "r-anna", confidence=0.9999), said(BEN, "r-anna", confidence=0.9919)])
    assert result.bins == {0.9999: 1, 0.99: 1}
    assert result.bins_right == {0.9999: 1, 0.99: 0}
    assert [result.said(start) for start in (0.9999, 0.99)] == pytest.approx([0.9999, 0.9919])


def test_scores_add_up() -> None:
    one = score(FACTS, [said(ANNA, "r-anna"), said(BEN, "r-anna")])
    both = one + one
    assert (both.payments, both.found, both.wrong, both.waits) == (4, 2, 2, {10: 2})
    assert Score() + one == one


# From the formula of Wilson (1927) as the binomial's textbook examples give it.
@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(0, 10, 0.0, 0.27753), (10, 10, 0.72247, 1.0), (5, 10, 0.23659, 0.76341), (1, 100, 0.00177, 0.05449)],
)
def test_interval_of_a_share(hits: int, trials: int, low: float, high: float) -> None:
    assert interval(hits, trials) == pytest.approx((low, high), abs=5e-5)


def test_interval_where_nothing_was_tried() -> None:
    assert interval(0, 0) == (0.0, 1.0)


def test_parts_per_million() -> None:
    share, low, high = ppm(18, 1_000_000)
    assert share == 18
    assert (low, high) == pytest.approx((11.4, 28.5), abs=0.1)


def test_misses_are_counted_by_kind_of_sale() -> None:
    left = {BEN: ("ambiguous", "Several receipts nearby could belong")}
    result = count(FACTS, [said(ANNA, "r-ben", at=116.0)], left)
    assert result.payments == {"(all)": 2, "coffee": 2, "phone": 2, "anna": 1, "ben": 1}
    assert result.missed == {"(all)": 1, "coffee": 1, "phone": 1, "ben": 1}
    assert result.late["(all)"] == 2
    assert result.wrong["anna"] == 1
    assert result.why == {"ambiguous: Several receipts nearby could belong": 1}
    assert "its own is r-anna r-anna-copy" in result.examples[0]
    assert (result + result).missed["phone"] == 2
