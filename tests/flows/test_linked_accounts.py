"""What a link lets us do at the bank, until it ends: earlier payments are read by pages, and tokens are refreshed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from counterfoil.banks import monzo_api, oauth
from counterfoil.flows import linked_accounts
from counterfoil.runtime import http
from counterfoil.store import bank_health, links
from infra.sandbox.monzo import Client
from tests.account import MONZO_ACCOUNT
from tests.flows.linked import OWN, Customer, buys
from tests.world import Wire

# Earlier payments


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (monzo_api, linked_accounts):
        monkeypatch.setattr(module, "PAGE", 5)


def taken_in(customer: Customer) -> int:
    """How many payments were taken in, once every message about links was worked off."""
    while customer.world.queues["links"]:
        customer.world.work_on("links", customer.world.receive("links", 1))
    return len(customer.world.queues["match"])


def test_earlier_payments_come_by_pages_and_no_further_back_than_ninety_days(
    customer: Customer, small_pages: None
) -> None:
    ages = [timedelta(days=n) for n in (100, 91, 89, 40)] + [timedelta(minutes=n) for n in range(1, 12)]
    for number, age in enumerate(ages):
        customer.pays(1000 + number, created=(customer.world.now - age).isoformat())
    customer.monzo.pay(MONZO_ACCOUNT, 999, "merch_elsewhere")
    customer.monzo.pay(MONZO_ACCOUNT, 998, OWN, scheme="uk_retail_pot")
    customer.monzo.pay(MONZO_ACCOUNT, 997, OWN, local_currency="")
    customer.world.pass_time(1)
    customer.connect()
    taken = taken_in(customer)
    # The last of a page is the first of the next: a repeat.
    assert (customer.monzo.requests.count("GET /transactions"), taken) == (4, 13 + 3)


def test_a_whole_page_of_one_moment_does_not_stop_it(customer: Customer, small_pages: None) -> None:
    for number in range(5):
        customer.pays(1000 + number)
    customer.world.pass_time(1)
    customer.pays(2000)
    customer.world.pass_time(60)
    customer.connect()
    assert taken_in(customer) >= 6
    assert customer.monzo.requests.count("GET /transactions") == 3


def withdraw_at_the_bank(customer: Customer) -> None:
    assert customer.world.consent(MONZO_ACCOUNT, bank="monzo", granted=False)["statusCode"] == 200


@pytest.mark.parametrize("withdraw", [withdraw_at_the_bank, Customer.switch_off])
def test_no_page_is_read_of_a_customer_who_withdrew(
    customer: Customer, small_pages: None, withdraw: Callable[[Customer], object]
) -> None:
    for number in range(12):
        customer.pays(1000 + number, created=(customer.world.now - timedelta(hours=number + 1)).isoformat())
    customer.connect()
    for _ in ("set_up", "backfill"):
        customer.world.work_on("links", customer.world.receive("links", 1))
    withdraw(customer)
    customer.world.run()
    assert customer.monzo.requests.count("GET /transactions") == 1
    assert not any(customer.world.dead.values())


def test_connecting_again_reads_no_further_back_than_ninety_days(linked: Customer) -> None:
    linked.world.pass_time(80 * 86_400)
    linked.connect()
    linked.world.run()
    listed = [wire.url for wire in linked.world.wires if "/transactions?" in wire.url]
    since = [datetime.fromisoformat(dict(parse_qsl(urlsplit(url).query))["since"]) for url in listed]
    assert since[1] - since[0] == timedelta(days=80)


# Tokens


def test_an_access_token_is_refreshed_before_it_ends(linked: Customer) -> None:
    (first,) = [grant.access for grant in linked.monzo._grants]
    linked.world.pass_time(6 * 3600 - 200)
    paid = buys(linked)
    linked.world.run()
    assert linked.monzo.receipt_of(paid["id"]) is not None
    (second,) = [grant.access for grant in linked.monzo._grants]
    assert second != first


def test_one_refreshes_at_a_time(linked: Customer) -> None:
    """While one waits for the bank's answer, another delivery comes: it goes back and leaves the token alone."""
    linked.world.pass_time(6 * 3600)
    buys(linked)
    answer, asked = linked.world.answer, []

    def slow(wire: Wire) -> http.Answer:
        if wire.url.endswith("/oauth2/token"):
            asked.append(wire)
            if len(asked) == 1:
                (message,) = linked.world.queues["monzo"]
                linked.world.put("monzo", message.body)
                linked.world.work_on("monzo", linked.world.receive("monzo"))
                assert len(asked) == 1
        return answer(wire)

    linked.world.answer = slow
    linked.world.run()
    assert len(asked) == 1
    assert len(linked.monzo.receipts) == 1


def test_a_token_that_the_bank_refuses_is_refreshed(linked: Customer) -> None:
    linked.monzo._grants[0].access = "another visit took its place"
    paid = buys(linked)
    linked.world.run(600)  # long before it would end
    assert linked.monzo.receipt_of(paid["id"]) is not None


def test_accounts_that_are_closed_to_us_do_not_pause_the_bank(linked: Customer) -> None:
    buys(linked)
    answer = linked.world.answer
    linked.world.answer = lambda wire: http.Answer(403) if "receipts" in wire.url else answer(wire)
    linked.world.run(3600)
    assert linked.world.wires[-1].url.endswith("/transaction-receipts")
    assert linked.world.held == set()
    assert bank_health.get("monzo") == bank_health.get("openbank")


def test_a_lapsed_link_waits_for_its_customer_and_is_counted(linked: Customer, capsys: Any) -> None:
    linked.monzo._grants.clear()
    linked.world.pass_time(6 * 3600)
    paid = buys(linked)
    linked.world.run(2 * 3600)
    assert linked.link.state == "lapsed"
    assert linked.monzo.receipts == {}
    assert '"LinkLapsed"' in capsys.readouterr().out
    linked.connect()
    linked.world.run()
    assert linked.monzo.receipt_of(paid["id"]) is not None


def test_a_wrong_secret_of_ours_lapses_no_link(linked: Customer) -> None:
    right = linked.monzo.client
    linked.monzo.client = Client(right.client_id, "rotated", right.redirect_url)
    linked.world.pass_time(6 * 3600)
    paid = buys(linked)
    linked.world.run(1800)
    assert linked.link.state == "linked"
    linked.monzo.client = right
    linked.world.run()
    assert linked.monzo.receipt_of(paid["id"]) is not None


@pytest.mark.parametrize("seconds", [10**17, -1, 0])
def test_a_time_that_no_token_has_is_no_answer(seconds: int) -> None:
    told = {"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": seconds}
    assert oauth.tokens_in(json.dumps(told).encode(), datetime.now(UTC)) is None


def test_nobody_is_told_where_the_account_is_linked_no_more(linked: Customer) -> None:
    buys(linked)
    links.erase(linked.link)
    linked.world.run()
    assert linked.monzo.receipts == {}
    assert not any(linked.world.dead.values())
