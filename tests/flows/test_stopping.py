"""What is under way stops when its customer withdraws or is restricted, and goes on when the restriction is lifted."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from counterfoil.flows import consent, stopping
from counterfoil.runtime import queues, secrets
from counterfoil.store import customers
from tests.account import stored
from tests.audit import audit, held, kept
from tests.flows.scenarios import payment, receipt, reversed_payment
from tests.world import Death, World

SOON = 30
READS = {"dynamodb.GetItem", "dynamodb.BatchGetItem", "dynamodb.Query"}


@pytest.fixture
def waiting(counterfoil: World) -> World:
    """A customer's payment that waits for its receipt."""
    counterfoil.consent()
    counterfoil.pays(payment(counterfoil))
    counterfoil.run(0)
    return counterfoil


@pytest.fixture
def matched(waiting: World) -> World:
    """A match whose delivery is queued."""
    waiting.sells(receipt(waiting))
    waiting.work_on("match", waiting.receive("match"))
    assert len(waiting.queues["openbank"]) == 1
    return waiting


def subject() -> str:
    return secrets.sealer().subject("openbank", "cust_42")


def restrict(world: World, reason: str = "contested") -> None:
    consent.restrict(subject(), reason, world.now, queues.announce)


def lift(world: World, reason: str = "contested") -> None:
    consent.lift(subject(), reason, world.now, queues.announce)


def withdraw(world: World) -> None:
    assert world.consent(granted=False)["statusCode"] == 200


def states() -> list[str]:
    return [one.state for one in kept()[0].values()]


def of_payments() -> list[str]:
    """The pointers of payments."""
    return [item["sk"] for item in stored("rendezvous") if "#t#" in item["sk"]]


def test_who_withdraws_has_no_open_payments_left(waiting: World) -> None:
    assert of_payments()
    withdraw(waiting)
    waiting.run(SOON)
    assert (states(), of_payments()) == (["withdrawn"], [])
    waiting.sells(receipt(waiting))
    waiting.run()
    assert waiting.wires == []
    assert states() == ["withdrawn"]
    audit(waiting)


def test_another_customers_payment_goes_on(waiting: World) -> None:
    waiting.consent("cust_43")
    waiting.pays(payment(waiting, "tx_0002", customer_id="cust_43"))
    waiting.run(0)
    withdraw(waiting)
    waiting.run(SOON)
    assert sorted(states()) == ["undecided", "withdrawn"]
    waiting.sells(receipt(waiting))
    waiting.run()
    assert list(held(waiting)) == ["tx_0002"]
    audit(waiting)


def test_who_grants_again_before_it_takes_effect_loses_nothing(waiting: World) -> None:
    withdraw(waiting)
    assert waiting.consent(version=2)["statusCode"] == 200
    waiting.run(SOON)
    assert states() == ["undecided"]
    waiting.sells(receipt(waiting))
    waiting.run()
    assert list(held(waiting)) == ["tx_0001"]
    audit(waiting)


def test_a_payment_whose_message_waited_is_not_kept(counterfoil: World) -> None:
    counterfoil.consent()
    counterfoil.pays(payment(counterfoil))
    withdraw(counterfoil)
    waited = counterfoil.queues["match"].pop()
    counterfoil.run(SOON)
    counterfoil.queues["match"].append(waited)
    counterfoil.run()
    assert kept() == ({}, {})


def test_a_payment_kept_before_the_withdrawal_takes_effect_is_stopped_then(counterfoil: World) -> None:
    counterfoil.consent()
    counterfoil.pays(payment(counterfoil))
    withdraw(counterfoil)
    counterfoil.run(SOON)
    assert (states(), of_payments()) == (["withdrawn"], [])
    counterfoil.sells(receipt(counterfoil))
    counterfoil.run()
    assert counterfoil.wires == []


@pytest.mark.parametrize("granted", [True, False])
def test_a_grant_that_a_stale_read_misses_counts(waiting: World, granted: bool, monkeypatch: Any) -> None:
    get = customers.get
    monkeypatch.setattr(
        customers, "get", lambda whose, *, consistent=True: get(whose) if consistent and granted else None
    )
    waiting.pays(payment(waiting, "tx_0002"))
    waiting.pass_time(SOON)
    waiting.run(0)
    assert len(states()) == 1 + granted


def test_what_was_put_in_while_the_consent_was_withdrawn_is_stopped_by_the_second_pass(counterfoil: World) -> None:
    counterfoil.consent()
    before = counterfoil.queues["match"]
    counterfoil.pays(payment(counterfoil))
    late = counterfoil.queues["match"].pop()
    withdraw(counterfoil)
    counterfoil.run(SOON)
    # As if the matcher had read the consent before, and kept the payment only now.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("counterfoil.flows.matching._allowed", lambda *_: True)
        before.append(late)
        counterfoil.run(0)
    assert states() == ["undecided"]
    counterfoil.run(900)
    assert (states(), of_payments()) == (["withdrawn"], [])
    audit(counterfoil)


