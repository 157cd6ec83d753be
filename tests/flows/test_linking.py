"""A customer links an account, pays, gets receipts, and unlinks it; whatever dies, and whoever else tries."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from counterfoil.banks import monzo_api, oauth
from counterfoil.flows import linked_accounts
from counterfoil.runtime import http
from counterfoil.store import bank_health, customers, links
from infra.sandbox.monzo import Client
from tests.account import MONZO_ACCOUNT, stored
from tests.flows.linked import BANK, OWN, Customer, buys, events_secret, printed
from tests.world import Wire


def test_from_the_first_page_to_the_last(linked: Customer) -> None:
    paid = buys(linked)
    linked.world.run()
    shown = linked.monzo.receipt_of(paid["id"])
    assert shown is not None
    assert shown["total"] == 585
    linked.monzo.change(paid["id"], settled=paid["created"])
    linked.arrive()
    linked.world.sells(printed(linked.world, 999))  # it was another payment's
    linked.world.run()
    assert linked.monzo.receipts == {}
    answer = linked.switch_off()
    assert (answer["statusCode"], answer["headers"]["location"]) == (303, "../monzo#receipts")
    linked.world.run()
    assert linked.monzo.webhooks == {}
    assert linked.monzo._grants == []
    assert linked.link is None
    assert [item["pk"] for item in stored("ledger") if item["pk"].startswith("P#")] == [events_secret()]
    assert not any(linked.world.dead.values())


def test_what_is_not_there_to_be_taken_back_was_taken_back(linked: Customer) -> None:
    buys(linked)
    linked.world.run()
    linked.monzo.receipts.clear()
    linked.world.sells(printed(linked.world, 999))  # it was another payment's
    linked.world.run()
    assert [wire.method for wire in linked.world.wires if "transaction-receipts" in wire.url] == ["PUT", "DELETE"]
    assert not any(linked.world.dead.values())


def test_what_the_pages_say_and_carry(customer: Customer) -> None:
    page = customer.browser.get("/connect/monzo")
    assert page["statusCode"] == 200
    assert page["headers"]["content-type"].startswith("text/html")
    policy = page["headers"]["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:8472" in policy
    assert page["headers"]["referrer-policy"] == "no-referrer"
    assert page["headers"]["cache-control"] == "no-store"
    customer.connect()
    for name, kept in customer.browser.cookies.items():
        assert name.startswith("__Host-")
        assert MONZO_ACCOUNT not in kept
    assert "Monzo is connected" in customer.browser.get("/connect/monzo")["body"]
    choice = customers.get(customer.subject).choices["receipts"]  # type: ignore[union-attr]
    assert (choice.granted, choice.origin, choice.notice_version) == (True, "our_page", "2026-11")


@pytest.mark.parametrize("bank", ["fenbank", "nobank", "%2e%2e", "x" * 80])
def test_there_is_no_page_for_another_bank(customer: Customer, bank: str) -> None:
    answer = customer.browser.get(f"/connect/{bank}")
    assert answer["statusCode"] == 404
    assert answer["headers"]["content-type"].startswith("text/html")


def test_who_comes_back_must_have_left(customer: Customer) -> None:
    state = customer.leave()
    code = customer.monzo.allow(MONZO_ACCOUNT, BANK["oauth"]["client_id"], customer.monzo.client.redirect_url)
    tries = [
        f"/connect/monzo/linked?code={code}&state=another",
        f"/connect/monzo/linked?code={code}",
        "/connect/monzo/linked?error=access_denied&state=" + state,
        "/connect/monzo/linked",
    ]
    assert [customer.browser.get(path)["statusCode"] for path in tries] == [403] * 4
    kept = dict(customer.browser.cookies)
    for broken in ({}, {"__Host-visit": kept["__Host-visit"][:-4]}, {"__Host-visit": "ünïcode"}):
        customer.browser.cookies = broken
        assert customer.come_back(state, code)["statusCode"] == 403
    customer.browser.cookies = kept
    customer.world.pass_time(901)
    assert customer.come_back(state, code)["statusCode"] == 403
    assert customer.link is None
    assert customers.get(customer.subject) is None
    assert customer.world.queues["links"] == []


def test_a_code_is_good_once(customer: Customer) -> None:
    state = customer.leave()
    code = customer.monzo.allow(MONZO_ACCOUNT, BANK["oauth"]["client_id"], customer.monzo.client.redirect_url)
    assert customer.come_back(state, code)["statusCode"] == 303
    assert customer.come_back(customer.leave(), code)["statusCode"] == 403


def test_what_is_to_be_confirmed_in_the_banks_app_waits_in_the_browser(customer: Customer) -> None:
    customer.monzo.unconfirmed.add(MONZO_ACCOUNT)
    state = customer.leave()
    code = customer.monzo.allow(MONZO_ACCOUNT, BANK["oauth"]["client_id"], customer.monzo.client.redirect_url)
    for _ in ("first", "reloaded"):
        assert "One more step in your Monzo app" in customer.come_back(state, code)["body"]
    assert "One more step" in customer.browser.get("/connect/monzo/linked")["body"]
    assert customer.link is None
    customer.monzo.unconfirmed.clear()
    assert customer.browser.get("/connect/monzo/linked")["statusCode"] == 303
    assert customer.link.state == "linked"


@pytest.mark.parametrize("form", ["", "form=", "form=x", "other=1"])
def test_no_other_site_can_disconnect_somebody(linked: Customer, form: str) -> None:
    assert linked.browser.post("/connect/monzo/disconnect", form)["statusCode"] == 403
    linked.browser.cookies.clear()
    assert linked.browser.post("/connect/monzo/disconnect", form)["statusCode"] == 403
    assert linked.link.state == "linked"


def test_nothing_that_opens_the_account_stands_in_the_clear(linked: Customer) -> None:
    buys(linked)
    (grant,) = linked.monzo._grants
    (webhook,) = linked.monzo.webhooks.values()
    words = [grant.access, grant.refresh, webhook["url"].rpartition("/")[2], MONZO_ACCOUNT]
    kept = repr([stored(name) for name in ("ledger", "rendezvous", "salts")]) + repr(linked.world.queues)
    assert [word for word in words if word in kept] == []


def test_the_path_belongs_to_one_account(linked: Customer) -> None:
    linked.pays()
    (url, body), *_ = linked.posted
    path = "/" + url.split("/", 3)[3]
    another = body.replace(MONZO_ACCOUNT.encode(), b"acc_another")
    before = len(linked.world.queues["match"])
    assert linked.world.request("POST", path, another)["statusCode"] == 403
    assert linked.world.request("POST", path[:-1], body)["statusCode"] == 401
    assert linked.world.request("POST", path.replace("monzo", "openbank"), body)["statusCode"] == 401
    assert linked.world.request("POST", "/v1/banks/monzo/transactions", body)["statusCode"] == 401
    assert len(linked.world.queues["match"]) == before
    assert linked.world.request("POST", path, body)["statusCode"] == 202


def test_connecting_again_changes_the_secret_and_the_old_one_goes_last(linked: Customer) -> None:
    (old,) = linked.monzo.webhooks.values()
    linked.connect()
    assert linked.world.request("POST", "/" + old["url"].split("/", 3)[3], b"{}")["statusCode"] == 422
    linked.world.run()
    (new,) = linked.monzo.webhooks.values()
    assert new["url"] != old["url"]
    assert linked.world.request("POST", "/" + old["url"].split("/", 3)[3], b"{}")["statusCode"] == 401
    linked.pays()
    assert set(linked.arrive()) == {202}


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


def test_what_is_unlinked_before_it_was_set_up_is_not_set_up(customer: Customer) -> None:
    customer.connect()
    customer.switch_off()
    customer.world.run()
    assert "POST /webhooks" not in customer.monzo.requests
    assert customer.link is None


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


# Deaths


def test_a_strange_message_is_poison(linked: Customer) -> None:
    strange = ["[]", '{"task": "dance"}', "not json"]
    for body in strange:
        linked.world.put("links", body)
    linked.world.put("links", json.dumps({"task": "set_up", "subject": "nobody", "link": "x"}))
    linked.world.run()
    assert sorted(message.body for message in linked.world.dead["links"]) == sorted(strange)
