"""Messages that are worked on at the same time, twice, with stale reads: the outcome is the same for every seed."""

from collections import Counter
from typing import Any

import pytest

from tests.audit import audit, held, kept
from tests.flows.interleaving import Interleaver
from tests.flows.scenarios import (
    SECOND_CARD,
    Scenario,
    cleared,
    know_the_clock,
    payment,
    receipt,
    two_tenders,
    without_codes,
)
from tests.world import World

SOHO = {"tx_0001": "soho-03-000123"}


def paid_later(body: dict[str, Any], seconds: int, code: str) -> dict[str, Any]:
    """A payment or receipt some seconds later, with another authorisation code."""
    for data in [body["data"]] if "data" in body else body["tenders"]:
        data |= {"auth_code": code, "rrn": None}
        data.update({name: value for name, value in data.items() if value is not None})
    text = body["data"]["authorised_at"] if "data" in body else body["issued_at"]
    moved = text[:17] + f"{int(text[17:19]) + seconds:02d}" + text[19:]
    if "data" in body:
        body["data"]["authorised_at"] = moved
        return body
    body["tenders"][0].pop("rrn")
    return body | {"issued_at": moved}


def two_coffees(world: World) -> list[dict[str, Any]]:
    return [
        paid_later(payment(world, "tx_0001"), 0, "AAAAAA"),
        paid_later(payment(world, "tx_0002"), 20, "BBBBBB"),
        paid_later(receipt(world, "soho-1"), 0, "AAAAAA"),
        paid_later(receipt(world, "soho-2"), 20, "BBBBBB"),
    ]


RACES = [
    Scenario("payment and receipt", lambda w: [[payment(w), receipt(w)]], SOHO),
    Scenario("both twice", lambda w: [[payment(w), receipt(w), payment(w), receipt(w)]], SOHO),
    Scenario(
        "by time alone",
        lambda w: [[without_codes(payment(w)), without_codes(receipt(w))]],
        SOHO,
        prepare=know_the_clock,
    ),
    Scenario("a correction", lambda w: [[payment(w), receipt(w), receipt(w, till_id=None)]], SOHO),
    Scenario("a correction to the right amount", lambda w: [[payment(w), receipt(w, amount=700), receipt(w)]], SOHO),
    Scenario("a correction to another amount", lambda w: [[payment(w), receipt(w), receipt(w, amount=700)]], {}),
    Scenario("a clearing", lambda w: [[payment(w), cleared(w), receipt(w)]], SOHO),
    Scenario("a clearing at another amount", lambda w: [[cleared(w, amount=700), payment(w), receipt(w)]], SOHO),
    Scenario("two equal coffees", lambda w: [two_coffees(w)], {"tx_0001": "soho-1", "tx_0002": "soho-2"}),
    Scenario(
        "split tender",
        lambda w: [[payment(w, amount=300), payment(w, "tx_0002", amount=285, **SECOND_CARD), two_tenders(w)]],
        {"tx_0001": "soho-split", "tx_0002": "soho-split"},
    ),
]


def race(world: World, beginning: Any, steps: Any, seed: int, deaths: int = 0) -> None:
    world.restore(beginning)
    interleaver = Interleaver(world, seed, deaths=deaths)
    bodies = [message for step in steps for message in step]
    interleaver.chance.shuffle(bodies)
    bodies.append(interleaver.chance.choice(bodies))
    for name, body in bodies:
        world.put(name, body)
    interleaver.run()


@pytest.mark.parametrize("scenario", RACES, ids=lambda scenario: scenario.name)
def test_any_interleaving_ends_alike(counterfoil: World, scenario: Scenario) -> None:
    world = counterfoil
    world.consent()
    scenario.prepare(world)
    beginning = world.remember()
    steps = scenario.recorded(world)
    beginning = (*beginning[:3], world.now)
    for seed in range(20):
        deaths = seed % 3
        race(world, beginning, steps, seed, deaths)
        try:
            assert {name: one["receipt_id"] for name, one in held(world).items()} == scenario.held
            audit(world, deaths=deaths + len(steps[0]), raced=True)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error


def test_the_same_webhook_fifty_times_at_once_is_one_delivery(counterfoil: World) -> None:
    world = counterfoil
    world.consent()
    world.sells(receipt(world))
    interleaver = Interleaver(world, seed=1, at_once=60)
    body = payment(world)
    answers = Counter[int]()

    def post() -> None:
        answers[world.signed("openbank", "/v1/banks/openbank/transactions", body)["statusCode"]] += 1

    for _ in range(50):
        interleaver.alongside(post)
    world.mortal += 1
    interleaver.run()
    world.mortal -= 1
    assert answers == {202: 50}
    assert [notice["type"] for notice in world.notices()] == ["receipt.matched"]
    assert len(kept()[0]) == 1
    audit(world)
