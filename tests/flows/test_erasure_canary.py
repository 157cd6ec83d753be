"""Unique tokens in every field of a busy customer; erased, none can be read anywhere, with any key that is left.

So it is after a restore too, once the erasure ledger is applied, and whatever died on the way. The same scan finds the
tokens while the salt is there, or else it would prove nothing.
"""

import copy
import json
import os
import re
from collections.abc import Callable
from typing import Any

from counterfoil.flows import exporting
from counterfoil.runtime.http import Answer
from counterfoil.store import exports
from functions import apply_erasures
from tests.account import moto_tables
from tests.flows.attack import read
from tests.flows.erased import DAY, begin, erase, payments_of, put_back, rows_of, subject_of, versions
from tests.flows.linked import Customer, buys, customer_in
from tests.flows.scenarios import Body, payment, receipt, tell, with_lines
from tests.flows.test_canary import marked_payment, marked_receipt
from tests.flows.test_erasing import PROOF
from tests.logs import log
from tests.world import Message, World

__all__ = ["log"]
TOKEN = re.compile(rb"[a-z]*canary[0-9a-z]*", re.IGNORECASE)
EVERY = 1 if os.environ.get("ALL_DEATHS") == "1" else 40
"""Every death, or a part of them."""
OF_CUSTOMER = "/v1/banks/openbank/customers/cust_42"


def large(world: World) -> Body:
    body = with_lines(marked_receipt(world, "9"), 400)
    body["lines"] = [line | {"description": f"linecanary9 {line['description']}"} for line in body["lines"]]
    return body


def bank(world: World, method: str, path: str, body: dict[str, Any], scope: str) -> None:
    answer = world.request(
        method, f"{OF_CUSTOMER}/{path}", json.dumps(body).encode(), scope=f"counterfoil/openbank.{scope}"
    )
    assert answer["statusCode"] < 300, answer


def busy(world: World) -> str:
    """A customer with all that a customer can have; their subject."""
    world.consent()
    card = {"last4": "7391", "scheme": "visa", "tokens": ["tokcanarycard"]}
    bank(world, "PUT", "cards/cardcanarycard", card, "customers")
    world.consent("cust_43")
    other = payment(world, "txcanaryother", amount=321, customer_id="cust_43")
    other_receipt = receipt(world, "canaryother", 321)
    other_receipt["lines"][0]["description"] = "linecanaryother"
    tell(world, other, other_receipt)
    tell(world, marked_payment(world, "1"), marked_receipt(world, "1"))
    tell(world, marked_payment(world, "9") | {"type": "transaction.authorised"}, large(world))
    lonely = marked_payment(world, "2")
    lonely["data"]["amount"] = 7777
    tell(world, lonely)
    wish = {"kind": "rectification", "details": "wordscanary"}
    bank(world, "POST", "privacy-requests", wish, "rights")
    world.dead["match"].append(dead_letter(world))
    export(world)
    return subject_of()


def export(world: World) -> None:
    world.put("rights", json.dumps(exporting.begin(subject_of(), "prq_canary0", "access").body))
    world.run(30)


def dead_letter(world: World) -> Message:
    """A payment that nobody could work on."""
    world.pays(marked_payment(world, "4"))
    message = world.queues["match"].pop()
    return copy.deepcopy(message)


def restore_backup(memory: dict[str, Any]) -> None:
    """The ledger and the salts as they were: the other table has no backup."""
    for name in ("ledger", "salts"):
        moto_tables()[name].items = copy.deepcopy(memory[name])


def apply_ledger(world: World) -> dict[str, Any]:
    told: dict[str, Any] = apply_erasures.handler({"after": ""}, None)
    assert not told["after"]
    world.run(DAY)
    return told


def test_no_token_of_an_erased_customer_can_be_read_anywhere(counterfoil: World, log: Callable[[], str]) -> None:
    world = counterfoil
    subject = busy(world)
    before = read(world, log(), TOKEN)
    for token in ("txcanary1", "txcanary2", "txcanary4", "linecanary1", "linecanary9", "barcanary1", "namecanary1"):
        assert token in before
    assert {"cardcanarycard", "tokcanarycard", "wordscanary"} <= before
    exports.delete(subject, "prq_canary0")
    sealed = read(world, log(), TOKEN)
    assert {"txcanary1", "txcanary2", "txcanary4", "linecanary1", "linecanary9", "cardcanarycard"} <= sealed
    export(world)
    backup = {name: copy.deepcopy(table.items) for name, table in moto_tables().items()}
    erase(world, subject)
    left = read(world, log(), TOKEN)
    assert {token for token in left if "other" not in token} == set()
    assert "linecanaryother" in left
    restore_backup(backup)
    assert "linecanary1" in read(world, log(), TOKEN)
    assert apply_ledger(world)["again"] == 1
    left = read(world, log(), TOKEN)
    assert {token for token in left if "other" not in token} == set()
    assert "linecanaryother" in left
    assert rows_of(subject) == PROOF | {"Q#/Q", "O#/O"}, "the request that is open yet, and its hold"
    assert apply_ledger(world)["again"] == 0


def test_a_death_at_any_call_leaves_no_token(counterfoil: World, log: Callable[[], str]) -> None:
    world = counterfoil
    world.consent()
    tell(world, marked_payment(world, "1"), marked_receipt(world, "1"))
    tell(world, marked_payment(world, "9"), large(world))
    subject, objects = subject_of(), versions(world, "payloads")
    begin(world, subject)
    beginning = world.remember()
    world.run(DAY)
    calls = world.passed
    assert calls > 100
    moments = [(number, when) for number in range(calls) for when in ("before", "after")]
    for number, when in moments[::EVERY]:
        world.restore(beginning)
        put_back(world, "payloads", objects)
        world.deaths = {number: when}
        world.run(DAY)
        assert read(world, log(), TOKEN) == set(), (number, when)
        assert rows_of(subject) == PROOF, (number, when)
        assert payments_of(subject) == []
        assert not any(world.dead.values())


def test_a_linked_customer_is_logged_out_before_the_key_goes(counterfoil: World, log: Callable[[], str]) -> None:
    with customer_in(counterfoil) as customer:
        customer.connect()
        counterfoil.run(60)
        paid = buys(customer)
        counterfoil.run(60)
        assert customer.monzo.receipt_of(paid["id"]) is not None
        tokens = _tokens(customer)
        pattern = re.compile(rb"|".join(re.escape(token.lower()) for token in tokens), re.IGNORECASE)
        assert read(counterfoil, "", pattern)
        erase(counterfoil, customer.subject)
        assert customer.monzo.receipt_of(paid["id"]) is None
        assert customer.monzo.webhooks == {}
        assert customer.monzo._grants == []
        assert read(counterfoil, log(), pattern) == set()


def _tokens(customer: Customer) -> list[bytes]:
    return [value.encode() for grant in customer.monzo._grants for value in (grant.access, grant.refresh)]


def test_what_a_failing_bank_leaves_behind_cannot_be_read(counterfoil: World, log: Callable[[], str]) -> None:
    counterfoil.consent()
    counterfoil.answer = lambda wire: Answer(500)
    tell(counterfoil, marked_payment(counterfoil, "1"), marked_receipt(counterfoil, "1"))
    erase(counterfoil, subject_of())
    counterfoil.run(4 * DAY)
    assert read(counterfoil, log(), TOKEN) == set()
