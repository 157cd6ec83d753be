"""The naive methods on sales that were made by hand, and on files."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra.retail.recipe import SCENARIOS
from infra.retail.trading import write
from infra.sandbox.quality.naive import (
    DAY,
    HOUR,
    Paid,
    Tender,
    auth_else_last4,
    nearest_in_time,
    payments,
    tenders,
)
from infra.sandbox.quality.scoring import score
from infra.sandbox.quality.truth import Said, facts


def paid(name: str, at: float, auth: str | None = None, last4: str | None = None, *amounts: int) -> Paid:
    return Paid(("openbank", name), "MID1", "sale", at, at + 2, auth, last4, list(amounts or (325,)))


def tender(
    name: str, at: float, auth: str | None = None, last4: str | None = None, amount: int = 325, shop: str = "MID1"
) -> Tender:
    return Tender(("kite", name), (shop, "sale", amount), at, at + 5, auth, last4)


def pairs(said: list[Said]) -> Iterator[tuple[str, str]]:
    return ((match.payment[1], match.receipt[1]) for match in said)


def test_the_nearest_of_the_shop_and_amount_is_taken_once() -> None:
    printed = [tender("a", 60.0), tender("b", 101.0), tender("c", 100.0, amount=326), tender("d", 100.0, shop="MID2")]
    said = nearest_in_time([paid("first", 100.0), paid("second", 102.0), paid("third", 103.0)], printed)
    assert list(pairs(said)) == [("first", "b"), ("second", "a")]
    assert [match.at for match in said] == [106.0, 104.0]


@pytest.mark.parametrize(("apart", "found"), [(HOUR, 1), (HOUR + 1, 0)])
def test_nearest_looks_an_hour_far(apart: float, found: int) -> None:
    assert len(nearest_in_time([paid("tx", 10 * HOUR)], [tender("a", 10 * HOUR + apart)])) == found


def test_refunds_are_looked_for_over_a_week() -> None:
    back = replace(paid("tx", 0.0), kind="refund")
    printed = replace(tender("a", 6 * DAY), place=("MID1", "refund", 325))
    assert list(pairs(nearest_in_time([back], [printed]))) == [("tx", "a")]


def test_every_amount_of_a_payment_is_tried_the_last_first() -> None:
    with_tip = paid("tx", 100.0, None, None, 360, 325)
    assert list(pairs(nearest_in_time([with_tip], [tender("bare", 101.0)]))) == [("tx", "bare")]
    both = [tender("bare", 101.0), tender("tip", 160.0, amount=360)]
    assert list(pairs(nearest_in_time([with_tip], both))) == [("tx", "tip")]


def test_the_code_decides_else_the_only_last4() -> None:
    printed = [
        tender("coded", 5000.0, auth="A1", last4="1111"),
        tender("one", 103.0, last4="2222"),
        tender("two", 104.0, last4="3333"),
        tender("twin", 105.0, last4="3333"),
        tender("other code", 106.0, auth="B2", last4="4444"),
    ]
    sales = [
        paid("by code", 100.0, auth="A1"),
        paid("by last4", 101.0, last4="2222"),
        paid("of two", 102.0, last4="3333"),
        paid("differs", 103.0, auth="C3", last4="4444"),
        paid("nothing", 104.0),
    ]
    assert list(pairs(auth_else_last4(sales, printed))) == [("by code", "coded"), ("by last4", "one")]


def test_on_files_as_they_are_made(tmp_path: Path) -> None:
    write(replace(SCENARIOS["auth-codes"], sales=2000), 1, tmp_path)
    truth, sales, printed = facts(tmp_path), payments(tmp_path), tenders(tmp_path)
    assert {sale.payment for sale in sales} == {payment for payment, fact in truth.items() if not fact.void}
    codes, nearest = score(truth, auth_else_last4(sales, printed)), score(truth, nearest_in_time(sales, printed))
    assert codes.recall > 0.98
    assert codes.wrong == 0
    assert nearest.recall > 0.8
    assert nearest.wrong > 0
