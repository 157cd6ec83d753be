"""A customer's own page as a browser without a person sees it: who gets in, what a form may do, what is told."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlencode

import boto3
import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from counterfoil.domain import rights as steps
from counterfoil.flows import rights
from counterfoil.pages.html import Html, join, tag
from counterfoil.runtime import http, secrets
from counterfoil.store import customers, links
from counterfoil.store import rights as store
from infra.sandbox.sign_in import _challenge
from tests.account import stored
from tests.flows.linked import Browser, buys, customer_in
from tests.flows.scenarios import payment
from tests.visiting import BANK, HOME, Person, answering
from tests.world import Wire, World


@pytest.fixture
def person(counterfoil: World) -> Person:
    return Person(counterfoil, Browser(counterfoil))


@pytest.fixture
def shopper(person: Person) -> Person:
    """Signed in, with one receipt."""
    person.world.consent()
    person.world.pays(payment(person.world))
    person.world.sells(person.world.body_of("retailer_receipt.sale"))
    person.world.run(60)
    person.sign_in()
    return person


# Signing in


def test_the_bank_is_asked_with_a_state_and_a_challenge_and_told_the_verifier(person: Person) -> None:
    asked = person.leave()
    assert asked["redirect_uri"] == person.bank.client.redirect_url
    assert (asked["response_type"], asked["scope"], asked["code_challenge_method"]) == ("code", "openid", "S256")
    wires: list[Wire] = []
    person.world.answer = lambda wire: wires.append(wire) or answering(person.bank, wire)  # type: ignore[func-returns-value]
    person.come_back(asked)
    exchange, userinfo = wires
    (verifier,) = [part[14:] for part in exchange.body.decode().split("&") if part.startswith("code_verifier=")]
    assert _challenge(verifier) == asked["code_challenge"]
    assert (userinfo.url, userinfo.method, userinfo.body) == (BANK["sign_in"]["userinfo_url"], "GET", b"")
    assert person.bank.client.secret not in str(person.browser.cookies)


def test_who_signs_in_has_agreed_to_nothing_and_leaves_no_trace(person: Person) -> None:
    before = [stored(name) for name in ("ledger", "salts")]
    person.sign_in()
    page = person.see()
    assert page.count(">Off<") == 3
    assert "Switch receipts on" in page
    assert [stored(name) for name in ("ledger", "salts")] == before


def test_who_comes_back_must_be_who_left(person: Person) -> None:
    asked = person.leave()
    visit = dict(person.browser.cookies)
    others = person.leave()
    assert person.come_back(asked)["statusCode"] == 403  # the browser remembers its last visit
    person.browser.cookies = visit
    assert person.come_back(asked | {"state": others["state"]})["statusCode"] == 403
    assert person.come_back(asked | {"code_challenge": others["code_challenge"]})["statusCode"] == 403
    assert person.browser.get(f"{HOME}/signed-in?error=access_denied&state={asked['state']}")["statusCode"] == 403
    for broken in ({}, {"__Host-visit": visit["__Host-visit"][:-4]}):
        person.browser.cookies = broken
        assert person.come_back(asked)["statusCode"] == 403
    person.browser.cookies = visit
    person.world.pass_time(901)
    assert person.come_back(asked)["statusCode"] == 403
    assert person.browser.cookies.keys() == {"__Host-visit"}


def test_a_code_signs_in_once(person: Person) -> None:
    asked = person.leave()
    code = person.bank.allow("cust_42", asked["code_challenge"])
    path = f"{HOME}/signed-in?{urlencode({'code': code, 'state': asked['state']})}"
    visit = dict(person.browser.cookies)
    assert person.browser.get(path)["statusCode"] == 303
    person.browser.cookies = visit
    assert person.browser.get(path)["statusCode"] == 403


@pytest.mark.parametrize(
    ("at", "answer", "status"),
    [
        ("/token", http.Answer(None), 500),
        ("/token", http.Answer(503), 500),
        ("/token", http.Answer(200, None, b"{}"), 500),
        ("/token", http.Answer(200, None, b"[1]"), 500),
        ("/token", http.Answer(200, None, b'{"access_token": 1, "token_type": "Bearer"}'), 500),
        ("/token", http.Answer(401, None, b'{"error": "invalid_client"}'), 500),
        ("/token", http.Answer(400, None, b'{"error": "invalid_grant"}'), 403),
        ("/userinfo", http.Answer(401), 403),
        ("/userinfo", http.Answer(302), 500),
        ("/userinfo", http.Answer(200, None, b'{"sub": 42}'), 500),
        ("/userinfo", http.Answer(200, None, b'{"sub": ""}'), 500),
        ("/userinfo", http.Answer(200, None, b'{"sub": "cust 42\\n"}'), 500),
        ("/userinfo", http.Answer(200, None, b'{"sub": "cust_42", "sub": "cust_43"}'), 500),
        ("/userinfo", http.Answer(200, None, b"<html>"), 500),
    ],
)
def test_a_bank_that_answers_strangely_signs_nobody_in(
    person: Person, at: str, answer: http.Answer, status: int
) -> None:
    asked = person.leave()
    person.world.answer = lambda wire: answer if wire.url.endswith(at) else answering(person.bank, wire)
    told = person.come_back(asked)
    assert told["statusCode"] == status
    assert "That did not work" in told["body"]
    assert person.browser.cookies.keys() == {"__Host-visit"}


def test_a_session_is_of_one_bank_and_ends(person: Person) -> None:
    person.sign_in()
    session = person.browser.cookies["__Host-session"]
    assert "cust_42" not in session
    assert person.subject not in session
    other = person.browser.get("/connect/harbourbank")["body"]
    assert "Sign in with Harbour Bank" in other
    assert person.browser.get("/connect/harbourbank/receipts")["statusCode"] == 303
    person.world.pass_time(1801)
    assert "Sign in with Openbank" in person.see()
    for path in ("/receipts", "/receipts/match_x", "/data"):
        answer = person.browser.get(f"{HOME}{path}")
        home = "../../openbank" if path.count("/") == 2 else "../openbank"
        assert (answer["statusCode"], answer["headers"]["location"]) == (303, home)


def test_signing_out_forgets_the_session(person: Person) -> None:
    person.sign_in()
    assert person.press("sign-out")["statusCode"] == 303
    assert person.browser.cookies == {}


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


# Without signing in


@pytest.fixture
def mailbox(person: Person) -> Callable[[], list[str]]:
    """What was mailed, the latest last."""
    ses = boto3.client("sesv2")
    ses.create_email_identity(EmailIdentity="counterfoil.example")
    sent = get_backend("ses")[DEFAULT_ACCOUNT_ID]["eu-west-1"].sent_messages
    sent.clear()
    return lambda: [message.body for message in sent]


def asks_by_mail(person: Person, kind: str = "access") -> dict[str, Any]:
    wish = {"do": "ask", "kind": kind, "email": "ann@example.org", "details": "I shop at Kite's."}
    return person.browser.post(f"{HOME}/link", urlencode(wish))


def link_in(mail: str) -> str:
    found = re.search(r"link=(\S+)", mail)
    assert found is not None
    return unquote(found[1])


def open_link(person: Person, link: str) -> dict[str, Any]:
    return person.browser.post(f"{HOME}/link", urlencode({"do": "open", "link": link}))


def goes_on(person: Person, page: dict[str, Any], do: str) -> dict[str, Any]:
    form = re.search(r'name="form" value="([^"]+)"', page["body"])
    assert form is not None
    return person.browser.post(f"{HOME}/link", urlencode({"do": do, "form": form[1]}))


def proved(person: Person, reference: str, by: str) -> None:
    now = person.world.now
    rights.assign(reference, person.subject, by, secrets.sealer(), now, lambda send: None)  # type: ignore[arg-type]


def reference_in(page: dict[str, Any]) -> str:
    found = re.search(r"prq_[\w-]+", page["body"])
    assert found is not None
    return found[0]


def test_a_link_shows_one_request_once_and_for_a_day(person: Person, mailbox: Callable[[], list[str]]) -> None:
    assert "Look into your mailbox" in asks_by_mail(person)["body"]
    link = link_in(mailbox()[-1])
    looked = person.browser.get(f"{HOME}/link?{urlencode({'link': link})}")
    assert "Show it" in looked["body"]  # whatever looks through mail follows links
    page = open_link(person, link)
    assert "you asked us for a copy" in page["body"]
    assert "Open my page" not in page["body"]
    assert goes_on(person, page, "enter")["statusCode"] == 403
    assert open_link(person, link)["statusCode"] == 403
    token = page["body"].split("<strong>")[1].split("<")[0]
    again = {"do": "read", "reference": reference_in(page), "token": token}
    assert "you asked us for a copy" in person.browser.post(f"{HOME}/link", urlencode(again))["body"]
    assert person.browser.post(f"{HOME}/link", urlencode(again | {"token": "x"}))["statusCode"] == 404
    assert "You withdrew the request" in goes_on(person, page, "withdraw")["body"]

    asks_by_mail(person)
    person.world.pass_time(24 * 3600 + 1)
    assert open_link(person, link_in(mailbox()[-1]))["statusCode"] == 403


def test_documents_let_its_writer_in_and_another_proof_does_not(
    shopper: Person, mailbox: Callable[[], list[str]]
) -> None:
    for by, status in (("sign_in", 403), ("documents", 303)):
        shopper.browser.cookies = {}
        asks_by_mail(shopper, "restriction")
        page = open_link(shopper, link_in(mailbox()[-1]))
        proved(shopper, reference_in(page), by)
        assert goes_on(shopper, page, "enter")["statusCode"] == status, by
    assert "Kite Coffee Soho" in shopper.see("/receipts")


def test_an_answered_request_lets_nobody_in_for_ever(shopper: Person, mailbox: Callable[[], list[str]]) -> None:
    shopper.browser.cookies = {}
    asks_by_mail(shopper)
    page = open_link(shopper, link_in(mailbox()[-1]))
    proved(shopper, reference_in(page), "documents")
    rights.change(reference_in(page), lambda known: steps.withdraw(known, shopper.world.now), shopper.world.now)
    token = page["body"].split("<strong>")[1].split("<")[0]
    read = urlencode({"do": "read", "reference": reference_in(page), "token": token})
    assert "Open my page" in shopper.browser.post(f"{HOME}/link", read)["body"]
    shopper.world.pass_time(7 * 86_400)
    assert "Open my page" not in shopper.browser.post(f"{HOME}/link", read)["body"]


def test_a_mailbox_is_not_flooded_and_all_are_told_the_same(person: Person, mailbox: Callable[[], list[str]]) -> None:
    pages = {asks_by_mail(person)["body"] for _ in range(20)}
    assert len(pages) == 1
    assert len(mailbox()) <= 4
    person.world.pass_time(3600)
    asks_by_mail(person)
    assert len(mailbox()) <= 5
    kept = repr([stored(name) for name in ("ledger", "rendezvous", "salts")])
    assert "ann@example.org" not in kept


def test_an_opened_request_is_no_session(person: Person, mailbox: Callable[[], list[str]]) -> None:
    asks_by_mail(person)
    open_link(person, link_in(mailbox()[-1]))
    person.browser.cookies["__Host-session"] = person.browser.cookies["__Host-request"]
    assert "Sign in with Openbank" in person.see()


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
