"""A customer's own page as a browser without a person sees it: what a form may do, and what is told to whom."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from counterfoil.pages.html import Html, join, tag
from counterfoil.runtime import secrets
from counterfoil.store import customers, links
from counterfoil.store import rights as store
from tests.account import stored
from tests.flows.linked import buys, customer_in
from tests.visiting import HOME, Person
from tests.world import World

# Choosing


def test_choices_are_the_same_as_through_the_bank(person: Person) -> None:
    person.sign_in()
    assert person.choose("receipts", granted=True)["headers"]["location"] == "../openbank#receipts"
    assert person.choose("offers", granted=True)["statusCode"] == 303
    customer = customers.get(person.subject)
    assert customer is not None
    kept = [(one.purpose, one.granted, one.origin, one.notice_version) for one in customer.choices.values()]
    assert kept == [("receipts", True, "our_page", "2026-11"), ("offers", True, "our_page", "2026-11")]
    path = "/v1/banks/openbank/customers/cust_42/consents"
    told = person.world.request("GET", path, scope="counterfoil/openbank.consents")["json"]
    assert told["consents"]["offers"]["granted"] is True
    person.choose("receipts", granted=False)
    page = person.see()
    assert page.count(">Off<") == 3
    assert "Switched off just now. At 09:15:20 nothing of it is under way any more." in page
    person.world.pass_time(30)
    assert "Switched off 21 November 2026, 09:15." in person.see()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"purpose": "offers", "granted": "yes", "version": 0, "notice": "2026-11"}, 422),
        ({"purpose": "receipts", "granted": "yes", "version": 7, "notice": "2026-11"}, 409),
        ({"purpose": "receipts", "granted": "yes", "version": 0, "notice": "1999-01"}, 422),
        ({"purpose": "receipts", "granted": "yes", "version": 0}, 422),
        ({"purpose": "everything", "granted": "yes", "version": 0, "notice": "2026-11"}, 404),
        ({}, 404),
    ],
)
def test_what_cannot_be_chosen_is_told_and_changes_nothing(person: Person, fields: dict[str, Any], status: int) -> None:
    person.sign_in()
    assert person.press("choose", **fields)["statusCode"] == status
    assert customers.get(person.subject) is None


@pytest.mark.parametrize("path", ["choose", "disconnect", "sign-out", "data"])
@pytest.mark.parametrize("form", ["", "form=", "form=x", "other=1", "another"])
def test_a_form_of_another_page_does_nothing(shopper: Person, path: str, form: str) -> None:
    if form == "another":
        other = secrets.sealer().subject("openbank", "cust_43")
        form = urlencode({"form": secrets.sealer().for_browser("form", other.encode(), shopper.world.now)})
    before = stored("ledger")
    said = f"{form}&purpose=receipts&granted=no&do=ask&kind=erasure"
    assert shopper.browser.post(f"{HOME}/{path}", said)["statusCode"] == 403
    assert stored("ledger") == before
    assert not any(shopper.world.queues.values())


def test_a_restricted_customer_is_told_so(shopper: Person) -> None:
    shopper.press("data", do="ask", kind="restriction", once="prq_once")
    shopper.world.run(60)
    assert "Your data is restricted" in shopper.see()
    shopper.press("data", do="ask", kind="lifting", once="prq_twice")
    shopper.world.run(60)
    assert "Your data is restricted" not in shopper.see()


# Receipts


def test_a_receipt_is_seen_by_its_owner_alone(shopper: Person) -> None:
    page = shopper.see("/receipts")
    match_id = page.split('href="../openbank/receipts/')[1].split('"')[0]
    assert "Flat white" in shopper.see(f"/receipts/{match_id}")
    assert shopper.browser.get(f"{HOME}/receipts/{match_id[:-1]}x")["statusCode"] == 404
    shopper.sign_in("cust_43")
    assert "No receipts yet" in shopper.see("/receipts")
    for form in ("", "?as=pdf", "?as=csv", "?as=json"):
        assert shopper.browser.get(f"{HOME}/receipts/{match_id}{form}")["statusCode"] == 404


@pytest.mark.parametrize("query", ["from=yesterday", "from=2026-12-01&to=2026-11-01", "cursor=x", "limit=1000", "x=1"])
def test_a_strange_search_is_refused(shopper: Person, query: str) -> None:
    assert shopper.browser.get(f"{HOME}/receipts?{query}")["statusCode"] == 422


def test_what_people_and_shops_wrote_never_becomes_markup(shopper: Person) -> None:
    words = "<script>alert(1)</script>\"'&"
    query = urlencode({"barcode": "'\"><img src=x>"})
    assert "<img" not in shopper.see(f"/receipts?{query}")
    shopper.press("data", do="ask", kind="rectification", details=words, once="prq_words")
    assert "<script" not in shopper.see("/data")
    assert tag("p", words, title=words) == (
        '<p title="&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;">'
        "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;</p>"
    )
    assert join("<", Html("<br>"), None) == "&lt;<br>"


def test_every_page_forbids_scripts_frames_and_being_kept(shopper: Person) -> None:
    for path in ("", "/receipts", "/data", "/linked"):
        headers = shopper.browser.get(f"{HOME}{path}")["headers"]
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")


# What the law gives


def test_a_form_sent_twice_asks_once_and_who_is_another_sees_nothing(shopper: Person) -> None:
    wish = {"do": "ask", "kind": "rectification", "details": "It is not mine.", "once": "prq_once"}
    first, again = shopper.press("data", **wish), shopper.press("data", **wish)
    assert first["headers"]["location"] == again["headers"]["location"]
    (asked,) = store.of_customer(shopper.subject)
    assert (asked.kind, asked.origin, asked.state) == ("rectification", "page", "received")
    assert asked.id in shopper.see("/data")
    shopper.sign_in("cust_43")
    assert asked.id not in shopper.see(f"/data?request={asked.id}")
    assert shopper.press("data", do="amend", request=asked.id)["statusCode"] == 404


def test_who_asked_without_signing_in_shows_that_it_was_they(shopper: Person) -> None:
    wish = b'{"kind": "restriction", "email": "ann@example.org", "bank": "Openbank"}'
    made = shopper.world.request("POST", "/v1/privacy-requests", wish)["json"]
    named = {"do": "prove", "reference": made["request_id"]}
    assert shopper.press("data", **named, token="wrong")["statusCode"] == 404
    assert shopper.press("data", **named, token=made["token"])["statusCode"] == 303
    shopper.world.run(60)
    assert "Your data is restricted" in shopper.see()


def test_an_archive_is_fetched_by_its_customer(shopper: Person) -> None:
    shopper.press("data", do="ask", kind="access", once="prq_copy")
    (asked,) = store.of_customer(shopper.subject)
    assert shopper.browser.get(f"{HOME}/data?fetch={asked.id}")["statusCode"] == 404
    shopper.world.run(600)
    address = re.search(r'href="([^"]+fetch=[^"]+)"', shopper.see("/data"))
    assert address is not None
    query = address[1].rpartition("?")[2]
    answer = shopper.browser.get(f"{HOME}/data?{query}")
    assert answer["statusCode"] == 303
    assert "exports/" in answer["headers"]["location"]
    shopper.sign_in("cust_43")
    assert shopper.browser.get(f"{HOME}/data?{query}")["statusCode"] == 404


# Disconnecting


def test_disconnecting_switches_off_at_once_and_erases(shopper: Person) -> None:
    shopper.choose("loyalty", granted=True)
    answer = shopper.press("disconnect")
    assert "Openbank is disconnected" in answer["body"]
    assert "__Host-session" not in shopper.browser.cookies
    customer = customers.get(shopper.subject)
    assert customer is not None
    assert [one.granted for one in customer.choices.values()] == [False, False]
    shopper.world.run(4 * 86_400)
    last = [wire for wire in shopper.world.wires if "/callbacks/" in wire.url][-1]
    assert last.notice["type"] == "receipt.withdrawn"
    _, salt = customers.with_salt(shopper.subject)
    assert salt is None
    shopper.sign_in()
    assert "No receipts yet" in shopper.see("/receipts")
    assert "Never switched on." in shopper.see()


def test_monzos_customer_disconnects_and_the_account_is_let_go(counterfoil: World) -> None:
    with customer_in(counterfoil) as customer:
        customer.connect()
        counterfoil.run()
        buys(customer)
        counterfoil.run()
        assert "is disconnected" in customer.disconnect()["body"]
        counterfoil.run(4 * 86_400)
        assert customer.monzo.receipts == {}
        assert customer.monzo.webhooks == {}
        assert customer.monzo._grants == []
        assert links.get(customer.subject) is None
