"""What a sweep costs grows with what is due, not with the table.

A hundredth of the records is due. The suite sweeps 1,000 and 2,000, `make sweep-cost` 100,000 and 200,000.
"""

import os
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from counterfoil.domain import records, retention
from counterfoil.domain.holds import Hold
from counterfoil.domain.times import to_millis
from counterfoil.store import holds, keys, table
from tests.account import moto_tables
from tests.flows.sweeps import DAY, certificates, sweep
from tests.world import World

RECORDS = int(os.environ.get("SWEPT_RECORDS", "1000"))
SHARDS = 64 if RECORDS > 1000 else 4
"""Fewer than there are, since moto is slow."""
HELD = "subject-held"


@pytest.fixture
def spent(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What the calls of the sweep read and wrote: requests, items read, items written."""
    monkeypatch.setattr(keys, "SHARDS", SHARDS)
    monkeypatch.setattr(retention, "BEGINNING", counterfoil.now.date() - timedelta(days=9))
    monkeypatch.setattr(
        records, "RECORDS", tuple(row for row in records.RECORDS if row.due in ("transaction", "match", "tender"))
    )
    spent: Counter[str] = Counter()
    call = counterfoil.original_call

    def counted(client: Any, operation: str, arguments: Mapping[str, Any]) -> Any:
        answer = call(client, operation, arguments)
        spent[operation] += 1
        spent["items read"] += len(answer.get("Items", [])) + ("Item" in answer)
        spent["items read"] += sum(map(len, answer.get("Responses", {}).values())) if answer.get("Responses") else 0
        spent["items written"] += len(arguments.get("TransactItems", [])) + (operation == "DeleteItem")
        return answer

    counterfoil.original_call = counted
    return spent


def fill(world: World, number: int, due: int) -> None:
    """That many payments without a receipt, of which `due` are of the day that is over next; one of these is held."""
    over, fresh = world.now - timedelta(days=7), world.now
    for one in range(number):
        seen, name = (over if one < due else fresh), f"{world.now:%d}-{one}"
        item = keys.transaction(name) | {
            "subject": HELD if one == 0 else f"subject-{one}",
            "due": keys.due("transaction", seen, name),
            "seen": to_millis(seen),
            "at": 0,
            "rev": 1,
        }
        moto_tables()["ledger"].put_item(table._outward(item))


def day(world: World, spent: Counter[str], number: int, due: int) -> Counter[str]:
    """What the run of a day costs."""
    fill(world, number, due)
    world.pass_time(DAY)
    spent.clear()
    assert sweep(world) == {"SweepDone": 1, "Swept": due - 1, "SweepHeld": 1}
    assert certificates()[-1]["counts"]["transaction"]["deleted"] == due - 1
    return spent.copy()


def test_twice_the_table_costs_the_same_and_twice_what_is_due_costs_so_much_more(
    counterfoil: World, spent: Counter[str]
) -> None:
    hundredth = RECORDS // 100
    table.write(holds.placed(HELD, Hold("case-1", "police", counterfoil.now)))
    sweep(counterfoil)
    beginning = counterfoil.remember()
    costs = []
    for number, due in ((RECORDS, hundredth), (2 * RECORDS, hundredth), (RECORDS, 2 * hundredth)):
        counterfoil.restore(beginning)
        costs.append(day(counterfoil, spent, number, due))
    small, large, more = costs
    print(RECORDS, *({name: one[name] for name in ("Query", "items read", "items written")} for one in costs), sep="\n")
    assert large == small
    assert small["items read"] <= 2 * hundredth + 20
    assert more["items read"] - small["items read"] <= 2 * hundredth + 5
    # One write and two checks of a customer's, in transactions that move the run too.
    assert small["items written"] <= 3 * hundredth + 4 * SHARDS
    assert more["items written"] - small["items written"] <= 3 * hundredth + 4 * SHARDS
    # Each shard of three days of three classes is read, full or empty.
    assert more["Query"] == small["Query"] <= 3 * 3 * SHARDS + 10
