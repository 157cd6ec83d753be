"""What banks and tills tell later: corrections, clearings, reversals, refunds; and either side first."""

import itertools

import pytest

from counterfoil.runtime.http import Answer
from tests.audit import audit, held, kept
from tests.flows.scenarios import (
    Body,
    cleared,
    know_the_clock,
    payment,
    receipt,
    reversed_payment,
    tell,
    two_tenders,
    with_lines,
    without_codes,
)
from tests.world import World


def types(world: World) -> list[tuple[str, int]]:
    return [(notice["type"].removeprefix("receipt."), notice["data"]["version"]) for notice in world.notices()]


@pytest.mark.parametrize("large", [False, True])
def test_either_side_first_makes_the_same_delivery(shop: World, large: bool) -> None:
    bodies = [payment(shop), with_lines(receipt(shop), 400) if large else receipt(shop)]
    beginning, made = shop.remember(), []
    for order in itertools.permutations(bodies):
        shop.restore(beginning)
        tell(shop, *order)
        made.append([(wire.headers["webhook-id"], wire.body) for wire in shop.wires])
    assert made[0] == made[1]
    assert len(made[0]) == 1


def test_a_correction_of_the_same_amount_is_the_next_version_of_the_same_match(shop: World) -> None:
    tell(shop, payment(shop), receipt(shop), receipt(shop, till_id="04"))
    first, second = (notice["data"] for notice in shop.notices())
    assert types(shop) == [("matched", 1), ("corrected", 2)]
    assert first["match_id"] == second["match_id"]
    assert first["delivery_id"] != second["delivery_id"]
    assert second["receipt"]["till_id"] == "04"
    audit(shop)


def test_a_correction_to_another_amount_withdraws_and_decides_again(shop: World) -> None:
    other = payment(shop, "tx_0002", amount=600)
    tell(shop, payment(shop), other, receipt(shop), receipt(shop, amount=600))
    assert sorted(types(shop)) == [("matched", 1), ("matched", 1), ("withdrawn", 2)]
    assert held(shop).keys() == {"tx_0002"}
    [withdrawn] = [notice["data"] for notice in shop.notices() if notice["type"] == "receipt.withdrawn"]
    assert withdrawn["match_id"] == shop.notices()[0]["data"]["match_id"]
    assert "receipt" not in withdrawn
    tell(shop, receipt(shop, "soho-03-000200"))
    assert types(shop)[3:] == [("matched", 3)]
    assert held(shop)["tx_0001"]["receipt_id"] == "soho-03-000200"
    audit(shop)


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_versions_order_corrections_however_they_arrive(shop: World, order: tuple[int, ...]) -> None:
    tell(shop, payment(shop), *(receipt(shop, version=number, till_id=f"0{number}") for number in order))
    assert held(shop)["tx_0001"]["till_id"] == "03"
    assert shop.notices()[-1]["data"]["receipt"]["version"] == 3
    audit(shop)


def test_a_body_already_seen_is_a_repeat(shop: World) -> None:
    old, new = receipt(shop), receipt(shop, till_id="04")
    tell(shop, payment(shop), old, new, old, new, old)
    assert types(shop) == [("matched", 1), ("corrected", 2)]
    assert held(shop)["tx_0001"]["till_id"] == "04"
    audit(shop)


def test_a_tender_that_vanishes_and_comes_back(shop: World) -> None:
    cash = receipt(shop) | {"tenders": [{"type": "cash", "amount": 585}]}
    tell(shop, payment(shop), receipt(shop), cash)
    assert types(shop) == [("matched", 1), ("withdrawn", 2)]
    audit(shop)
    tell(shop, receipt(shop, till_id="05"))
    assert types(shop)[2:] == [("matched", 3)]
    audit(shop)


def test_a_tender_that_appears(shop: World) -> None:
    cash = receipt(shop) | {"tenders": [{"type": "cash", "amount": 585}]}
    tell(shop, payment(shop), cash)
    assert types(shop) == []
    tell(shop, receipt(shop))
    assert types(shop) == [("matched", 1)]
    audit(shop)


def test_a_split_tender_becomes_one(shop: World) -> None:
    tell(shop, payment(shop, amount=300), two_tenders(shop))
    [notice] = shop.notices()
    assert [tender["type"] for tender in notice["data"]["receipt"]["tenders"]] == ["card", "card"]
    assert set(notice["data"]["receipt"]["tenders"][1]) == {"type", "amount"}
    tell(shop, receipt(shop, "soho-split"))
    assert types(shop) == [("matched", 1), ("withdrawn", 2)]
    audit(shop)


