"""A bank has a delivery sent again."""

from typing import Any

import pytest

from counterfoil.domain.deliveries import delivery_id
from counterfoil.runtime import http
from tests.account import moto_tables
from tests.flows.test_deaths import moments
from tests.world import Death, World

BANK = "openbank"
SCOPE = f"counterfoil/{BANK}.deliveries"


def ask(world: World, name: str, bank: str = BANK, scope: str = SCOPE) -> tuple[int, dict[str, Any]]:
    answer = world.request("POST", f"/v1/banks/{bank}/deliveries/{name}/resend", scope=scope)
    return answer["statusCode"], answer["json"]


def status(world: World, name: str) -> dict[str, Any]:
    return world.request("GET", f"/v1/banks/{BANK}/deliveries/{name}", scope=SCOPE)["json"]


def matched(world: World, answer: int = 200) -> str:
    """A payment and its receipt have met, and the bank answered; the delivery's id."""
    world.consent()
    world.answer = lambda wire: http.Answer(answer)
    world.play("bank_webhook.authorised")
    world.play("retailer_receipt.sale")
    world.run(0)
    world.answer = lambda wire: http.Answer(204)
    return str(world.notices()[0]["data"]["delivery_id"])


def sent(world: World) -> list[tuple[str, bytes]]:
    return [(wire.headers["webhook-id"], wire.body) for wire in world.wires]


@pytest.mark.parametrize("answer", [204, 500])
def test_it_is_sent_again_with_the_same_id_and_body(counterfoil: World, answer: int) -> None:
    name = matched(counterfoil, answer)
    assert ask(counterfoil, name) == (202, {"delivery_id": name, "version": 1, "state": "queued"})
    assert status(counterfoil, name)["state"] == "queued"
    counterfoil.run(0)
    first, again = sent(counterfoil)
    assert again == first
    assert again[0] == name
    told = status(counterfoil, name)
    assert (told["state"], told["failures"], told["last_status"]) == ("delivered", 0, 204)
    assert told["asked_again_at"]


def test_what_was_given_up_is_sent_again(counterfoil: World) -> None:
    name = matched(counterfoil, 500)
    counterfoil.answer = lambda wire: http.Answer(500)
    counterfoil.run(4 * 86_400)
    assert len(counterfoil.dead[BANK]) == 1
    counterfoil.answer = lambda wire: http.Answer(204)
    counterfoil.wires.clear()
    assert ask(counterfoil, name)[0] == 202
    counterfoil.run(0)
    assert [each for each, _ in sent(counterfoil)] == [name]
    assert status(counterfoil, name)["state"] == "delivered"


def test_however_often_it_is_wanted_within_a_minute_it_is_sent_once(counterfoil: World) -> None:
    name = matched(counterfoil)
    for _ in range(5):
        assert ask(counterfoil, name)[0] == 202
    assert len(counterfoil.queues[BANK]) == 1
    counterfoil.run(0)
    for _ in range(5):
        assert ask(counterfoil, name)[0] == 202
    counterfoil.run(0)
    assert len(counterfoil.wires) == 2
    counterfoil.pass_time(61)
    assert ask(counterfoil, name)[0] == 202
    counterfoil.run(0)
    assert len(counterfoil.wires) == 3


def test_a_bank_that_keeps_failing_has_one_message_a_minute_at_most(counterfoil: World) -> None:
    name = matched(counterfoil, 500)
    counterfoil.answer = lambda wire: http.Answer(500)
    for _ in range(5):
        assert ask(counterfoil, name)[0] == 202
        counterfoil.run(0)
    assert len(counterfoil.queues[BANK]) == 2  # the delivery's own, and the one that was asked for


def test_a_customer_who_withdrew_gets_nothing_sent(counterfoil: World) -> None:
    name = matched(counterfoil)
    counterfoil.consent(granted=False)
    assert ask(counterfoil, name)[0] == 202
    counterfoil.run(0)
    assert len(counterfoil.wires) == 1
    assert status(counterfoil, name)["state"] == "suppressed"
    counterfoil.pass_time(61)
    refused, problem = ask(counterfoil, name)
    assert (refused, problem["title"]) == (409, "Conflicting version")


