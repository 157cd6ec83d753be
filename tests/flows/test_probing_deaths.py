"""A run that pauses or probes a bank dies, or another is faster: nothing is lost, and nobody stays paused."""

import pytest

from counterfoil.runtime import mappings, queues
from counterfoil.store import bank_health
from functions import probe_banks
from tests.audit import kept
from tests.flows.failing_banks import MINUTE, Callback, callback, look, sell
from tests.flows.test_deaths import moments
from tests.world import World


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