def test_refunds_match_refunds_only(shop: World) -> None:
    back = payment(shop, "tx_back", direction="credit", status="refunded") | {"type": "transaction.refunded"}
    tell(shop, back, receipt(shop))
    assert types(shop) == []
    tell(shop, receipt(shop, "soho-refund", kind="refund"))
    assert {name: one["receipt_id"] for name, one in held(shop).items()} == {"tx_back": "soho-refund"}
    audit(shop)


def test_reversed_before_authorised_matches_nothing(shop: World) -> None:
    tell(shop, reversed_payment(shop), receipt(shop), payment(shop))
    shop.run()
    assert shop.notices() == []
    audit(shop)


def test_a_reversal_after_the_match_takes_the_receipt_back(shop: World) -> None:
    tell(shop, payment(shop), receipt(shop), reversed_payment(shop))
    assert types(shop) == [("matched", 1), ("withdrawn", 2)]
    assert shop.notices()[1]["data"]["match"]["reasons"] == ["The payment was reversed"]
    assert held(shop) == {}
    audit(shop)


def test_a_reversed_payment_is_not_looked_for_again_when_its_receipt_goes(shop: World) -> None:
    tell(shop, payment(shop), receipt(shop), reversed_payment(shop), receipt(shop, amount=700))
    tell(shop, receipt(shop, "soho-03-000200"))
    assert types(shop) == [("matched", 1), ("withdrawn", 2)]
    audit(shop)


def test_a_contradictory_fact_is_set_aside_and_counted(shop: World, capsys: pytest.CaptureFixture[str]) -> None:
    tell(shop, payment(shop), payment(shop, amount=999))
    assert "ContradictoryFact" in capsys.readouterr().out
    [known] = kept()[0].values()
    assert [(fact.kind, fact.amount) for fact in known.facts] == [("authorised", 585)]
    tell(shop, receipt(shop))
    assert types(shop) == [("matched", 1)]
    audit(shop)


@pytest.mark.parametrize("when", ["before the receipt", "after the match"])
def test_clearing_at_another_amount_is_kept_and_changes_nothing(shop: World, when: str) -> None:
    later = [receipt(shop), cleared(shop, amount=650)]
    tell(shop, payment(shop), *(later if when == "after the match" else reversed(later)))
    [known] = kept()[0].values()
    assert sorted((fact.kind, fact.amount) for fact in known.facts) == [("authorised", 585), ("cleared", 650)]
    assert types(shop) == [("matched", 1)]
    audit(shop)


def test_a_fact_told_between_two_tries_changes_no_byte(shop: World) -> None:
    from_bank = [503, 200]
    shop.answer = lambda wire: Answer(from_bank.pop(0))
    late = cleared(shop) | {"timestamp": "2026-11-21T09:14:50Z"}
    tell(shop, late, receipt(shop), payment(shop))
    shop.run()
    assert len({wire.body for wire in shop.wires}) == 1
    assert len(shop.wires) == 2
    audit(shop, deaths=1)


def coffees(world: World, with_codes: bool) -> list[Body]:
    bodies: list[Body] = []
    for number, code in ((1, "AAAAAA"), (2, "BBBBBB")):
        paid = payment(world, f"tx_{number}", auth_code=code, rrn=None)
        sold = receipt(world, f"soho-{number}")
        sold["tenders"][0] |= {"auth_code": code}
        del sold["tenders"][0]["rrn"]
        bodies += [paid, sold]
    return bodies if with_codes else [without_codes(body) for body in bodies]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3])
def test_two_equal_coffees_are_told_apart_by_their_codes(shop: World, order: tuple[int, ...]) -> None:
    bodies = coffees(shop, with_codes=True)
    tell(shop, *(bodies[place] for place in order))
    shop.run()
    assert {name: one["receipt_id"] for name, one in held(shop).items()} == {"tx_1": "soho-1", "tx_2": "soho-2"}
    audit(shop)


def test_two_equal_coffees_without_codes_go_to_nobody(shop: World) -> None:
    tell(shop, *coffees(shop, with_codes=False))
    shop.run()
    assert shop.notices() == []
    states = {one.state for records in kept() for one in records.values()}
    assert "ambiguous" in states
    assert states <= {"ambiguous", "undecided"}
    audit(shop)


def test_a_correction_whose_code_is_anothers_takes_the_receipt_back(shop: World) -> None:
    know_the_clock(shop)
    sale = receipt(shop)
    tell(shop, payment(shop), without_codes(sale))
    shop.run()
    sale["tenders"][0] |= {"auth_code": "WRONG1", "rrn": None}
    tell(shop, sale)
    shop.run()
    assert [notice["type"] for notice in shop.notices()] == ["receipt.matched", "receipt.withdrawn"]
    audit(shop)
