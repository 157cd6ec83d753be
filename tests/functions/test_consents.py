"""A customer's choices through their bank: what is taken, what is refused, what is kept and told."""

import json
from typing import Any

import pytest

from counterfoil.runtime import secrets
from counterfoil.store import audit
from tests.world import World

CUSTOMER = "/v1/banks/openbank/customers/cust_42"


def choose(world: World, purpose: str, granted: bool, **more: Any) -> dict[str, Any]:
    grant = {"notice_version": "2026-11"} if granted else {}
    body = json.dumps({"granted": granted, **grant, **more}).encode()
    return world.request("PUT", f"{CUSTOMER}/consents/{purpose}", body, scope="counterfoil/openbank.consents")


def shown(world: World) -> dict[str, Any]:
    told = world.request("GET", f"{CUSTOMER}/consents", scope="counterfoil/openbank.consents")
    assert told["statusCode"] == 200
    return dict(told["json"])


def on(world: World) -> list[str]:
    return [purpose for purpose, state in shown(world)["consents"].items() if state["granted"]]


def test_each_purpose_is_off_until_it_is_granted(counterfoil: World) -> None:
    assert on(counterfoil) == []
    for number, purpose in enumerate(["receipts", "loyalty", "offers"], 1):
        assert choose(counterfoil, purpose, granted=True)["statusCode"] == 200
        assert len(on(counterfoil)) == number
    choose(counterfoil, "loyalty", granted=False)
    assert on(counterfoil) == ["receipts", "offers"]


def test_what_rests_on_receipts_is_refused_without_and_goes_with_them(counterfoil: World) -> None:
    refused = choose(counterfoil, "offers", granted=True)
    assert refused["statusCode"] == 422
    assert [problem["field"] for problem in refused["json"]["errors"]] == ["granted"]
    choose(counterfoil, "receipts", granted=True)
    choose(counterfoil, "offers", granted=True)
    told = choose(counterfoil, "receipts", granted=False, origin="bank_support", language="cy")
    assert told["statusCode"] == 200
    assert on(counterfoil) == []
    last = {entry["purpose"]: entry for entry in shown(counterfoil)["history"]}
    for purpose in ("receipts", "offers"):
        assert (last[purpose]["granted"], last[purpose]["version"]) == (False, 2)
        assert (last[purpose]["origin"], last[purpose]["language"]) == ("bank_support", "cy")


def test_the_same_request_again_gets_the_same_answer(counterfoil: World) -> None:
    for granted in (True, False):
        first = choose(counterfoil, "receipts", granted)
        counterfoil.pass_time(3600)
        assert choose(counterfoil, "receipts", granted)["json"] == first["json"]
    assert len(shown(counterfoil)["history"]) == 2


@pytest.mark.parametrize("version", ["2026-10", "2027-01", "2026-11.1"])
def test_a_grant_names_a_published_notice(counterfoil: World, version: str) -> None:
    refused = choose(counterfoil, "receipts", granted=True, notice_version=version)
    assert refused["statusCode"] == 422
    assert [problem["field"] for problem in refused["json"]["errors"]] == ["notice_version"]
    assert shown(counterfoil)["history"] == []


def test_every_change_is_in_the_audit_trail_once(counterfoil: World) -> None:
    for granted in (True, True, False, False):
        assert choose(counterfoil, "receipts", granted)["statusCode"] == 200
    head = audit.head(secrets.sealer().subject("openbank", "cust_42"))
    assert head is not None
    entries = list(audit.entries(head.chain))
    assert [entry.what for entry in entries] == ["consent changed"] * 2
    assert entries[1].detail == {"granted": False, "purposes": ["receipts"], "versions": [2], "origin": "bank_app"}
