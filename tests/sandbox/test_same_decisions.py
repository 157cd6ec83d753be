"""What the campaign `make same-decisions` tells, and how it compares; without the engine."""

import json
from datetime import timedelta
from pathlib import Path

from infra.sandbox.same_decisions import LOOKS, compared, decided_by_replay, made
from tests.replay.tape import START, moment

EVENTS = 300


def test_what_is_told_is_always_the_same_and_told_in_order() -> None:
    events = made(EVENTS)
    assert events == made(EVENTS)
    assert len(events) == EVENTS
    assert [event.second for event in events] == sorted(event.second for event in events)
    assert 0.4 < sum(event.is_payment for event in events) / EVENTS < 0.6


def test_the_replay_decides_most_of_it_in_time(tmp_path: Path) -> None:
    events = made(EVENTS)
    lines = [
        {
            "at": moment(event.second),
            "bank" if event.is_payment else "retailer": event.sender,
            "body": json.loads(json.dumps(event.at(START + timedelta(seconds=event.second)))),
        }
        for event in events
    ]
    replayed = decided_by_replay(lines, tmp_path)
    assert len(replayed) > 0.7 * sum(event.is_payment for event in events)
    right = sum(payment.rpartition("_")[2] == receipt.rpartition("-")[2] for payment, (receipt, _) in replayed.items())
    assert right > 0.97 * len(replayed)
    cut = [line for line in lines if line["at"] < moment(events[-1].second - LOOKS)]
    assert compared(decided_by_replay(cut, tmp_path), replayed)["another receipt"] == 0


def test_another_receipt_another_method_and_one_side_alone_are_told_apart() -> None:
    handlers = {"a": ("r1", "time"), "b": ("r2", "time"), "c": ("r3", "rrn"), "d": ("r4", "time")}
    replayed = {"a": ("r1", "time"), "b": ("r9", "time"), "c": ("r3", "time"), "e": ("r5", "time")}
    assert compared(handlers, replayed) == {
        "the same": 1,
        "another receipt": 1,
        "the same receipt, by another method": 1,
        "by the handlers only": 1,
        "by the replay only": 1,
    }
