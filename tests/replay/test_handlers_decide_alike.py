"""The handlers and the replay, told the same at the same times: the same decisions, for the same reasons, at once.

The handlers run on moto with real queues' delays in simulated time. `TOLD=2000` tells more than the usual run does.
"""

import json
import os
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from counterfoil.domain.times import rfc3339
from tests.replay.tape import CARD, START, Tape
from tests.world import World

TOLD = int(os.environ.get("TOLD", "60"))
AMOUNTS = (285, 345, 345, 410, 585)
LOOKS = timedelta(minutes=11)
WALLET = 0.35

type Decision = tuple[str, str, str, str, str, float, tuple[str, ...]]
"""When, matched or withdrawn, the transaction, the receipt, the method, the confidence, the reasons."""


def a_day_at_the_till(tape: Tape, count: int) -> None:
    """Sales seconds apart at two tills, some alike, some by wallet, some without codes, some told late or corrected."""
    dice = random.Random(20)
    told, number, second = 0, 0, 0.0
    while told < count:
        number, second = number + 1, second + dice.expovariate(1 / 20)
        amount = dice.choice(AMOUNTS)
        codes = {"auth_code": f"{dice.randrange(10**6):06}" if dice.random() < 0.6 else None, "rrn": None}
        last4 = f"{dice.randrange(10_000):04}"
        printed = f"{dice.randrange(10_000):04}" if dice.random() < WALLET else last4
        if has_payment := dice.random() < 0.9:
            tape.pays(second + dice.uniform(0.1, 4), f"tx_{number}", amount=amount, paid=second, last4=last4, **codes)
        if has_receipt := dice.random() < 0.9:
            late = dice.uniform(0.1, 6) if dice.random() < 0.9 else dice.uniform(20, 300)
            card = CARD | codes | {"last4": printed}
            till = {"till_id": dice.choice(("03", "04")), "issued": second + dice.gauss(3, 2), "amount": amount}
            tape.sells(second + late, f"soho-{number}", card=card, **till)
            if dice.random() < 0.05:
                tape.sells(second + 400, f"soho-{number}", card=card, **till | {"amount": amount + 10})
                told += 1
        if has_payment and dice.random() < 0.1:
            kind = dice.choice(("cleared", "reversed"))
            tape.pays(second + 500, f"tx_{number}", amount=amount, paid=second, last4=last4, kind=kind, **codes)
            told += 1
        told += has_payment + has_receipt


def in_order(tape: Tape) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """All lines by their time of arrival."""
    lines = [*tape.banks, *tape.tills]
    return iter(sorted(((datetime.fromisoformat(line["at"]), line) for line in lines), key=lambda told: told[0]))


def decided_by_handlers(world: World, tape: Tape) -> list[Decision]:
    world.consent()
    for at, line in in_order(tape):
        world.run((at - world.now).total_seconds())
        world.clock.move_to(at)
        if "bank" in line:
            world.pays(line["body"])
        else:
            world.sells(line["body"])
        world.run(0)
    world.run(LOOKS.total_seconds())
    found, receipts = [], {}
    for wire in world.wires:
        notice = wire.notice
        told, match = notice["data"], notice["data"]["match"]
        kind = notice["type"].removeprefix("receipt.")
        if kind == "corrected":
            continue  # the same match, another body
        receipt = receipts.setdefault(told["match_id"], told.get("receipt", {}).get("receipt_id"))
        method, confidence = match.get("method", ""), match.get("confidence", 0.0)
        ids = (told["transaction_id"], receipt)
        found.append((rfc3339(wire.at), kind, *ids, method, confidence, tuple(match["reasons"])))
    return found


def decided_by_replay(tape: Tape) -> list[Decision]:
    tape.banks.sort(key=lambda line: line["at"])
    tape.tills.sort(key=lambda line: line["at"])
    until = (max(at for at, _ in in_order(tape)) + LOOKS).isoformat()
    return [
        (
            *(line["decided_at"], line.get("outcome", "matched")),
            *(line["transaction_id"], line["receipt_id"]),
            *(line.get("method", ""), line.get("confidence", 0.0), tuple(line["reasons"])),
        )
        for line in tape.play()
        if line.get("decided_at", "9") < until
    ]


@pytest.mark.timeout(3600)
def test_the_same_decisions_for_the_same_reasons(counterfoil: World, tape: Tape) -> None:
    counterfoil.clock.move_to(START - timedelta(minutes=1))
    a_day_at_the_till(tape, TOLD)
    theirs, ours = decided_by_handlers(counterfoil, tape), decided_by_replay(tape)
    assert tape.problems == []
    assert len(theirs) > TOLD / 4
    assert json.dumps(sorted(ours), indent=1) == json.dumps(sorted(theirs), indent=1)
