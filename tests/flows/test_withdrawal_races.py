"""A customer withdraws, is restricted or erased while everything is under way: see `withdrawal_races`."""

import json
import os
import sys
from collections import Counter
from functools import partial

import pytest

from counterfoil.flows import consent, erasing
from counterfoil.runtime import queues, secrets
from tests.flows.withdrawal_races import Act, Race, run, the_same_dice
from tests.world import World

RACES, FIRST = int(os.environ.get("RACES", "8")), int(os.environ.get("SEED", "0"))


def choose(world: World, granted: bool) -> None:
    """A grant names the version that the bank saw last."""
    path, scope = "/v1/banks/openbank/customers/cust_42/consents", "counterfoil/openbank.consents"
    seen = world.request("GET", path, scope=scope)["json"]["consents"]["receipts"]["version"]
    wish = {"granted": granted, "expected_version": seen, "notice_version": "2026-11"}
    world.request("PUT", f"{path}/receipts", json.dumps(wish).encode(), scope=scope)


def restrict(world: World, on: bool) -> None:
    """As a request under data protection law has it done."""
    subject = secrets.sealer().subject("openbank", "cust_42")
    (consent.restrict if on else consent.lift)(subject, "request", world.now, queues.announce)


def erase(world: World) -> None:
    subject = secrets.sealer().subject("openbank", "cust_42")
    queues.announce(erasing.begin(subject, "requested", world.now))


WITHDRAWS, GRANTS = partial(choose, granted=False), partial(choose, granted=True)
CHANGES: tuple[Act, ...] = (
    WITHDRAWS,
    WITHDRAWS,
    GRANTS,
    partial(restrict, on=True),
    partial(restrict, on=False),
    erase,
)


def test_no_receipt_reaches_a_bank_after_its_customer_withdrew(
    counterfoil: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = counterfoil
    monkeypatch.setenv("ERASURE_WAITS", "60,60,600")  # a bank that is silent is waited for ten minutes, not six hours
    with the_same_dice(0):
        world.consent()
    beginning = world.remember()
    breaches: dict[int, list[str]] = {}
    sent = Counter[str]()
    for seed in range(FIRST, FIRST + RACES):
        race: Race = run(world, beginning, seed, CHANGES)
        sent += Counter(one.notice["type"] for one in race.sent)
        assert world.dead["rights"] == []
        if found := race.breaches():
            breaches[seed] = found
            print(f"seed {seed}: {found}", file=sys.__stderr__)
        if (seed + 1) % 100 == 0:
            print(f"{seed + 1} races, {sent.total()} deliveries, {len(breaches)} with a breach", file=sys.__stderr__)
    assert breaches == {}
    assert sent["receipt.matched"] > RACES / 4, "else nothing was raced for"


@pytest.mark.parametrize("seed", [30005, 30013, 30017])
def test_a_seed_replays(counterfoil: World, seed: int) -> None:
    """These three did not, while salts came from elsewhere."""
    before = counterfoil.remember()
    seen = []
    for _ in range(3):
        counterfoil.restore(before)
        with the_same_dice(0):
            counterfoil.consent()
        race = run(counterfoil, counterfoil.remember(), seed, CHANGES)
        seen.append((counterfoil.calls, [(one.step, one.read, one.at, one.notice) for one in race.sent]))
    assert seen[1:] == seen[:-1]
