"""A bank disconnects a customer: all is withdrawn, recalled and erased, and the answer says so."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from counterfoil.runtime import secrets
from counterfoil.store import customers
from tests.account import stored
from tests.audit import kept
from tests.flows.linked import buys, customer_in
from tests.flows.scenarios import payment, receipt
from tests.world import Death, World

CUSTOMER = "/v1/banks/openbank/customers/cust_42"
READS = {"dynamodb.GetItem", "dynamodb.BatchGetItem", "dynamodb.Query", "secretsmanager.GetSecretValue"}
SCOPE = "counterfoil/openbank.customers"


def disconnect(world: World, path: str = CUSTOMER) -> dict[str, Any]:
    told = world.request("DELETE", path, scope=SCOPE.replace("openbank", path.split("/")[3]))
    assert told["statusCode"] == 202
    return dict(told["json"])


def status_of(world: World, disconnection_id: str) -> dict[str, Any]:
    return world.request("GET", f"{CUSTOMER}/disconnections/{disconnection_id}", scope=SCOPE)


def busy(world: World) -> None:
    """A customer with a receipt delivered and a payment that waits."""
    world.consent()
    world.pays(payment(world))
    world.sells(receipt(world))
    world.pays(payment(world, "tx_0002", amount=999))
    world.run(0)
    assert len(world.wires) == 1


def test_everything_is_withdrawn_recalled_and_erased(counterfoil: World) -> None:
    busy(counterfoil)
    told = disconnect(counterfoil)
    assert datetime.fromisoformat(told["effective_at"]) - counterfoil.now == timedelta(seconds=20)
    customer = customers.get(secrets.sealer().subject("openbank", "cust_42"))
    assert customer is not None
    assert not customer.has_granted("receipts")
    assert status_of(counterfoil, told["id"])["json"]["state"] == "disconnecting"
    counterfoil.run()
    assert [notice["type"] for notice in counterfoil.notices()] == ["receipt.matched", "receipt.withdrawn"]
    assert kept()[0] == {}
    assert [item for item in stored("salts") if "subject" not in item] == []
    stands = status_of(counterfoil, told["id"])["json"]
    assert (stands["state"], stands["phase"]) == ("disconnected", "done")
    assert stands["receipts"] == {"recalled": 1, "confirmed": 1, "not_confirmed": 0}
    counterfoil.pays(payment(counterfoil, "tx_0003"))
    assert counterfoil.queues["match"] == []


def test_who_asks_again_and_whom_nobody_knows_are_told_the_same(counterfoil: World) -> None:
    busy(counterfoil)
    first = disconnect(counterfoil)
    counterfoil.pass_time(5)
    assert disconnect(counterfoil) == first
    counterfoil.run()
    again = disconnect(counterfoil)
    stranger = disconnect(counterfoil, CUSTOMER.replace("42", "stranger"))
    assert again == first | {"effective_at": again["effective_at"]}
    assert again == stranger | {"id": first["id"]}
    counterfoil.run()
    assert len(counterfoil.wires) == 2
    assert not [
        item for item in stored("ledger") if secrets.sealer().subject("openbank", "cust_stranger") in item["pk"]
    ]


def test_who_was_disconnected_may_come_back(counterfoil: World) -> None:
    busy(counterfoil)
    told = disconnect(counterfoil)
    counterfoil.run()
    assert counterfoil.consent()["statusCode"] == 200
    assert status_of(counterfoil, told["id"])["statusCode"] == 404
    counterfoil.pays(payment(counterfoil, "tx_0004"))
    counterfoil.sells(receipt(counterfoil, "soho-03-000777"))
    counterfoil.run(0)
    assert counterfoil.notices()[-1]["type"] == "receipt.matched"


def test_a_death_at_any_call_leaves_the_customer_connected_or_gone(counterfoil: World) -> None:
    busy(counterfoil)
    beginning = counterfoil.remember()
    counterfoil.restore(beginning)
    disconnect(counterfoil)
    # A read changes nothing: dying after it is dying after the write before it.
    moments = [number for number, call in enumerate(counterfoil.calls) if call not in READS]
    assert len(moments) > 3
    subject = secrets.sealer().subject("openbank", "cust_42")
    for number in moments:
        counterfoil.restore(beginning)
        counterfoil.deaths, counterfoil.passed, counterfoil.mortal = {number: "after"}, 0, 1
        with suppress(Death):
            disconnect(counterfoil)
        counterfoil.deaths, counterfoil.mortal = {}, 0
        announced = bool(counterfoil.queues["rights"])
        counterfoil.run()
        customer = customers.get(subject)
        assert (customer is None) == announced, number
        assert customer is None or customer.allows("receipts", counterfoil.now)
        assert bool(kept()[0]) == (customer is not None), number


def test_a_linked_accounts_link_is_torn_down_once_its_receipts_are_recalled(counterfoil: World) -> None:
    with customer_in(counterfoil) as customer:
        customer.connect()
        counterfoil.run(0)
        paid = buys(customer)
        counterfoil.run(60)
        assert customer.monzo.receipt_of(paid["id"]) is not None
        account = next(iter(customer.monzo.accounts))
        disconnect(counterfoil, f"/v1/banks/monzo/customers/{account}")
        counterfoil.run()
        assert customer.monzo.receipt_of(paid["id"]) is None
        assert customer.link is None
        assert customer.monzo.webhooks == {}
