"""The budgets of the plain path: a body of 2 KB compressed, an exact amount, everything warm, either order."""

from collections.abc import Mapping

import pytest

from tests.budgets.meter import Meter
from tests.budgets.plain_path import (
    BATCH,
    BUDGETS,
    MATCHING,
    OF_PAYMENT,
    OF_RECEIPT,
    ORDERS,
    TILL,
    WEBHOOK,
    Counted,
    play,
    show,
    warm_up,
)
from tests.budgets.sales import CONSENTING, compressed_bytes, sale

FIRST_NUMBER = {"payment first": 1000, "receipt first": 2000}
SALES_AT_A_NEW_TILL = 100
CLOCK = "till's clock"


@pytest.fixture(scope="module")
def warm(meter: Meter) -> Meter:
    assert meter.consent(CONSENTING)["statusCode"] == 200
    warm_up(meter)
    return meter


@pytest.fixture(scope="module")
def counted(warm: Meter) -> Mapping[str, Counted]:
    """Both orders, played once and shown."""
    found = {}
    for name, order in ORDERS.items():
        sales = [sale(FIRST_NUMBER[name] + number, warm.now) for number in range(BATCH)]
        told = len(warm.wires)
        found[name] = play(warm, sales, order)
        assert len(warm.wires) - told == BATCH, "every sale is matched and delivered"
        show(name, found[name])
    return found


def test_the_bodies_counted_are_as_large_as_they_may_be(warm: Meter) -> None:
    sizes = [compressed_bytes(sale(number, warm.now).receipt) for number in range(BATCH)]
    assert min(sizes) > 2030
    assert max(sizes) <= 2048


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("figure", BUDGETS)
def test_a_matched_receipt_stays_within_its_budget(order: str, figure: str, counted: Mapping[str, Counted]) -> None:
    assert counted[order].figures[figure] <= BUDGETS[figure]


@pytest.mark.parametrize("order", ORDERS)
def test_a_transaction_or_tender_takes_one_unit_and_a_body_two(order: str, counted: Mapping[str, Counted]) -> None:
    units = {(one.on, one.operation): one.writes for one in counted[order].spent if one.writes}
    assert {units[on, "PutItem"] for on in ("transaction", "pointers")} == {1}
    assert units["receipt body", "PutItem"] == 2
    assert units["transaction + card tender", "TransactWriteItems"] == 2 * (1 + 1)


@pytest.mark.parametrize("order", ORDERS)
def test_a_side_without_a_candidate_sends_no_message(order: str, counted: Mapping[str, Counted]) -> None:
    first, second = (MATCHING[side] for side in ORDERS[order])
    sent = {step: _sent(counted[order], step) for step in (first, second)}
    assert sent == {first: [], second: [BATCH]}
    assert not any(one.delayed for one in counted[order].spent)


def _sent(counted: Counted, step: str) -> list[int]:
    return [one.messages for one in counted.at(step) if one.operation == "SendMessageBatch"]


def test_a_clock_is_written_while_it_is_learned_and_then_no_more(warm: Meter) -> None:
    spent = []
    for beginning in (3000, 3000 + SALES_AT_A_NEW_TILL):
        sales = [sale(beginning + number, warm.now, size=900, till="04") for number in range(SALES_AT_A_NEW_TILL)]
        counted = play(warm, sales, ORDERS["payment first"])
        of_clocks = [one for one in counted.spent if one.on == CLOCK]
        spent.append((sum(one.writes for one in of_clocks), sum(one.reads for one in of_clocks)))
    (writes, reads), then = spent
    print(f"\nA new till's clock over {SALES_AT_A_NEW_TILL} sales: {writes:g} write units, {reads:g} read units")
    print(f"and over the next {SALES_AT_A_NEW_TILL}: {then[0]:g} write units, {then[1]:g} read units")
    assert 4 <= writes <= 16
    assert reads <= 1
    assert then == (0, 0)


def test_a_body_of_8_kb_needs_no_s3(warm: Meter) -> None:
    counted = play(warm, [sale(4000, warm.now, size=8192)], ORDERS["payment first"])
    assert counted.figures["S3 calls"] == 0


def test_a_larger_body_goes_to_s3_once_and_comes_back_once(warm: Meter) -> None:
    counted = play(warm, [sale(4001, warm.now, size=12_000)], ORDERS["receipt first"])
    calls = [(one.step, one.operation) for one in counted.spent if one.on == "s3"]
    assert calls == [(TILL, "PutObject"), ("delivery", "GetObject")]


@pytest.mark.parametrize("step", [WEBHOOK, OF_PAYMENT, OF_RECEIPT])
def test_nothing_is_asked_twice_while_warm(step: str, counted: Mapping[str, Counted]) -> None:
    """Registrations, secrets and clocks come from memory."""
    for one in counted.values():
        assert not [spent for spent in one.at(step) if spent.on in ("secretsmanager", CLOCK)]
        assert not [spent for spent in one.at(step) if spent.on.startswith("ledger")]
