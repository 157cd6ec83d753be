"""What was learned of tills' clocks, as ops look at it."""

from datetime import timedelta
from typing import Any

import pytest

from counterfoil.domain.clocks import Clock
from counterfoil.flows import inspecting
from counterfoil.runtime import secrets
from counterfoil.store import clocks, keys, registry, table
from functions import inspect_matching
from tests.world import World


def look_at(retailer: str | None = None, store: str | None = None, till: str | None = None) -> dict[str, Any]:
    return inspect_matching.handler({"clocks": {"retailer": retailer, "store": store, "till": till}}, None)


def learn(world: World, store_and_till: str, ahead: float, times: int = 20) -> None:
    tag = secrets.sealer().code("till", "kite", store_and_till)
    for _ in range(times):
        clocks.observe(tag, world.now + timedelta(seconds=ahead), world.now)


def reports(told: dict[str, Any]) -> dict[str, str]:
    return {
        f"{shop['retailer']}/{shop['store']}/{till}": report["says"]
        for shop in told["shops"]
        for till, report in shop["tills"].items()
    }


def test_every_registered_till_is_listed(counterfoil: World) -> None:
    told = look_at()
    assert told["problem"] is None
    assert not told["more"]
    assert set(reports(told)) == {
        *("kite/soho/03", "kite/soho/04", "kite/camden/01"),
        *("fern/hove/1", "fern/hove/2", "fern/lewes/1", "tern/network/gate"),
    }
    assert set(reports(told).values()) == {"nothing learned yet"}


def test_a_clock_is_shown_as_it_was_learned(counterfoil: World) -> None:
    learn(counterfoil, "soho/03", 125)
    learn(counterfoil, "soho/04", 3_600)
    counterfoil.pass_time(300)
    [shop] = look_at("kite", "soho")["shops"]
    assert shop["tills"]["03"]["says"].startswith("2 min 5 s fast, ±")
    assert shop["tills"]["03"]["says"].endswith("5 min ago")
    assert shop["tills"]["03"]["odd"] == ("minutes wrong",)
    assert [odd.split(":")[0] for odd in shop["tills"]["04"]["odd"]] == ["an hour wrong"]
    assert shop["scope"] == "kite/soho"
    assert set(reports(look_at("kite", "soho", "04"))) == {"kite/soho/04"}


def test_what_another_function_learned_meanwhile_is_shown(counterfoil: World) -> None:
    assert "nothing" in look_at("kite", "soho", "03")["shops"][0]["tills"]["03"]["says"]
    tag = secrets.sealer().code("till", "kite", "soho/03")
    ttl = int(counterfoil.now.timestamp()) + 60
    learned = Clock(offset=-40, spread=2, count=9, updated_at=counterfoil.now)
    table.write(table.Put(table.LEDGER, keys.till_clock(tag) | learned.as_dict() | {"rev": 1, "ttl": ttl}))
    assert look_at("kite", "soho", "03")["shops"][0]["tills"]["03"]["says"].startswith("40 s slow")


def test_a_long_registration_is_read_in_pages(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = look_at()
    known = registry.retailers()
    monkeypatch.setattr(registry, "MOST_LISTED", 1)
    monkeypatch.setattr(registry, "retailers", lambda: known)
    assert [*look_at("fern")["shops"], *look_at("kite")["shops"]] == list(whole["shops"][:4])


def test_more_tills_than_are_told_at_once_are_said_to_be_there(
    counterfoil: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspecting, "MOST_TILLS", 4)
    told = look_at()
    assert told["more"]
    assert [shop["store"] for shop in told["shops"]] == ["hove", "lewes", "camden"]


def test_a_till_that_is_not_registered_is_found_by_its_id(counterfoil: World) -> None:
    learn(counterfoil, "soho/99", 0)
    [shop] = look_at("kite", "soho", "99")["shops"]
    assert shop["tills"]["99"]["says"].startswith("right, ±")
    assert shop["tills"]["99"]["odd"] == ("not in the registration",)


def test_what_is_not_registered_is_said(counterfoil: World) -> None:
    assert look_at("kiwi")["problem"] == "no such retailer; there are fern, kite, moss, tern"
    assert look_at("kite", "hove")["problem"] == "no such store of that retailer"
    assert look_at("kiwi")["shops"] == ()