def test_what_was_overtaken_is_not_sent_again(counterfoil: World) -> None:
    first = matched(counterfoil)
    corrected = counterfoil.body_of("retailer_receipt.correction")
    counterfoil.signed("kite", "/v1/retailers/kite/receipts", corrected)
    counterfoil.run(0)
    second = counterfoil.notices()[-1]["data"]["delivery_id"]
    assert ask(counterfoil, first)[0] == 409
    assert ask(counterfoil, second)[0] == 202
    counterfoil.run(0)
    assert sent(counterfoil)[-1] == sent(counterfoil)[-2]


def test_a_withdrawal_is_sent_again(counterfoil: World) -> None:
    matched(counterfoil)
    other = counterfoil.body_of("retailer_receipt.sale") | {"total": 700}
    other["lines"] = [{"description": "Breakfast", "quantity": "1", "amount": 700, "vat_rate": "0"}]
    other["tenders"][0]["amount"] = 700
    other.pop("vat")
    counterfoil.sells(other)
    counterfoil.run(0)
    withdrawal = counterfoil.notices()[-1]
    assert withdrawal["type"] == "receipt.withdrawn"
    assert ask(counterfoil, withdrawal["data"]["delivery_id"])[0] == 202
    counterfoil.run(0)
    assert sent(counterfoil)[-1] == sent(counterfoil)[-2]


def test_nobody_learns_of_anothers_delivery(counterfoil: World) -> None:
    name = matched(counterfoil)
    assert ask(counterfoil, name, "harbourbank", "counterfoil/harbourbank.deliveries")[0] == 404
    assert ask(counterfoil, name, scope="counterfoil/openbank.consents")[0] == 403
    key = name.split("_", 1)[1].rpartition("_")[0]
    for unknown in (delivery_id(key, 2), "dlv_x", delivery_id("A" * 22, 1)):
        assert ask(counterfoil, unknown)[0] == 404
    assert counterfoil.queues[BANK] == []


def test_wanted_while_it_is_under_way_it_is_sent_again_after_that(counterfoil: World) -> None:
    """The answer that comes in then must not pass for the answer to what was wanted."""
    counterfoil.consent()

    def answer(wire: Any) -> http.Answer:
        if len(counterfoil.wires) == 1:
            assert ask(counterfoil, wire.notice["data"]["delivery_id"])[0] == 202
        return http.Answer(204)

    counterfoil.answer = answer
    counterfoil.play("bank_webhook.authorised")
    counterfoil.play("retailer_receipt.sale")
    counterfoil.run()
    first, again = sent(counterfoil)
    assert first == again


def test_the_record_of_it_stays_within_one_write_unit(counterfoil: World) -> None:
    name = matched(counterfoil)
    ask(counterfoil, name)
    [size] = [item.size() for item in moto_tables()["ledger"].all_items() if item.attrs["pk"].value.startswith("T#")]
    assert 500 < size <= 1024


def test_a_death_at_any_moment_loses_no_wish(counterfoil: World) -> None:
    """The bank gets no answer, asks again, and has its delivery; in the end nothing is left to do."""
    name = matched(counterfoil)
    beginning = counterfoil.remember()
    counterfoil.restore(beginning)
    counterfoil.mortal += 1
    ask(counterfoil, name)
    calls = counterfoil.passed
    counterfoil.mortal -= 1
    counterfoil.run(0)
    expected = sent(counterfoil)[-1]
    assert calls >= 4
    for number, when in [(number, when) for number in range(calls) for when in ("before", "after")]:
        counterfoil.restore(beginning)
        counterfoil.deaths = {number: when}
        counterfoil.mortal += 1
        with pytest.raises(Death):
            ask(counterfoil, name)
        counterfoil.mortal -= 1
        counterfoil.deaths = {}
        assert ask(counterfoil, name)[0] == 202
        counterfoil.run(0)
        assert {*sent(counterfoil)} == {expected}, (number, when)
        assert status(counterfoil, name)["state"] == "delivered"
        assert counterfoil.queues[BANK] == []


def test_a_death_while_it_is_sent_again_changes_nothing(counterfoil: World) -> None:
    name = matched(counterfoil)
    ask(counterfoil, name)
    beginning = counterfoil.remember()
    counterfoil.passed = 0
    counterfoil.lives.clear()
    counterfoil.run()
    expected, tried = sent(counterfoil)[-1], list(moments(counterfoil))
    assert len(tried) >= 3
    for number, when in tried:
        counterfoil.restore(beginning)
        counterfoil.deaths = {number: when}
        counterfoil.run()
        assert {*sent(counterfoil)} == {expected}, (number, when)
        assert status(counterfoil, name)["state"] == "delivered"