def test_a_restricted_customers_payment_is_kept_and_nothing_else(waiting: World) -> None:
    restrict(waiting)
    waiting.run(SOON)
    assert (states(), of_payments()) == (["restricted"], [])
    waiting.pays(payment(waiting, "tx_0002"))
    waiting.pays(reversed_payment(waiting))
    waiting.sells(receipt(waiting))
    waiting.run(8 * 86_400)
    assert states() == ["restricted"]
    assert waiting.wires == []
    audit(waiting)


def test_what_was_restricted_goes_on_when_that_is_lifted(waiting: World) -> None:
    restrict(waiting)
    restrict(waiting, "objection")
    waiting.run(SOON)
    waiting.sells(receipt(waiting))
    waiting.run()
    lift(waiting, "objection")
    waiting.run()
    assert states() == ["restricted"]
    lift(waiting)
    waiting.run()
    assert states() == ["matched"]
    assert list(held(waiting)) == ["tx_0001"]
    audit(waiting)


def test_what_comes_after_the_lifting_finds_the_payment(waiting: World) -> None:
    restrict(waiting)
    waiting.run()
    lift(waiting)
    waiting.run()
    waiting.sells(receipt(waiting))
    waiting.run()
    assert list(held(waiting)) == ["tx_0001"]
    audit(waiting)


def test_a_payment_whose_week_ended_meanwhile_is_closed(waiting: World) -> None:
    restrict(waiting)
    waiting.run(SOON)
    waiting.pass_time(timedelta(days=8).total_seconds())
    lift(waiting)
    waiting.run()
    assert (states(), of_payments()) == (["expired"], [])


def test_a_delivery_waits_for_the_lifting(matched: World) -> None:
    restrict(matched)
    matched.run(86_400)
    assert matched.wires == []
    assert matched.queues["openbank"] == []
    (record,) = next(iter(kept()[0].values())).deliveries.values()
    assert record.state == "held"
    lift(matched)
    matched.run(86_400)
    assert [wire.notice["type"] for wire in matched.wires] == ["receipt.matched"]
    audit(matched)


def test_who_withdraws_while_restricted_gets_nothing_afterwards(matched: World) -> None:
    matched.pays(payment(matched, "tx_0002", amount=999))
    matched.work_on("match", matched.receive("match"))
    restrict(matched)
    matched.run(SOON)
    assert sorted(states()) == ["matched", "restricted"]
    withdraw(matched)
    matched.run()
    lift(matched)
    matched.run()
    assert sorted(states()) == ["matched", "withdrawn"]
    assert matched.wires == []


def test_a_customer_with_many_payments_is_done_page_by_page(waiting: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(stopping, "PAGE", 3)
    for number in range(7):
        waiting.pays(payment(waiting, f"tx_1{number}", amount=1000 + number))
    waiting.run(0)
    withdraw(waiting)
    waiting.run(SOON)
    assert states() == ["withdrawn"] * 8
    waiting.run()
    audit(waiting)


@pytest.mark.parametrize("change", [withdraw, restrict], ids=lambda change: change.__name__)
def test_a_death_at_any_call_of_the_change_leaves_all_or_nothing(
    waiting: World, change: Callable[[World], None]
) -> None:
    beginning = waiting.remember()
    waiting.passed, waiting.mortal = 0, 1
    change(waiting)
    passed = waiting.passed
    assert passed > 2
    for number in range(passed):
        for when in ("before", "after"):
            waiting.restore(beginning)
            waiting.deaths, waiting.passed, waiting.mortal = {number: when}, 0, 1
            with suppress(Death):
                change(waiting)
            waiting.deaths, waiting.mortal = {}, 0
            waiting.run()
            customer = customers.get(subject())
            assert customer
            assert (states() == ["undecided"]) == customer.allows("receipts", waiting.now), (number, when)


@pytest.mark.parametrize("change", ["withdrawn", "restricted", "lifted"])
def test_a_death_at_any_call_of_the_task_changes_nothing(waiting: World, change: str) -> None:
    waiting.consent("cust_43")
    if change == "withdrawn":
        withdraw(waiting)
    else:
        restrict(waiting)
    waiting.sells(receipt(waiting, "soho-03-1", 999))
    if change == "lifted":
        waiting.run()
        lift(waiting)
        waiting.sells(receipt(waiting))
    beginning = waiting.remember()
    waiting.restore(beginning)
    waiting.run()
    expected = states(), sorted(of_payments()), held(waiting)
    # A read changes nothing: dying after it is dying after the write before it.
    moments = [number for number, call in enumerate(waiting.calls) if call not in READS]
    assert len(moments) > 4
    assert expected[0] == ["matched" if change == "lifted" else change]
    for number in moments:
        waiting.restore(beginning)
        waiting.deaths = {number: "after"}
        waiting.run()
        assert (states(), sorted(of_payments()), held(waiting)) == expected, number
        audit(waiting, deaths=1)
