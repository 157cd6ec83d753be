"""A bank that keeps failing is paused and probed: nothing is lost, nothing is burnt, whenever a run dies."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from counterfoil.domain.bank_health import PROBE_WAITS
from counterfoil.runtime import mappings, observe, queues
from counterfoil.runtime.http import Answer
from counterfoil.store import bank_health, registry
from functions import probe_banks
from tests.audit import kept
from tests.flows.scenarios import payment, receipt
from tests.flows.test_deaths import moments
from tests.world import Death, Wire, World

MINUTE = 60


class Callback:
    """Openbank's: it answers `status`, and remembers what it took."""

    def __init__(self) -> None:
        self.status: int | None = 500
        self.taken: list[str] = []

    def __call__(self, wire: Wire) -> Answer:
        if self.status == 204:
            self.taken.append(wire.headers["webhook-id"])
        return Answer(self.status)


def sell(world: World, *numbers: int) -> None:
    """Sales whose deliveries are queued then."""
    for number in numbers:
        world.pays(payment(world, f"tx_{number}", amount=500 + number, auth_code=f"CODE{number:02d}", rrn=None))
        sale = receipt(world, f"soho-{number}", amount=500 + number)
        card = {name: value for name, value in sale["tenders"][0].items() if name != "rrn"}
        world.sells(sale | {"tenders": [card | {"auth_code": f"CODE{number:02d}"}]})
    while batch := world.receive("match"):
        world.work_on("match", batch)


def look(world: World, order: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """One run of the function, which may die; how the banks are then."""
    world.mortal += 1
    world.lives.append(world.passed)
    try:
        probe_banks.handler(order or {}, None)
    except Death:
        bank_health.forget()
    finally:
        world.mortal -= 1
    return {bank["bank"]: bank for bank in probe_banks.handler({"look": True}, None)["banks"]}


@pytest.fixture
def failing(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Three receipts that Openbank failed to take for five minutes."""
    monkeypatch.setenv("DELIVERY_MAPPINGS", mappings_of("openbank"))  # one bank: its calls come in order
    counterfoil.answer = Callback()
    counterfoil.consent()
    sell(counterfoil, 1, 2, 3)
    counterfoil.run(400)
    assert len(counterfoil.wires) == 9
    yield counterfoil
    registry.forget()


def mappings_of(*banks: str) -> str:
    return json.dumps({bank: f"mapping-of-{bank}" for bank in banks})


def callback(world: World) -> Callback:
    assert isinstance(world.answer, Callback)
    return world.answer


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


def test_a_resumption_between_a_runs_read_and_its_hold_is_not_undone(
    failing: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(failing, {"pause": "openbank"})
    hold = mappings.hold

    def late(mapping: str) -> None:
        monkeypatch.setattr(mappings, "hold", hold)
        probe_banks.handler({"resume": "openbank"}, None)
        hold(mapping)

    monkeypatch.setattr(mappings, "hold", late)
    look(failing)
    failing.pass_time(MINUTE)
    look(failing)
    assert failing.held == set()


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


def story(world: World) -> None:
    """Paused, more to tell, probed in vain, recovered; then as long as it takes."""
    look(world)
    for body in world.later:  # type: ignore[attr-defined]
        world.put("openbank", body)
    world.pass_time(MINUTE)
    look(world)
    callback(world).status = 204
    for _ in range(3):
        world.pass_time(MINUTE)
        look(world)
        world.run(0)
    world.runs = world.passed  # type: ignore[attr-defined]
    world.run(3 * 86_400)


def test_a_run_that_dies_loses_nothing_and_leaves_nobody_paused(failing: World) -> None:
    sell(failing, 4, 5)
    queue = failing.queues["openbank"]
    failing.later = [message.body for message in queue if not message.receives]  # type: ignore[attr-defined]
    failing.queues["openbank"] = [message for message in queue if message.receives]
    assert len(failing.later) == 2  # type: ignore[attr-defined]
    beginning = failing.remember()

    def play(deaths: dict[int, str]) -> None:
        failing.restore(beginning)
        failing.answer, failing.deaths = Callback(), deaths
        story(failing)
        taken = callback(failing).taken
        assert len(set(taken)) == 5, deaths
        assert len(taken) <= 5 + len(deaths), deaths
        assert failing.queues["openbank"] == failing.dead["openbank"] == [], deaths
        assert failing.held == set(), deaths
        assert bank_health.get("openbank").state == "well", deaths
        assert all(one.is_all_delivered() for one in kept()[0].values()), deaths

    play({})
    calls = list(failing.calls)
    assert {"lambda.UpdateEventSourceMapping", "sqs.ReceiveMessage", "sqs.DeleteMessage"} <= set(calls)
    deaths = [(number, when) for number, when in moments(failing) if number < failing.runs]  # type: ignore[attr-defined]
    assert len(deaths) > 20
    for number, when in deaths:
        play({number: when})


def test_a_message_taken_by_hand_is_not_given_up_before_its_time(counterfoil: World) -> None:
    counterfoil.put("openbank", "{}")
    taken = queues.take_one("https://queues.test/1/openbank")
    assert taken is not None
    assert (taken.body, taken.attempt) == ("{}", 1)
    assert queues.take_one("https://queues.test/1/openbank") is None
    queues.keep_back("https://queues.test/1/openbank", taken.handle, 5)
    counterfoil.pass_time(5)
    again = queues.take_one("https://queues.test/1/openbank")
    assert again is not None
    assert again.attempt == 2
    queues.delete("https://queues.test/1/openbank", again.handle)
    assert counterfoil.queues["openbank"] == []


def test_a_pause_that_died_before_the_mapping_was_held_is_finished_by_the_next_run(failing: World) -> None:
    beginning = failing.remember()
    failing.restore(beginning)
    look(failing)
    paused = failing.calls.index("dynamodb.PutItem")
    failing.restore(beginning)
    failing.answer, failing.deaths = Callback(), {paused: "after"}
    assert look(failing)["openbank"]["state"] == "paused"
    assert failing.held == set()
    sell(failing, 4)
    look(failing)
    assert failing.held == {"openbank"}
