"""What a bank gets when it, or its customer, does not play along."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from standardwebhooks import Webhook

from counterfoil.domain import webhooks
from counterfoil.domain.deliveries import LONGEST_TRY
from counterfoil.runtime import http, secrets
from counterfoil.runtime.http import Answer
from counterfoil.store import registry
from tests.account import moto_tables, stored
from tests.audit import audit, kept
from tests.flows.scenarios import payment, receipt, reversed_payment
from tests.world import Death, Wire, World

WAITS = [5, 300, 1800, 7200, 18000, 36000, 43200, 43200, 43200, 43200, 43200]


@pytest.fixture
def matched(counterfoil: World) -> World:
    """A match whose delivery is queued."""
    counterfoil.consent()
    counterfoil.pays(payment(counterfoil))
    counterfoil.sells(receipt(counterfoil))
    counterfoil.work_on("match", counterfoil.receive("match"))
    assert len(counterfoil.queues["openbank"]) == 1
    return counterfoil


def answers(*statuses: int | None, retry_after: int | None = None) -> Any:
    left = list(statuses)
    return lambda wire: Answer(left.pop(0) if len(left) > 1 else left[0], retry_after)


def status_of(world: World, delivery_id: str, bank: str = "openbank") -> dict[str, Any]:
    answer = world.request("GET", f"/v1/banks/{bank}/deliveries/{delivery_id}", scope=f"counterfoil/{bank}.deliveries")
    return answer["json"] | {"code": answer["statusCode"]}


@pytest.mark.parametrize("status", [500, 503, 429, 404, 400, 301, 302, 307, 101, None])
def test_what_is_not_taken_is_tried_for_three_days_and_parked(matched: World, status: int | None) -> None:
    matched.answer = answers(status)
    matched.run(10 * 86_400)
    times = [wire.at for wire in matched.wires]
    assert len(times) == 12
    assert times[-1] - times[0] >= timedelta(days=3)
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert all(planned <= wait <= planned * 1.1 for planned, wait in zip(WAITS, waits, strict=True))
    assert len(matched.dead["openbank"]) == 1
    assert len({wire.body for wire in matched.wires}) == 1
    told = status_of(matched, matched.wires[0].headers["webhook-id"])
    assert (told["state"], told["failures"], told["last_status"]) == ("failing", 12, status)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(matched: World, status: int) -> None:
    matched.answer = answers(status, retry_after=3600)
    matched.run(2 * 3600)
    first, second = (wire.at for wire in matched.wires[:2])
    assert (second - first).total_seconds() >= 3600


def test_every_try_is_the_same_and_signed_anew(matched: World) -> None:
    matched.answer = answers(500, 500, 200)
    matched.run()
    assert len(matched.wires) == 3
    assert len({wire.headers["webhook-id"] for wire in matched.wires}) == 1
    assert len({wire.body for wire in matched.wires}) == 1
    assert len({wire.headers["webhook-signature"] for wire in matched.wires}) == 3
    for wire in matched.wires:
        matched.clock.move_to(wire.at)
        assert Webhook(matched.secrets["openbank"]).verify(wire.body, wire.headers)
        assert wire.headers["webhook-timestamp"] == str(int(wire.at.timestamp()))
    told = status_of(matched, matched.wires[0].headers["webhook-id"])
    assert (told["state"], told["failures"], told["last_status"]) == ("delivered", 0, 200)
    audit(matched, deaths=2)


def test_410_disables_the_endpoint_until_it_is_registered_again(matched: World) -> None:
    matched.answer = answers(410, 200)
    try:
        matched.run(3600)
        matched.run(86_400)
        assert len(matched.wires) == 1
        record = registry.bank("openbank")
        assert record is not None
        assert record.disabled
        registry.register_bank(record.bank)
        matched.run(86_400)
        assert len(matched.wires) == 2
        audit(matched, deaths=1)
    finally:
        registry.forget()


def test_states_of_a_delivery(matched: World) -> None:
    [transaction] = kept()[0].values()
    delivery_id = f"dlv_{transaction.key}_1"
    assert status_of(matched, delivery_id)["state"] == "queued"
    matched.answer = answers(500, 200)
    matched.run(0)
    assert status_of(matched, delivery_id)["state"] == "failing"
    matched.run()
    assert status_of(matched, delivery_id)["state"] == "delivered"
    for unknown in (f"dlv_{transaction.key}_2", f"dlv_{transaction.key}_", "dlv__1", "x", f"dlv_{transaction.key}_1²"):
        assert status_of(matched, unknown)["code"] == 404
    assert status_of(matched, delivery_id, "harbourbank")["code"] == 404


def test_nothing_is_sent_after_a_withdrawal(matched: World) -> None:
    answer = matched.consent(granted=False)
    assert answer["statusCode"] == 200
    matched.run()
    assert matched.wires == []
    [transaction] = kept()[0].values()
    assert transaction.deliveries["1"].state == "suppressed"
    audit(matched)


def test_nothing_is_sent_where_the_salt_is_erased(matched: World) -> None:
    moto_tables()["salts"].items.clear()
    matched.run()
    assert matched.wires == []
    assert matched.queues["openbank"] == []


@pytest.mark.parametrize("status", [200, None])
def test_a_send_that_ended_too_late_is_taken_back(matched: World, status: int | None) -> None:
    def slow(wire: Wire) -> http.Answer:
        if len(matched.wires) == 1:
            matched.consent(granted=False)
            matched.pass_time(16)
            return Answer(status)
        return Answer(200)

    matched.answer = slow
    matched.run()
    assert [notice["type"] for notice in matched.notices()] == ["receipt.matched", "receipt.withdrawn"]
    assert matched.notices()[1]["data"]["match_id"] == matched.notices()[0]["data"]["match_id"]


def test_a_receipt_that_comes_after_its_own_recall_is_taken_back_again(matched: World) -> None:
    """The queue handed the message out twice; the second Lambda told the recall while the first still sent."""

    def slow(wire: Wire) -> http.Answer:
        if len(matched.wires) == 1:
            matched.consent(granted=False)
            matched.pass_time(16)
            for message in matched.queues["openbank"]:
                message.visible_at = matched.now
            matched.work_on("openbank", matched.receive("openbank"))
        return Answer(200)

    matched.answer = slow
    matched.run()
    told = [(notice["type"], notice["data"]["version"]) for notice in matched.notices()]
    assert told == [("receipt.matched", 1), ("receipt.withdrawn", 2), ("receipt.withdrawn", 2)]


@pytest.mark.parametrize("told_by", ["a duplicate of its message", "another message"])
def test_a_receipt_that_comes_after_its_own_recall_by_who_died_is_taken_back_again(
    matched: World, told_by: str
) -> None:
    """As above, but nobody lives who knows that the receipt came last."""

    def slow(wire: Wire) -> http.Answer:
        if len(matched.wires) > 1:
            return Answer(200)
        if told_by == "another message":
            matched.pays(reversed_payment(matched))
            matched.work_on("match", matched.receive("match"))
        else:
            matched.consent(granted=False)
            matched.queues["openbank"][0].visible_at = matched.now + timedelta(seconds=16)
        matched.pass_time(16)
        matched.work_on("openbank", matched.receive("openbank"))
        assert len(matched.wires) == 2
        matched.consent(granted=False)
        raise Death

    matched.answer = slow
    matched.run()
    told = [(notice["type"], notice["data"]["version"]) for notice in matched.notices()]
    assert told == [("receipt.matched", 1), ("receipt.withdrawn", 2), ("receipt.withdrawn", 2)]
    assert matched.wires[2].at - matched.wires[1].at >= LONGEST_TRY


def test_a_try_that_died_and_a_withdrawal_end_in_a_recall(matched: World) -> None:
    queued = matched.remember()
    matched.restore(queued)
    matched.run(0)
    posted = matched.calls.index("http.call")
    matched.restore(queued)
    matched.deaths = {posted: "after"}
    matched.run(0)
    assert [notice["type"] for notice in matched.notices()] == ["receipt.matched"]
    matched.consent(granted=False)
    matched.run()
    told = [notice["type"] for notice in matched.notices()]
    assert told == ["receipt.matched", "receipt.withdrawn", "receipt.withdrawn"], "nobody knows that it died"
    assert matched.wires[2].at - matched.wires[1].at >= LONGEST_TRY
    assert all(one.is_all_delivered() for one in kept()[0].values())


def test_a_correction_after_a_recall_goes_nowhere(matched: World) -> None:
    def slow(wire: Wire) -> http.Answer:
        matched.consent(granted=False)
        matched.pass_time(16)
        return Answer(200)

    matched.answer = slow
    matched.run()
    for body in (receipt(matched, till_id="04"), receipt(matched, amount=700)):
        matched.sells(body)
        matched.run()
    assert len(matched.wires) == 2
    assert matched.dead["match"] == []
    assert matched.queues["match"] == []


def test_one_request_of_ten_waits_for_no_other(matched: World) -> None:
    """Ten messages of one batch: those that fail come back, the others are gone."""
    bodies = [message.body for message in matched.queues["openbank"]]
    matched.queues["openbank"].clear()
    for number in range(9):
        matched.put("openbank", '{"transaction": "nobody"}' if number % 2 else "[]")
    matched.put("openbank", bodies[0])
    matched.run()
    assert [notice["type"] for notice in matched.notices()] == ["receipt.matched"]
    assert len(matched.dead["openbank"]) == 5


def test_secrets_may_be_rotated_between_two_tries(matched: World) -> None:
    client = secrets._client()
    matched.answer = answers(500, 200)
    matched.run(0)
    new = webhooks.new_secret()
    old = matched.secrets["openbank"]
    matched.original_call(
        client, "PutSecretValue", {"SecretId": "counterfoil/webhooks/openbank/2026-11", "SecretString": new}
    )
    secrets.forget()
    try:
        matched.run()
        wire = matched.wires[-1]
        matched.clock.move_to(wire.at)
        assert Webhook(new).verify(wire.body, wire.headers)
    finally:
        matched.original_call(
            client, "PutSecretValue", {"SecretId": "counterfoil/webhooks/openbank/2026-11", "SecretString": old}
        )
        secrets.forget()
    assert stored("rendezvous") == []
