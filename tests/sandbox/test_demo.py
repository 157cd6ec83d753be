"""What `make run` plays, and what two banks must not do to each other, against the deployed engine."""

import io
import time
from collections.abc import Iterator

import pytest
from rich.console import Console

from infra.sandbox import scenes
from infra.sandbox.bank import Trouble
from infra.sandbox.deploy import Deployment
from infra.sandbox.partners import Partners, connected
from infra.sandbox.scenes import HARBOUR, OPEN
from infra.sandbox.stage import Stage
from infra.sandbox.terminal import Terminal


@pytest.fixture(scope="module")
def partners(deployment: Deployment) -> Iterator[Partners]:
    with connected(deployment) as partners:
        yield partners


def stage_of(deployment: Deployment, partners: Partners, take: str) -> Stage:
    return Stage(deployment, partners, Terminal(Console(file=io.StringIO(), width=120)), take)


def test_every_scene_of_the_demo_goes_as_expected(deployment: Deployment, partners: Partners) -> None:
    stage = stage_of(deployment, partners, "test")

    assert scenes.play(stage) == []


def test_a_silent_bank_delays_nothing_of_the_other(deployment: Deployment, partners: Partners) -> None:
    stage = stage_of(deployment, partners, "silent")
    scenes.consents(stage)
    stage.bank(HARBOUR).behave(Trouble(0))
    stalled = stage.event("bank_webhook.authorised_harbourbank")
    stage.pay(HARBOUR, stalled)
    stage.print_receipt("fern", stage.event("retailer_receipt.weighed_goods"))
    assert stage.bank(HARBOUR).wait_for(lambda: bool(stage.attempts(HARBOUR, stalled)), 20)

    for number in range(5):
        began = time.monotonic()
        payment = stage.event("bank_webhook.authorised", str(number))
        stage.pay(OPEN, payment)
        stage.print_receipt("kite", stage.event("retailer_receipt.sale", str(number)))
        assert stage.shown(OPEN, payment)["state"] == "matched"
        assert time.monotonic() - began < 10

    assert not stage.bank(HARBOUR).receipt(stalled["data"]["transaction_id"])
    stage.bank(HARBOUR).behave(None)
    assert stage.shown(HARBOUR, stalled)["state"] == "matched"
    assert len({attempt.delivery_id for attempt in stage.attempts(HARBOUR, stalled)}) == 1
