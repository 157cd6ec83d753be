"""Who gets into a customer's own page: whom their bank names, and who opens the link that we mailed."""

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
from counterfoil.runtime import http, secrets
from infra.sandbox.sign_in import _challenge
from tests.account import stored
from tests.visiting import BANK, HOME, Person, answering
from tests.world import Wire

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
