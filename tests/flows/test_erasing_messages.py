"""The messages of one erasure: however many there were, one goes on, and none that has to go on is lost."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from counterfoil.runtime.http import Answer
from counterfoil.store import erasures, keys, table
from counterfoil.store.table import LEDGER, Put
from tests.account import stored
from tests.flows.erased import DAY, begin, message_of, rows_of, subject_of
from tests.flows.scenarios import payment, receipt, tell
from tests.flows.test_deaths import ALL, moments
from tests.flows.test_erasing import PROOF
from tests.world import Death, Message, World

HOUR = 3600


@pytest.fixture
def refused(counterfoil: World) -> World:
    """A customer whose bank takes nothing back, so that an erasure polls."""
    counterfoil.consent()
    tell(counterfoil, payment(counterfoil), receipt(counterfoil))
    counterfoil.answer = lambda wire: Answer(500)
    return counterfoil


@pytest.fixture
def waiting(refused: World) -> World:
    """An erasure that polls."""
    begin(refused, subject_of())
    refused.run(HOUR)
    assert standing().phase == "confirm"
    return refused


def standing() -> erasures.Erasure:
    known = erasures.get(subject_of())
    assert known is not None
    return known


def under_way(world: World) -> list[dict[str, Any]]:
    """The messages that erase."""
    told = [json.loads(message.body) for message in world.queues["rights"]]
    return [body for body in told if body["task"] == "erase"]


def ends(world: World) -> None:
    world.run(2 * DAY)
    assert standing().is_done
    assert rows_of(subject_of()) == PROOF
    assert under_way(world) == []
    assert not any(world.dead["rights"])


@pytest.mark.parametrize("twice", ["asked", "delivered"])
def test_of_two_messages_one_goes_on(waiting: World, twice: str) -> None:
    waiting.pass_time(100)
    if twice == "asked":
        begin(waiting, subject_of(), "prq_2")
    else:
        [message] = [one for one in waiting.queues["rights"] if "erase" in one.body]
        waiting.put("rights", message.body, message.visible_at + timedelta(seconds=60))
    assert len(under_way(waiting)) == 2, "that come apart: what is sent twice in one batch is sent once"
    waiting.run(HOUR)
    assert standing().phase == "confirm"
    assert len(under_way(waiting)) == 1
    ends(waiting)


def test_those_that_were_asked_for_at_once_become_one(refused: World) -> None:
    for _ in range(3):
        begin(refused, subject_of())
    refused.run(HOUR)
    assert standing().phase == "confirm"
    assert len(under_way(refused)) == 1
    ends(refused)


def test_one_that_dies_again_and_again_before_it_sends_the_next_comes_back_and_goes_on(counterfoil: World) -> None:
    """The checkpoint is kept each time, so what it was sent for is long past."""
    counterfoil.consent()
    begin(counterfoil, subject_of())
    counterfoil.run(0)
    assert [body["rev"] for body in under_way(counterfoil)] == [standing().rev]
    died: set[int] = set()

    def gate() -> None:
        [rev] = [item["rev"] for item in stored("ledger") if item["pk"].startswith("E#")]
        is_kept = any(body["rev"] < rev for body in under_way(counterfoil))
        if is_kept and counterfoil.calls[-1] == "sqs.SendMessageBatch" and len(died) < 3:
            died.add(counterfoil.passed)
            raise Death

    counterfoil.gate = gate
    counterfoil.run(2 * DAY)
    assert len(died) == 3
    ends(counterfoil)


def test_a_death_of_one_of_two_loses_neither_the_erasure_nor_a_request(waiting: World) -> None:
    waiting.pass_time(100)
    begin(waiting, subject_of(), "prq_2")
    beginning = waiting.remember()
    waiting.restore(beginning)  # so that its calls are counted from here
    waiting.run(2 * DAY)
    for death in list(moments(waiting))[:: 1 if ALL else 12]:
        waiting.restore(beginning)
        waiting.deaths = dict([death])
        waiting.run(2 * DAY)
        assert standing().is_done, death
        assert standing().requests == ("prq_2",), death
        assert under_way(waiting) == [], death


def back(at: str) -> Callable[[World], None]:
    """The record of the erasure as a restored table has it."""

    def restored(world: World) -> None:
        item = table.get(LEDGER, dict(keys.erasure(subject_of())))
        assert item is not None
        if at == "before it began":
            table.write(table.Delete(LEDGER, dict(keys.erasure(subject_of()))))
        else:
            table.write(Put(LEDGER, item | {"rev": 1, "phase": "stop"}))

    return restored


@pytest.mark.parametrize("at", ["before it began", "at its beginning"])
def test_a_message_of_after_a_restored_record_goes_on(waiting: World, at: str) -> None:
    back(at)(waiting)
    ends(waiting)


def test_one_that_stopped_goes_on_when_it_is_asked_for_again(waiting: World) -> None:
    waiting.queues["rights"] = []
    asked_at = standing().begun_at
    waiting.put("rights", message_of(subject_of(), asked_at))
    ends(waiting)


def test_one_of_a_former_life_does_nothing_to_the_next(counterfoil: World) -> None:
    counterfoil.consent()
    begin(counterfoil, subject_of())
    counterfoil.run(0)
    [old] = under_way(counterfoil)
    counterfoil.run(2 * DAY)
    counterfoil.consent()
    counterfoil.queues["rights"].append(Message("late", json.dumps(old), counterfoil.now))
    counterfoil.run(60)
    assert under_way(counterfoil) == []
    assert standing().is_done
    assert "C#/C" in rows_of(subject_of())
