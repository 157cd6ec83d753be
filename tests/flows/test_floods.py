"""A till that floods: another shop's customers never see what it makes up, its own shop's by a code that is right."""

from collections.abc import Iterator
from typing import Any

import pytest

from counterfoil.domain import flooding
from counterfoil.domain.flooding import Allowance
from counterfoil.domain.rates import Limits
from counterfoil.runtime import observe
from counterfoil.store import rates
from tests.flows.scenarios import Body, payment, receipt
from tests.world import World

ALLOWED = 12
NO_CODES = {"auth_code": None, "rrn": None}


@pytest.fixture
def flooded(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A till may send 12 receipts at once, and one every five seconds."""
    monkeypatch.setattr(flooding, "TILL", Allowance(Limits(per_second=1, burst=5 * ALLOWED), takes=5))
    counterfoil.consent()
    yield counterfoil
    rates.forget()


def made_up(world: World, number: int, *, codes: bool = True, **changes: Any) -> Body:
    """A receipt like that of the payment, of a till that guessed right, with its codes or without."""
    body = receipt(world, f"flood-{number}", **changes)
    body["lines"][0]["description"] = f"Made up {number}"
    if not codes:
        body["tenders"][0] = {name: value for name, value in body["tenders"][0].items() if name not in NO_CODES}
    return body


def spend_the_allowance(world: World) -> None:
    world.sells({"receipts": [made_up(world, number, amount=10_000 + number) for number in range(ALLOWED)]})


def delivered(world: World) -> list[str]:
    world.run(3600)
    return [notice["data"]["receipt"]["receipt_id"] for notice in world.notices()]


def test_a_receipt_that_names_another_shop_is_refused(flooded: World) -> None:
    elsewhere, anothers = made_up(flooded, 1, store_id="hove"), made_up(flooded, 2)
    anothers["tenders"][0]["merchant_id"] = "MID000200"
    for body in (elsewhere, anothers):
        assert flooded.signed("kite", "/v1/retailers/kite/receipts", body)["statusCode"] == 422
    assert flooded.queues["match"] == []


def test_another_shops_customers_never_see_it_whatever_it_guesses(flooded: World) -> None:
    theirs = payment(flooded)
    theirs["data"]["merchant"] |= {"merchant_id": "MID000200"}
    flooded.pays(theirs)
    for store in ("soho", "camden"):
        body = made_up(flooded, 0, store_id=store)
        body["tenders"][0].pop("merchant_id", None)
        flooded.sells(
            {"receipts": [body | {"receipt_id": f"{store}-{number}", "till_id": f"{number}"} for number in range(10)]}
        )
    assert delivered(flooded) == []
    own = made_up(flooded, 1, store_id="hove") | {"receipt_id": "hove-1"}
    own["tenders"][0].pop("merchant_id", None)
    flooded.sells(own, "fern")
    assert delivered(flooded) == ["hove-1"]


def test_beyond_its_allowance_a_till_is_matched_by_codes_alone(flooded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    monkeypatch.setattr(observe, "count", counted.extend)
    spend_the_allowance(flooded)
    flooded.pays(payment(flooded))
    flooded.pays(payment(flooded, "tx_2", amount=700))
    flooded.sells(made_up(flooded, 100, codes=False))
    flooded.sells(made_up(flooded, 101, amount=700))
    assert delivered(flooded) == ["flood-101"]
    assert counted.count("TillFlooding") == 2
    assert counted.count("ReceiptTaken") == ALLOWED + 2


@pytest.mark.parametrize(("seconds", "till"), [(60, "03"), (0, "04")], ids=["once it has paused", "its neighbour"])
def test_within_its_allowance_a_till_is_believed(flooded: World, seconds: int, till: str) -> None:
    spend_the_allowance(flooded)
    flooded.sells(made_up(flooded, 99, amount=9_999))
    flooded.pass_time(seconds)
    flooded.pays(payment(flooded))
    flooded.sells(made_up(flooded, 100, codes=False, till_id=till))
    assert delivered(flooded) == ["flood-100"]


def test_tills_that_do_not_exist_have_their_stores_allowance_together(
    flooded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flooding, "STORE", Allowance(Limits(per_second=1, burst=ALLOWED), takes=1))
    new_tills = [made_up(flooded, number, amount=10_000 + number, till_id=f"new-{number}") for number in range(ALLOWED)]
    flooded.sells({"receipts": new_tills})
    flooded.pays(payment(flooded))
    flooded.sells(made_up(flooded, 100, codes=False, till_id="new-100"))
    assert delivered(flooded) == []


def test_where_nothing_can_be_counted_nobody_is_doubted(flooded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(rates, "add", fails)
    spend_the_allowance(flooded)
    flooded.pays(payment(flooded))
    flooded.sells(made_up(flooded, 100, codes=False))
    assert delivered(flooded) == ["flood-100"]
