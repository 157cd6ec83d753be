"""How a delivery stands, as its bank is told."""

import json
from typing import Any

import pytest

from counterfoil.runtime import http
from tests.world import World


def status(world: World, delivery_id: str) -> dict[str, Any]:
    scope = "counterfoil/openbank.deliveries"
    return world.request("GET", f"/v1/banks/openbank/deliveries/{delivery_id}", scope=scope)["json"]


def matched_while_the_bank_fails(world: World) -> str:
    world.consent()
    world.answer = lambda wire: http.Answer(500)
    world.play("bank_webhook.authorised")
    world.play("retailer_receipt.sale")
    world.run(0)
    return str(world.notices()[0]["data"]["delivery_id"])


def test_a_failing_delivery_says_so(counterfoil: World) -> None:
    told = status(counterfoil, matched_while_the_bank_fails(counterfoil))
    assert (told["state"], told["failures"], told["last_status"]) == ("failing", 1, 500)


@pytest.mark.parametrize(("version", "state"), [(1, "superseded"), (2, "queued")])
def test_a_version_overtaken_before_it_was_sent_is_superseded(counterfoil: World, version: int, state: str) -> None:
    counterfoil.consent()
    counterfoil.play("bank_webhook.authorised")
    counterfoil.play("retailer_receipt.sale")
    corrected = counterfoil.body_of("retailer_receipt.correction")
    counterfoil.signed("kite", "/v1/retailers/kite/receipts", corrected)
    counterfoil._work_off("match")
    [transaction] = [item for item in counterfoil.items("ledger") if item["pk"]["S"].startswith("T#")]
    assert json.loads(transaction["version"]["N"]) == 2
    key = transaction["pk"]["S"].removeprefix("T#")
    assert status(counterfoil, f"dlv_{key}_{version}")["state"] == state
