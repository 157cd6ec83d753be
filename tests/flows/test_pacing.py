"""A partner that sends more than its limit is told to wait, and how long; with the clock moved by hand."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from counterfoil.domain.rates import KEPT, MOST_TICKS, Counts, Limits
from counterfoil.flows import pacing
from counterfoil.runtime import observe
from counterfoil.store import rates, registry, table
from functions import register_partners
from tests.account import stored
from tests.flows.scenarios import payment, receipt
from tests.world import World

LOW = Limits(per_second=1, burst=3)
DEFAULT = Limits()


@pytest.fixture
def limited(counterfoil: World) -> Iterator[World]:
    """Openbank and kite may send three at once and one a second."""
    bank, kite = registry.bank("openbank"), registry.retailer("kite")
    assert bank is not None
    assert kite is not None
    registry.register_bank(bank.bank.model_copy(update={"limits": LOW}))
    registry.register_merchant(kite.model_copy(update={"limits": LOW}))
    yield counterfoil
    registry.forget()


def send(world: World, who: str, secret: str | None = None) -> dict[str, Any]:
    if who == "openbank":
        return world.signed(secret or who, "/v1/banks/openbank/transactions", payment(world))
    if who == "kite":
        return world.signed(secret or who, "/v1/retailers/kite/receipts", receipt(world))
    return world.request(
        "GET", "/v1/banks/openbank/deliveries/unknown", scope=f"counterfoil/{secret or 'openbank'}.deliveries"
    )


@pytest.mark.parametrize("who", ["openbank", "kite", "token"])
def test_a_partner_over_its_limit_waits_as_long_as_it_is_told(limited: World, who: str) -> None:
    taken = {"openbank": 202, "kite": 202, "token": 404}[who]
    assert [send(limited, who)["statusCode"] for _ in range(3)] == [taken] * 3
    refused = send(limited, who)
    assert refused["statusCode"] == 429
    assert refused["headers"]["content-type"] == "application/problem+json"
    assert json.loads(refused["body"])["status"] == 429
    seconds = refused["headers"]["retry-after"]
    assert seconds == "1"
    assert send(limited, who)["statusCode"] == 429
    limited.pass_time(int(seconds))
    assert send(limited, who)["statusCode"] == taken
    assert send(limited, who)["statusCode"] == 429


def test_a_refused_call_leaves_nothing_behind(limited: World) -> None:
    limited.consent()
    limited.pass_time(10)
    for _ in range(3):
        send(limited, "kite")
    before = stored("ledger"), len(limited.queues["match"])
    assert send(limited, "kite")["statusCode"] == 429
    assert (stored("ledger"), len(limited.queues["match"])) == before


@pytest.mark.parametrize("who", ["openbank", "kite", "token"])
def test_a_stranger_uses_up_nobodys_limit(limited: World, who: str) -> None:
    secret = "harbourbank" if who == "token" else "stranger"
    refused = 403 if who == "token" else 401
    assert [send(limited, who, secret)["statusCode"] for _ in range(20)] == [refused] * 20
    assert send(limited, who)["statusCode"] in (202, 404)
    assert len(stored("rendezvous")) == 1


def test_one_partners_limit_is_not_anothers(limited: World) -> None:
    for _ in range(5):
        send(limited, "openbank")
    assert send(limited, "openbank")["statusCode"] == 429
    assert send(limited, "kite")["statusCode"] == 202


def test_another_process_knows_what_was_settled(limited: World) -> None:
    for _ in range(3):
        send(limited, "kite")
    rates.forget()
    assert send(limited, "kite")["statusCode"] == 429


def test_a_lump_takes_one_call_and_less_takes_none(counterfoil: World) -> None:
    pacing.admit_bank("openbank", counterfoil.now)
    before = len(counterfoil.calls)
    for _ in range(DEFAULT.lump - 2):
        pacing.admit_bank("openbank", counterfoil.now)
    assert counterfoil.calls[before:] == []
    pacing.admit_bank("openbank", counterfoil.now)
    assert counterfoil.calls[before:] == ["dynamodb.UpdateItem"]


def test_an_outage_of_the_limiter_loses_no_receipt(limited: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def fails(*_: Any) -> None:
        tried.append(1)
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    monkeypatch.setattr(table, "add", fails)
    counted: list[str] = []
    monkeypatch.setattr(observe, "count", lambda names: counted.extend(names))
    assert {send(limited, "kite")["statusCode"] for _ in range(20)} == {202}
    assert tried == [1]
    assert counted.count("LimiterFailed") == 1
    limited.pass_time(pacing.BLIND / 1000 + 1)
    assert send(limited, "kite")["statusCode"] == 202
    assert tried == [1, 1]


def test_the_record_is_folded_and_still_says_the_same(counterfoil: World) -> None:
    limits = Limits(per_second=7, burst=1000)
    millis, added = 1_795_252_500_000, {}
    for number in range(200):
        tick, millis = millis // limits.tick + 1, millis + limits.tick
        added[tick] = 60 + number % 20
        counts = rates.add("bank/busy", limits, {tick: added[tick]}, millis)
        assert counts.wait(limits, millis) == Counts(0, added).wait(limits, millis)
    [item] = stored("rendezvous")
    assert len(ticks_of(item)) <= MOST_TICKS
    assert (item["rev"], item["ttl"]) == (200, millis // 1000 + 3 * 3600)


def test_what_somebody_adds_meanwhile_is_not_folded_away(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> None:
    limits, tick = Limits(), 7_181_010_000
    write = table.write

    def slowly(change: Any) -> None:
        monkeypatch.setattr(table, "write", write)
        rates.add("bank/busy", limits, {tick: 5000}, tick * limits.tick)
        write(change)

    for number in range(MOST_TICKS):
        rates.add("bank/busy", limits, {tick + number: 1}, tick * limits.tick)
    monkeypatch.setattr(table, "write", slowly)
    rates.add("bank/busy", limits, {tick + MOST_TICKS: 1}, tick * limits.tick)
    [item] = stored("rendezvous")
    # The first to fold read before the 5000 were added; the second, who added them, folded all but the latest.
    assert item["leaked"] == tick * limits.tick * limits.per_second + (MOST_TICKS + 1 - KEPT + 5000) * 1000
    assert len(ticks_of(item)) == KEPT


def ticks_of(item: dict[str, Any]) -> list[str]:
    return [name for name in item if name.startswith("t") and name[1:].isdigit()]


def test_limits_come_with_the_registration(limited: World) -> None:
    kite = registry.retailer("kite")
    assert kite is not None
    assert kite.limits == LOW
    harbour = registry.bank("harbourbank")
    assert harbour is not None
    assert harbour.bank.limits == DEFAULT
    assert (DEFAULT.per_second, DEFAULT.burst) == (100, 500)


@pytest.mark.parametrize(
    ("limits", "field"),
    [({"per_second": 0, "burst": 5}, "per_second"), ({"per_second": 5, "burst": 0}, "burst"),
     ({"per_second": 1.5, "burst": 5}, "per_second"), ({"per_second": 5, "bursts": 5}, "bursts")],
)  # fmt: skip
def test_a_limit_that_is_none_is_not_registered(counterfoil: World, limits: dict[str, Any], field: str) -> None:
    shop = {"retailer": "oak", "name": "Oak", "status": "coming_soon", "vat_number": "GB123456782", "stores": []}
    text = json.dumps({"merchants": [shop | {"limits": limits}]})
    answer = register_partners.handler({"merchants": text}, None)
    assert [problem["field"] for problem in answer["problems"]] == [f"merchants[0].limits.{field}"]
    assert registry.retailer("oak") is None
