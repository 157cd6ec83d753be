"""What is told late of what was told already: another's receipt goes back, and one sale keeps one receipt."""

import pytest

from counterfoil.runtime.http import Answer
from tests.audit import audit, held
from tests.flows.scenarios import Body, at, cleared, payment, receipt, reprint, reversed_payment, tell
from tests.world import World


def in_cash(body: Body) -> Body:
    return body | {"tenders": [{"type": "cash", "amount": body["total"]}]}


def held_ids(world: World) -> dict[str, str]:
    return {name: one["receipt_id"] for name, one in held(world).items()}


def test_a_fact_told_between_two_tries_of_a_recall_changes_no_byte(shop: World) -> None:
    late, early = at(cleared(shop), 60), payment(shop)
    tell(shop, late, receipt(shop))
    answers = [503, 200]
    shop.answer = lambda wire: Answer(answers.pop(0))
    tell(shop, receipt(shop, amount=700), early)
    shop.run()
    assert [notice["type"] for notice in shop.notices()] == ["receipt.matched", *["receipt.withdrawn"] * 2]
    audit(shop, deaths=1)


def test_a_reversed_payment_that_comes_back_with_another_code_has_another_receipt(shop: World) -> None:
    no_codes = {"auth_code": None, "rrn": None}
    tell(
        shop,
        payment(shop, **no_codes, card={"last4": "4242"}),
        receipt(shop),
        at(reversed_payment(shop, **no_codes), 3),
        at(cleared(shop, auth_code="ZZZZZZ", rrn=None), 5),
    )
    shop.run()
    assert [notice["type"] for notice in shop.notices()] == ["receipt.matched", "receipt.withdrawn"]
    audit(shop)


def test_nothing_was_sold_at_an_amount_that_turns_out_to_be_a_token(shop: World) -> None:
    told = [payment(shop), receipt(shop), at(cleared(shop, amount=1300), 60)]
    beginning = shop.remember()
    for order in ((0, 1, 2), (0, 2, 1), (2, 1, 0)):
        shop.restore(beginning)
        tell(shop, *(told[place] for place in order))
        shop.run()
        assert held(shop) == {}, order
        audit(shop)


@pytest.mark.parametrize("second", ["paid in cash", "at another till"])
def test_of_two_versions_told_together_the_second_is_the_later(shop: World, second: str) -> None:
    later = in_cash(receipt(shop)) if second == "paid in cash" else receipt(shop, till_id="04")
    shop.sells({"receipts": [receipt(shop), later]})
    if second == "at another till":
        shop.queues["match"].reverse()
    tell(shop, payment(shop))
    shop.run()
    assert {name: one["till_id"] for name, one in held(shop).items()} == (
        {} if second == "paid in cash" else {"tx_0001": "04"}
    )
    audit(shop)


def test_a_sale_corrected_before_its_reprint_is_counted_once(shop: World) -> None:
    paid, first, again = payment(shop), receipt(shop), reprint(receipt(shop), "soho-03-000124")
    corrected = first | {"till_id": "04"}
    beginning = shop.remember()
    for order in ((first, corrected, again), (first, again, corrected)):
        shop.restore(beginning)
        tell(shop, *order)
        shop.run()
        tell(shop, paid)
        shop.run()
        assert {name: one["till_id"] for name, one in held(shop).items()} == {"tx_0001": "04"}
        audit(shop)


def test_a_sale_that_is_issued_anew_has_reprints_too(shop: World) -> None:
    paid, first = payment(shop), receipt(shop)
    tell(shop, first, in_cash(first), reprint(first, "soho-03-000124"), reprint(first, "soho-03-000125", 6))
    shop.run()
    tell(shop, paid)
    shop.run()
    assert held_ids(shop) == {"tx_0001": "soho-03-000124"}
    audit(shop)


@pytest.mark.parametrize("versions", [(2, 1), (None, None)])
def test_a_void_that_overtakes_its_sale_is_the_last_word(
    counterfoil: World, versions: tuple[int | None, int | None]
) -> None:
    counterfoil.consent()
    sale = receipt(counterfoil)
    void = sale | {"tenders": [{"type": "cash", "amount": 585}]}
    if versions[0]:
        sale, void = sale | {"version": versions[1]}, void | {"version": versions[0]}
    counterfoil.sells(sale)
    counterfoil.pass_time(1)
    counterfoil.sells(void)
    counterfoil.queues["match"].reverse()
    counterfoil.run(0)
    counterfoil.pays(payment(counterfoil))
    counterfoil.run()
    assert counterfoil.notices() == []
    audit(counterfoil)


def test_a_sale_by_card_after_a_void_is_taken(counterfoil: World) -> None:
    counterfoil.consent()
    for tenders in ([{"type": "cash", "amount": 585}], receipt(counterfoil)["tenders"]):
        counterfoil.sells(receipt(counterfoil) | {"tenders": tenders})
        counterfoil.run(0)
        counterfoil.pass_time(1)
    counterfoil.pays(payment(counterfoil))
    counterfoil.run()
    assert held(counterfoil).keys() == {"tx_0001"}
    audit(counterfoil)
