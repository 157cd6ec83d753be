"""Lambdas that die before or after any of their calls, once or twice: the outcome is the same.

Between two calls a Lambda does nothing that lasts, and a read changes nothing: dying before a call, or after a read, is
dying after the write before it. Where deaths are too many to try them all, the moments that differ are tried; with
ALL_DEATHS=1 (`make deaths`) every one of them, else every second death that comes later, and every fourth pair.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.audit import audit, held, kept
from tests.flows.scenarios import LATER, PLAIN, Scenario, Step, play
from tests.world import World


def start(world: World, scenario: Scenario) -> tuple[Any, list[Step]]:
    world.consent()
    scenario.prepare(world)
    beginning = world.remember()
    steps = scenario.recorded(world)
    (tables, _), queues, dead, _ = beginning
    _, uploaded = world.remember()[0]  # a message that was recorded names the object with its body
    world.restore(((tables, uploaded), queues, dead, world.now))
    beginning = world.remember()
    play(world, steps)
    assert {name: receipt["receipt_id"] for name, receipt in held(world).items()} == scenario.held
    audit(world)
    return beginning, steps


def outcome(world: World) -> Any:
    """Every delivery's id and body, and who belongs to whom."""
    payments, tenders = kept()
    pairs = {(one.key, one.match.tender_key) for one in payments.values() if one.match}
    return {(wire.headers["webhook-id"], wire.body) for wire in world.wires}, pairs, {*payments}, {*tenders}


ALL = os.environ.get("ALL_DEATHS") == "1"
EVERY, EVERY_PAIR = (1, 1) if ALL else (2, 4)
READS = {"dynamodb.GetItem", "dynamodb.BatchGetItem", "dynamodb.Query", "s3.GetObject"}


def moments(world: World, since: int = 0) -> Iterator[tuple[int, str]]:
    """The moments that differ, of the run that was just recorded: each life's beginning, and after each write."""
    for number in range(since, world.passed):
        if number in world.lives:
            yield number, "before"
        if world.calls[number] not in READS:
            yield number, "after"


def survives(world: World, beginning: Any, steps: list[Step], deaths: dict[int, str], expected: Any) -> None:
    world.restore(beginning)
    world.deaths = deaths
    play(world, steps)
    try:
        audit(world, deaths=len(deaths))
        assert held(world) == expected
    except AssertionError as error:
        raise AssertionError(f"deaths {deaths}") from error


@pytest.mark.parametrize("scenario", PLAIN, ids=lambda scenario: scenario.name)
def test_a_death_before_or_after_any_call_changes_nothing(counterfoil: World, scenario: Scenario) -> None:
    beginning, steps = start(counterfoil, scenario)
    expected, sent, calls = held(counterfoil), outcome(counterfoil), counterfoil.passed
    for number in range(calls):
        for when in ("before", "after"):
            survives(counterfoil, beginning, steps, {number: when}, expected)
            assert outcome(counterfoil) == sent


@pytest.mark.parametrize("scenario", LATER, ids=lambda scenario: scenario.name)
def test_a_death_at_any_moment_of_what_comes_later_changes_nothing(counterfoil: World, scenario: Scenario) -> None:
    beginning, steps = start(counterfoil, scenario)
    expected, sent = held(counterfoil), outcome(counterfoil)
    for number, when in list(moments(counterfoil))[::EVERY]:
        survives(counterfoil, beginning, steps, {number: when}, expected)
        if scenario.steady:
            assert outcome(counterfoil) == sent


@pytest.mark.parametrize("scenario", PLAIN[:2], ids=lambda scenario: scenario.name)
def test_any_two_deaths_change_nothing(counterfoil: World, scenario: Scenario) -> None:
    beginning, steps = start(counterfoil, scenario)
    expected, sent = held(counterfoil), outcome(counterfoil)
    first_deaths = list(moments(counterfoil))
    for place, (number, when) in enumerate(first_deaths):
        survives(counterfoil, beginning, steps, {number: when}, expected)
        for second, then in list(moments(counterfoil, since=number + 1))[place % EVERY_PAIR :: EVERY_PAIR]:
            survives(counterfoil, beginning, steps, {number: when, second: then}, expected)
            assert outcome(counterfoil) == sent
