"""The banks' program without a browser: what it takes, how it can be made to fail, what it answers."""

import httpx
import pytest

from infra.sandbox import barcodes
from infra.sandbox.bank import Trouble
from tests.browser.conftest import FORGED, Sandbox
from tests.browser.samples import CUSTOMER, coffee, delivery, transaction


def test_only_what_is_signed_is_taken(sandbox: Sandbox) -> None:
    assert sandbox.deliver(delivery(coffee()), secret=FORGED).status_code == 401
    assert sandbox.bank.receipt("tx_coffee") is None

    assert sandbox.deliver(delivery(coffee())).status_code == 204
    assert sandbox.bank.receipt("tx_coffee")["state"] == "matched"


@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=["in order", "out of order"])
def test_the_highest_version_wins(sandbox: Sandbox, order: tuple[int, int]) -> None:
    for version in order:
        sandbox.deliver(delivery(coffee(till_id=str(version)), "matched" if version == 1 else "corrected", version))

    held = sandbox.bank.receipt("tx_coffee")

    assert (held["version"], held["receipt"]["till_id"], held["state"]) == (2, "2", "corrected")


def test_a_repeat_is_counted_and_changes_nothing(sandbox: Sandbox) -> None:
    for _ in range(2):
        assert sandbox.deliver(delivery(coffee())).status_code == 204

    assert [attempt.delivery_id for attempt in sandbox.bank.received("tx_coffee")] == ["dlv_tx_coffee_1"] * 2
    assert sandbox.bank.receipt("tx_coffee")["version"] == 1


def test_it_can_be_told_to_fail_and_recovers(sandbox: Sandbox) -> None:
    sandbox.bank.behave(Trouble(429, retry_after=7, times=2))

    answers = [sandbox.deliver(delivery(coffee())) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [429, 429, 204]
    assert [answer.headers.get("retry-after") for answer in answers] == ["7", "7", None]
    sandbox.bank.behave(Trouble(410))
    assert sandbox.deliver(delivery(coffee())).status_code == 410


def test_it_can_be_told_to_be_silent(sandbox: Sandbox) -> None:
    sandbox.bank.behave(Trouble(0))

    with pytest.raises(httpx.ReadTimeout):
        sandbox.deliver(delivery(coffee()), patience=0.5)

    assert sandbox.bank.received("tx_coffee")[0].status == 0
    sandbox.bank.behave(None)


def test_what_came_is_listed_newest_first(sandbox: Sandbox) -> None:
    sandbox.deliver(delivery(coffee()))
    sandbox.deliver(delivery(None, "withdrawn", version=2))

    listed = httpx.get(f"{sandbox.url}/callbacks/openbank").json()["received"]

    assert [(one["type"], one["answered"]) for one in listed] == [("receipt.withdrawn", 204), ("receipt.matched", 204)]


@pytest.mark.parametrize("path", ["/", "/app.js", "/app/customers", "/app/nobank/x/payments", "/nothing"])
def test_every_answer_carries_the_content_policy(sandbox: Sandbox, path: str) -> None:
    policy = httpx.get(sandbox.url + path).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_another_host_name_is_refused(sandbox: Sandbox) -> None:
    assert httpx.get(sandbox.url, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("wish", ["[]", "{}", '{"granted": "yes"}', "not JSON"])
def test_a_consent_is_granted_or_not(sandbox: Sandbox, wish: str) -> None:
    sandbox.bank.record(transaction())

    assert httpx.put(f"{sandbox.url}/app/openbank/{CUSTOMER}/consent", content=wish).status_code == 400
    assert sandbox.consent_api.calls == []


def test_bars_are_where_the_symbology_has_them() -> None:
    drawn = barcodes.svg("ean8", "96385074")

    # 67 modules and 10 of quiet on each side; start, middle and end guards, and eight digits of two bars each.
    assert 'viewBox="0 0 87 40"' in drawn
    assert drawn.count("<rect") == 2 + 2 + 2 + 8 * 2


@pytest.mark.parametrize(("symbology", "value"), [("ean13", "12"), ("code39", "é"), ("aztec", "1"), ("qr", "x" * 5000)])
def test_what_cannot_be_drawn_is_not_found(sandbox: Sandbox, symbology: str, value: str) -> None:
    answer = httpx.get(f"{sandbox.url}/app/barcode/{symbology}", params={"value": value})

    assert answer.status_code == 404
