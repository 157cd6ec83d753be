"""One amount, no codes, clocks up to three minutes wrong: days of trade at a `simulated_shop`."""

from functools import cache

import pytest

from counterfoil.domain.parameters import DEFAULT
from tests.domain.simulated_shop import Outcome, Shop, trade

PAIRS_ONLY = Shop(sales=1000, gap=60.0, with_us=1.0, lost=0.0, last4=False)
WALLETS_AND_STRANGERS = Shop(sales=3333, gap=130.0)
SEEDS = range(2)


@cache
def outcome(shop: Shop, seed: int) -> Outcome:
    return trade(shop, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_thousand_pairs_by_time_alone(seed):
    result = outcome(PAIRS_ONLY, seed)
    assert result.pairs == 1000
    assert result.wrong == 0
    assert result.right >= 500


def test_a_thousand_payments_among_strangers_wallets_and_lost_receipts():
    results = [outcome(WALLETS_AND_STRANGERS, seed) for seed in SEEDS]
    assert min(result.payments for result in results) > 900
    assert all(result.right >= result.pairs / 2 for result in results)
    given = sum(result.right + result.wrong for result in results)
    assert sum(result.wrong for result in results) / given <= 1 - DEFAULT.threshold_by_time


def test_what_is_called_99_percent_is_right_99_times_in_a_hundred():
    """By time alone, late and lost receipts among strangers: the hardest place that still gives matches."""
    hard = Shop(sales=3333, gap=600.0, last4=False, late=0.1)
    results = [trade(hard, seed) for seed in range(2)]
    given = [confidence for result in results for confidence, _ in result.confidences]
    wrong = sum(result.wrong for result in results)
    assert len(given) > 800
    assert min(given) >= 0.99
    assert wrong / len(given) <= 0.01
