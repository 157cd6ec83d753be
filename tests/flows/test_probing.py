"""A bank that keeps failing is paused and probed, and everything reaches it once it takes receipts again."""

from itertools import pairwise
from typing import Any

import pytest

from counterfoil.domain.bank_health import PROBE_WAITS
from counterfoil.runtime import observe
from counterfoil.store import bank_health, registry
from tests.flows.failing_banks import MINUTE, callback, look, mappings_of, sell
from tests.world import World


def test_a_bank_that_fails_for_a_minute_is_paused_and_its_messages_wait(failing: World) -> None:
    assert look(failing)["openbank"]["state"] == "paused"
    assert failing.held == {"openbank"}
    receives = [message.receives for message in failing.queues["openbank"]]
    sell(failing, 4, 5)
    failing.run(86_400)
    assert [message.receives for message in failing.queues["openbank"]] == [*receives, 0, 0]
    assert len(failing.wires) == 9


def test_a_probe_takes_one_message_and_waits_longer_each_time(failing: World) -> None:
    look(failing)
    sell(failing, *range(10, 40))
    receives = sum(message.receives for message in failing.queues["openbank"])
    probed = []
    for _ in range(120):
        before = len(failing.wires)
        told = look(failing)["openbank"]
        probed += [failing.now] * (len(failing.wires) - before)
        failing.pass_time(MINUTE)
    assert len(probed) == 4 + 11
    waits = [later - earlier for earlier, later in pairwise(probed)]
    assert tuple(waits[:5]) == PROBE_WAITS
    assert sum(message.receives for message in failing.queues["openbank"]) == receives + len(probed)
    assert max(message.receives for message in failing.queues["openbank"]) <= 5
    assert failing.dead["openbank"] == []
    assert (told["state"], told["reason"], told["last_status"]) == ("paused", "failing", 500)


def test_a_probe_that_is_taken_resumes_the_bank_and_everything_is_delivered(failing: World) -> None:
    look(failing)
    sell(failing, 4, 5)
    callback(failing).status = 204
    told = look(failing)["openbank"]
    assert (told["state"], told["since"], told["last_status"]) == ("well", None, 204)
    assert failing.held == set()
    assert len(callback(failing).taken) == 1
    failing.run()
    assert len(callback(failing).taken) == len(set(callback(failing).taken)) == 5
    assert failing.queues["openbank"] == failing.dead["openbank"] == []


def test_the_probe_respects_a_consent_that_was_withdrawn(failing: World) -> None:
    look(failing)
    failing.consent(granted=False)
    callback(failing).status = 204
    failing.pass_time(3600)
    look(failing)
    assert callback(failing).taken == []
    assert failing.queues["openbank"] == []


def test_messages_with_nothing_to_tell_are_no_probe(failing: World) -> None:
    look(failing)
    for queue in (failing.queues["openbank"],):
        bodies = [message.body for message in queue]
        queue.clear()
    for body in ('{"transaction": "nobody"}', "[]", "not json", *bodies):
        failing.put("openbank", body)
    look(failing)
    assert len(failing.wires) == 10
    assert failing.held == {"openbank"}
    callback(failing).status = 204
    failing.pass_time(MINUTE)
    assert look(failing)["openbank"]["state"] == "well"


def test_a_paused_bank_without_a_message_is_resumed(failing: World) -> None:
    look(failing)
    failing.queues["openbank"].clear()
    assert look(failing)["openbank"]["state"] == "well"
    assert failing.held == set()


def test_a_bank_that_is_well_costs_two_reads_a_minute(counterfoil: World) -> None:
    look(counterfoil)
    before = len(counterfoil.calls)
    registry.bank("openbank")
    assert set(counterfoil.calls[:before]) <= {
        "dynamodb.GetItem", "secretsmanager.GetSecretValue", "lambda.GetEventSourceMapping",
    }  # fmt: skip
    assert counterfoil.held == set()


def test_one_failing_bank_pauses_no_other(failing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELIVERY_MAPPINGS", mappings_of("openbank", "harbourbank"))
    told = look(failing)
    assert (told["openbank"]["state"], told["harbourbank"]["state"]) == ("paused", "well")
    assert failing.held == {"openbank"}


def test_what_fails_for_one_bank_hinders_no_other(failing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELIVERY_MAPPINGS", mappings_of("harbourbank", "openbank"))
    read, counted = bank_health.get, list[str]()
    probing_reads = iter([True])

    def broken(bank: str) -> Any:
        if bank == "harbourbank" and next(probing_reads, False):
            raise RuntimeError
        return read(bank)

    monkeypatch.setattr(bank_health, "get", broken)
    monkeypatch.setattr(observe, "count", counted.extend)
    assert look(failing)["openbank"]["state"] == "paused"
    assert sorted(counted) == ["BankPaused", "RoundFailed"]


def test_a_bank_that_is_gone_is_paused_until_it_is_registered_again(failing: World) -> None:
    callback(failing).status = 410
    failing.run(3 * 86_400)
    sent = len(failing.wires)
    assert look(failing)["openbank"]["reason"] == "gone"
    failing.pass_time(3600)
    look(failing)
    assert (len(failing.wires), failing.held) == (sent, {"openbank"})
    record = registry.bank("openbank")
    assert record is not None
    assert record.disabled
    registry.register_bank(record.bank)
    callback(failing).status = 204
    assert look(failing)["openbank"]["state"] == "well"
    failing.run(2 * 86_400)
    assert len(set(callback(failing).taken)) == 3


def test_ops_pause_and_resume_by_hand(failing: World) -> None:
    callback(failing).status = 204
    told = look(failing, {"pause": "openbank"})["openbank"]
    assert (told["state"], told["reason"]) == ("paused", "by hand")
    for _ in range(3):
        failing.pass_time(3600)
        look(failing)
    assert (failing.held, callback(failing).taken) == ({"openbank"}, [])
    assert look(failing, {"resume": "openbank"})["openbank"]["state"] == "well"
    failing.run()
    assert len(set(callback(failing).taken)) == 3


def test_a_delivery_that_is_taken_notes_nothing(counterfoil: World) -> None:
    counterfoil.consent()
    sell(counterfoil, 1)
    before = len(counterfoil.calls)
    counterfoil.run(0)
    calls = counterfoil.calls[before:]
    assert calls.count("dynamodb.PutItem") == 1  # the transaction itself
    assert bank_health.get("openbank").rev == 0


def test_a_bank_that_recovers_by_itself_is_noted_well(failing: World) -> None:
    assert bank_health.get("openbank").state == "failing"
    callback(failing).status = 204
    failing.run()
    assert bank_health.get("openbank").state == "well"
    assert look(failing)["openbank"]["state"] == "well"
