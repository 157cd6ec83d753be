"""A customer withdraws, is restricted or erased while everything is under way: see `withdrawal_races`."""

import json
import os
from functools import partial

from tests.flows.withdrawal_races import Act, Race, run
from tests.world import World

RACES, FIRST = int(os.environ.get("RACES", "40")), int(os.environ.get("SEED", "0"))


def choose(world: World, granted: bool) -> None:
    """A grant names the version that the bank saw last."""
    path, scope = "/v1/banks/openbank/customers/cust_42/consents", "counterfoil/openbank.consents"
    seen = world.request("GET", path, scope=scope)["json"]["consents"]["receipts"]["version"]
    wish = {"granted": granted, "expected_version": seen, "notice_version": "2026-11"}
    world.request("PUT", f"{path}/receipts", json.dumps(wish).encode(), scope=scope)


WITHDRAWS, GRANTS = partial(choose, granted=False), partial(choose, granted=True)
CHANGES: tuple[Act, ...] = (WITHDRAWS, WITHDRAWS, GRANTS)


def test_no_receipt_reaches_a_bank_after_its_customer_withdrew(counterfoil: World) -> None:
    world = counterfoil
    world.consent()
    beginning = world.remember()
    breaches: dict[int, list[str]] = {}
    seen = 0
    for seed in range(FIRST, FIRST + RACES):
        race: Race = run(world, beginning, seed, CHANGES)
        seen += len(race.sent)
        if found := race.breaches():
            breaches[seed] = found
    assert breaches == {}
    assert seen > RACES / 4
