"""A receipt that a bank was told stays that payment's: another comes only after it was taken back, with a reason."""

import random
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from functions import revisit_undecided
from tests.audit import audit
from tests.flows.scenarios import (
    Body,
    at,
    cleared,
    know_the_clock,
    payment,
    receipt,
    reprint,
    reversed_payment,
    tell,
    without_codes,
)
from tests.world import World

HOUR, DAY = 3600, 86_400
Told = dict[str, Any]


def in_order(world: World) -> dict[str, list[Told]]:
    """What was told of each payment, by version: each version once."""
    told: dict[str, dict[int, Told]] = defaultdict(dict)
    for notice in world.notices():
        data = notice["data"]
        told[data["transaction_id"]][data["version"]] = notice
    return {name: [versions[number] for number in sorted(versions)] for name, versions in told.items()}


def check(story: list[Told]) -> None:
    """Matched, corrected any number of times, and withdrawn with a reason before anything else is matched."""
    held: Told | None = None
    for notice in story:
        kind, data = notice["type"].removeprefix("receipt."), notice["data"]
        assert data["match"]["reasons"]
        if kind == "matched":
            assert held is None
        else:
            assert held is None or data["match_id"] == held["match_id"]
        if kind == "corrected":
            assert held is not None
            assert all(data["receipt"][name] == held["receipt"][name] for name in ("receipt_id", "total"))
        held = None if kind == "withdrawn" else data


OTHER_CARD = {"auth_code": "ZZZZZZ", "rrn": "632500000777"}


def events(world: World) -> list[Body]:
    """Two payments of one amount, a receipt of each and one that fits both, and what may be told of them later."""
    one, two, three = (receipt(world, f"soho-03-00010{number}") for number in range(3))
    two["tenders"][0] |= OTHER_CARD | {"last4": "9999"}
    another = receipt(world, "soho-03-000100", amount=650)
    return [
        payment(world),
        payment(world, "tx_0002", **OTHER_CARD, card={"last4": "9999"}),
        one,
        two,
        without_codes(three),
        reprint(one, "soho-03-000109"),
        one | {"till_id": "04"},
        without_codes(two) | {"till_id": "04"},
        another,
        two | {"tenders": [{"type": "cash", "amount": 585}]},
        at(cleared(world), 60),
        at(cleared(world, amount=650), 61),
        at(cleared(world, auth_code="ZZZZZZ"), 62),
        at(reversed_payment(world), 63),
        at(without_codes(cleared(world, "tx_0002")), 64),
    ]


def pass_a_day(world: World) -> None:
    world.pass_time(DAY + 2 * HOUR)
    revisit_undecided.handler({}, None)
    world.run()


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_told_later(shop: World, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterfoil.store.keys.SHARDS", 2)
    revisit_undecided.handler({}, None)
    know_the_clock(shop)
    chance = random.Random(seed)
    happens: list[Body | Callable[[World], None]] = [*events(shop), *events(shop)[:5], pass_a_day]
    chance.shuffle(happens)
    for event in happens:
        if callable(event):
            event(shop)
        else:
            tell(shop, event)
        if chance.random() < 0.3:
            shop.run()
    shop.run()
    stories = in_order(shop)
    assert stories
    for story in stories.values():
        check(story)
    audit(shop)


def test_a_decision_after_a_day_leaves_a_match_as_it_is(shop: World) -> None:
    tell(shop, payment(shop), receipt(shop))
    told = [(wire.url, wire.body) for wire in shop.wires]
    for another in (receipt(shop, "soho-03-000200"), without_codes(receipt(shop, "soho-03-000201"))):
        tell(shop, another)
    pass_a_day(shop)
    assert [(wire.url, wire.body) for wire in shop.wires] == told
    audit(shop)
