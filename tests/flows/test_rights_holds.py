"""What a customer asked about is not swept away while their request is open, and no longer than it is open."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

import pytest

from counterfoil.domain import retention
from counterfoil.domain.holds import Hold
from counterfoil.domain.rights import Kind
from counterfoil.flows import rights
from counterfoil.runtime import queues, secrets
from counterfoil.store import holds, keys, table
from counterfoil.store.table import LEDGER
from functions import rights_clock
from tests.account import stored
from tests.flows.scenarios import payment, receipt, tell
from tests.flows.sweeps import DAY, change_row, matters, sweep
from tests.flows.test_rights_deaths import dying
from tests.functions.test_rights_api import ASKED, OF_CUSTOMER, anybody, bank, subject
from tests.world import World

KINDS: tuple[Kind, ...] = get_args(Kind)


@pytest.fixture
def shop(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A customer with a receipt, whose time is over in eleven days."""
    monkeypatch.setattr(keys, "SHARDS", 2)
    monkeypatch.setattr(retention, "BEGINNING", counterfoil.now.date())
    monkeypatch.setattr("counterfoil.flows.rights_clock.LOOKED_BACK", 40)
    change_row(monkeypatch, "matched transaction", kept=timedelta(days=10))
    counterfoil.consent()
    tell(counterfoil, payment(counterfoil), receipt(counterfoil))
    counterfoil.run(60)
    assert matters() == ["D", "R", "T"]
    return counterfoil


def ask(world: World, kind: Kind, **more: str) -> str:
    return str(bank(world, "POST", body={"kind": kind} | more)["request_id"])


def order(name: str, request: str, **more: str) -> dict[str, Any]:
    return rights_clock.handler({"order": name, "request": request, **more}, None)


def held_for() -> list[str]:
    return [hold.reference for hold in holds.of(subject())]


def is_swept(world: World) -> bool:
    """A sweep once all that is there is due."""
    sweep(world, anew=True)
    return matters() == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_asked_about_is_kept_while_it_is_open(shop: World, kind: Kind) -> None:
    request = ask(shop, kind)
    shop.pass_time(11 * DAY)
    keeps = kind not in ("erasure", "lifting")
    assert held_for() == ([request] if keeps else [])
    assert is_swept(shop) is not keeps


@pytest.mark.parametrize("kind", ["access", "portability"])
def test_once_it_is_answered_the_next_sweep_takes_it(shop: World, kind: Kind) -> None:
    request = ask(shop, kind)
    shop.pass_time(11 * DAY)
    assert not is_swept(shop)
    shop.run(60)
    assert bank(shop, "GET", f"{OF_CUSTOMER}/{request}")["state"] == "done"
    assert held_for() == []
    assert is_swept(shop)


@pytest.mark.parametrize("kind", ["restriction", "objection"])
def test_a_restriction_takes_over_before_its_request_is_closed(shop: World, kind: Kind) -> None:
    ask(shop, kind)
    shop.run(60)
    assert held_for() == []
    shop.pass_time(11 * DAY)
    assert not is_swept(shop)


@pytest.mark.parametrize("end", ["done", "refused", "withdrawn", "withdrawn by ops"])
def test_each_end_of_a_request_ends_its_hold(shop: World, end: str) -> None:
    request = ask(shop, "rectification", details="canary")
    shop.run(60)
    shop.pass_time(11 * DAY)
    assert not is_swept(shop)
    ends: dict[str, Callable[[], Any]] = {
        "done": lambda: order("done", request),
        "refused": lambda: order("refuse", request, reason="correct_already"),
        "withdrawn": lambda: bank(shop, "PUT", f"{OF_CUSTOMER}/{request}", {"withdrawn": True}),
        "withdrawn by ops": lambda: order("withdraw", request),
    }
    assert ends[end]()["state"] == end.partition(" ")[0]
    assert held_for() == []
    assert is_swept(shop)


def test_what_waits_in_vain_is_kept_until_it_is_closed(shop: World) -> None:
    request = ask(shop, "rectification", details="canary")
    shop.run(60)
    order("ask-clarification", request, question="Which card?")
    shop.pass_time(29 * DAY)
    rights_clock.handler({}, None)
    assert not is_swept(shop)
    shop.pass_time(2 * DAY)
    rights_clock.handler({}, None)
    assert order("show", request)["state"] == "refused"
    assert is_swept(shop)


def test_an_erasure_keeps_things_only_while_it_waits_for_who_asks(shop: World) -> None:
    request = ask(shop, "erasure")
    order("ask-identity", request)
    assert held_for() == [request]
    shop.pass_time(11 * DAY)
    assert not is_swept(shop)
    order("prove", request, bank="openbank", customer="cust_42")
    assert held_for() == []
    shop.run()
    assert order("show", request)["state"] == "done"
    assert matters() == []
    assert held_for() == []


def test_a_strangers_request_keeps_things_once_it_is_known_whose_they_are(shop: World) -> None:
    made = anybody(shop, "POST", body=ASKED)
    assert held_for() == []
    rights.prove(made["request_id"], made["token"], subject(), secrets.sealer(), shop.now, queues.announce)
    assert held_for() == [made["request_id"]]
    shop.run(60)
    assert held_for() == []


def test_one_request_that_ends_leaves_the_hold_of_another_and_of_the_law(shop: World) -> None:
    first, second = (ask(shop, "rectification", details="canary") for _ in range(2))
    table.write(holds.placed(subject(), Hold("case-1", "legal claim", shop.now)))
    order("refuse", first, reason="excessive")
    assert sorted(held_for()) == sorted([second, "case-1"])
    order("refuse", second, reason="excessive")
    assert held_for() == ["case-1"]


def test_an_open_request_stops_no_erasure_and_its_hold_goes_with_it(shop: World) -> None:
    request = ask(shop, "rectification", details="canary")
    shop.run(60)
    erasure = ask(shop, "erasure")
    shop.run()
    assert order("show", erasure)["state"] == "done"
    assert matters() == []
    assert not any(item["pk"].startswith("C#") for item in stored("ledger"))
    order("refuse", request, reason="excessive")
    assert not any(item["pk"].startswith("O#") for item in stored("ledger"))


def test_a_request_from_before_there_were_such_holds_has_one_from_its_next_step(shop: World) -> None:
    request = ask(shop, "access")
    table.write(table.Delete(LEDGER, {"pk": f"O#{subject()}", "sk": "O"}))
    order("extend", request, reason="complex")
    assert held_for() == [request]


@pytest.mark.parametrize("kind", ["access", "rectification"])
def test_a_death_at_any_moment_leaves_no_open_request_without_its_hold_and_no_hold_without_it(
    shop: World, kind: Kind
) -> None:
    def life() -> None:
        request = ask(shop, kind, request_id="ask_1", details="canary")
        if kind == "rectification":
            order("refuse", request, reason="excessive")
        shop.run(60)

    def look(at: tuple[int, str]) -> None:
        open_ones = [
            item["pk"].removeprefix("Q#")
            for item in stored("ledger")
            if item["pk"].startswith("Q#") and item["state"] not in ("done", "refused")
        ]
        assert held_for() == open_ones, at
        shop.run(400)
        life()
        assert held_for() == [], at
        assert not any(shop.dead.values()), at

    assert dying(shop, life, look) >= 12
