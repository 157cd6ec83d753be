"""A customer links an account, pays, gets receipts, and unlinks it, whoever else tries."""

import json

import pytest

from counterfoil.store import customers
from tests.account import MONZO_ACCOUNT, stored
from tests.flows.linked import BANK, Customer, buys, events_secret, printed


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


def test_what_is_unlinked_before_it_was_set_up_is_not_set_up(customer: Customer) -> None:
    customer.connect()
    customer.switch_off()
    customer.world.run()
    assert "POST /webhooks" not in customer.monzo.requests
    assert customer.link is None


def test_a_strange_message_is_poison(linked: Customer) -> None:
    strange = ["[]", '{"task": "dance"}', "not json"]
    for body in strange:
        linked.world.put("links", body)
    linked.world.put("links", json.dumps({"task": "set_up", "subject": "nobody", "link": "x"}))
    linked.world.run()
    assert sorted(message.body for message in linked.world.dead["links"]) == sorted(strange)
