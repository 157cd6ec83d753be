"""The replay holds in the end what the handlers hold: their own scenarios, told line by line."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from infra.sandbox import event_files
from tests.flows.scenarios import LATER, PLAIN, Scenario
from tests.replay.tape import START, Tape, held

STEP = 2


@dataclass
class Teller:
    """What a scenario asks of a world: the time, and the bodies of `events/`."""

    now: datetime = START

    def body_of(self, name: str) -> Any:
        return json.loads(event_files.load(name, self.now).body)


def tell(tape: Tape, second: float, body: Mapping[str, Any]) -> None:
    if "data" in body:
        tape.bank_tells(second, body)
    else:
        tape.till_tells(second, body)


@pytest.mark.parametrize("scenario", [*PLAIN, *LATER], ids=lambda scenario: scenario.name)
def test_the_replay_holds_what_the_handlers_hold(tape: Tape, scenario: Scenario) -> None:
    if scenario.prepare is not Scenario.prepare:
        tape.knows_the_clock()
    for number, bodies in enumerate(scenario.tell(Teller())):  # type: ignore[arg-type]
        for body in bodies:
            tell(tape, STEP * number, body)
    assert held(tape.play()) == scenario.held
    assert tape.problems == []
