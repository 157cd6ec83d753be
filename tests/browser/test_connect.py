"""A customer's own page as a person uses it, on a phone: the real handlers behind a prefix, as the engine serves them,
and the banks' programs beside them."""

import json
import os
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Lock, Thread
from typing import Any

import boto3
import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from counterfoil.domain.merchants import OAuthClient
from counterfoil.runtime import http as calls
from counterfoil.store import registry
from infra.sandbox import bank_app, monzo_app
from infra.sandbox.bank import Bank
from infra.sandbox.monzo import Client, Monzo
from infra.sandbox.partner_api import PartnerApi
from tests import edge
from tests.account import MONZO_ACCOUNT
from tests.browser.conftest import SECRET
from tests.flows.scenarios import payment
from tests.visiting import answering, sign_in_of
from tests.world import Wire, World

PREFIX = "/_aws/execute-api/abc/$default"
SMALL = {"width": 360, "height": 740}
SCHEMES = ("light", "dark")
expect.set_options(timeout=20_000)  # a handler's first call reads its libraries


class Gateway(BaseHTTPRequestHandler):
    """Answers with the real handlers, below a prefix; one request at a time, as the world has one list of calls."""

    one_at_a_time = Lock()

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            with self.one_at_a_time:
                answer = edge.call(self.command, self.path.removeprefix(PREFIX), body, _lowered(self.headers), "")
        except LookupError:
            answer = {"statusCode": 404, "headers": {}, "body": ""}
        self.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            self.send_header(name, value)
        for kept in answer.get("cookies", []):
            self.send_header("set-cookie", kept)
        self.end_headers()
        self.wfile.write(answer.get("bytes") or answer["body"].encode())

    do_POST = do_GET  # noqa: N815 - as the library names them

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


def _lowered(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.fixture
def address(counterfoil: World) -> Iterator[str]:
    """Where our pages are."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    server.shutdown()
    registry.forget()


@pytest.fixture
def openbank(address: str, counterfoil: World) -> Iterator[str]:
    """Our page for Openbank's customers, with their bank's sign-in beside it."""
    sign_in = sign_in_of(address)
    api = PartnerApi("openbank", address, "", "", "", None)  # type: ignore[arg-type]
    bank = Bank("openbank", "Openbank", [SECRET], api, sign_in=sign_in)
    with bank_app.serving([bank], lambda _bank, _customer: None) as theirs:
        known = registry.bank("openbank")
        assert known is not None
        assert known.bank.sign_in is not None
        there = {f"{what}_url": f"{theirs}/sign-in/openbank/{what}" for what in ("authorise", "token", "userinfo")}
        client = known.bank.sign_in.model_copy(update={**there, "our_url": address})
        registry.register_bank(known.bank.model_copy(update={"sign_in": client}))
        counterfoil.answer = lambda wire: answering(sign_in, wire)
        yield f"{address}/connect/openbank"


@pytest.fixture
def monzo(address: str, counterfoil: World) -> Iterator[str]:
    """Our page for Monzo's customers, with Monzo's program beside it."""
    client = Client("client_1", "only-we-know", f"{address}/connect/monzo/linked")
    program = Monzo(client, {MONZO_ACCOUNT: "Peter"}, clock=lambda: counterfoil.now)
    with monzo_app.serving(program) as theirs:
        record = registry.bank("monzo")
        assert record is not None
        oauth = OAuthClient(
            authorise_url=f"{theirs}/authorise",
            client_id="client_1",
            client_secret="counterfoil/oauth/monzo",
            our_url=address,
        )
        registry.register_bank(record.bank.model_copy(update={"oauth": oauth, "callback_url": theirs}))

        def answer(wire: Wire) -> calls.Answer:
            status, told = program.answer(wire.method, wire.url, wire.headers, wire.body)
            return calls.Answer(status, None, monzo_app.JSONResponse(told).body)

        counterfoil.answer = answer
        yield f"{address}/connect/monzo"


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    yield from _visit(chromium, "light")


@pytest.fixture(params=SCHEMES)
def any_phone(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    yield from _visit(chromium, request.param)


def _visit(chromium: Browser, scheme: Any) -> Iterator[Page]:
    """A browser in which nothing of ours may complain."""
    context = chromium.new_context(viewport=SMALL, locale="en-GB", color_scheme=scheme, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(20_000)
    complaints: list[str] = []
    # Of our pages alone: the simulated Monzo's has no icon.
    page.on("console", lambda said: complaints.append(said.text) if _is_wrong(said) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def _is_wrong(said: ConsoleMessage) -> bool:
    """Of an answer of 403, which is a page too, Chromium says so by itself."""
    return f"{PREFIX}/" in said.location.get("url", "") and "status of 403" not in said.text


def _sign_in(page: Page, home: str, customer: str | None = None) -> None:
    page.goto(home)
    page.get_by_role("button", name="Sign in with Openbank").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your choices")


def _buys(world: World) -> None:
    """A payment, and the till's receipt for it."""
    world.pays(payment(world))
    world.sells(world.body_of("retailer_receipt.sale"))
    world.run(60)


def _section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def test_from_signing_in_to_disconnecting(any_phone: Page, openbank: str, counterfoil: World) -> None:
    page = any_phone
    page.goto(openbank)
    _looked_at(page, "welcome")
    page.get_by_role("button", name="Sign in with Openbank").click()
    _looked_at(page, "at-the-bank")
    page.get_by_role("button", name="Allow").click()
    assert page.url == openbank
    _looked_at(page, "choices-off")

    assert _section(page, "Offers").get_by_role("button").count() == 0
    _section(page, "Receipts").get_by_role("button", name="Switch receipts on").click()
    expect(_section(page, "Receipts")).to_contain_text("On")
    _section(page, "Loyalty").get_by_role("button", name="Switch loyalty on").click()
    expect(_section(page, "Loyalty").get_by_role("button", name="Switch loyalty off")).to_be_visible()
    _looked_at(page, "choices-on")
    _buys(counterfoil)

    page.get_by_role("link", name="Receipts", exact=True).click()
    _looked_at(page, "receipts")
    page.get_by_role("link", name="Kite Coffee Soho").click()
    expect(page.get_by_role("article")).to_contain_text("Flat white")
    expect(page.get_by_role("article")).to_contain_text("GB123456782")
    _looked_at(page, "receipt")
    for form, begins in (("PDF", b"%PDF-"), ("CSV", b"\xef\xbb\xbftax_point"), ("JSON", b"{")):
        with page.expect_download() as downloading:
            page.get_by_role("link", name=form).click()
        assert downloading.value.path().read_bytes().startswith(begins)
        assert downloading.value.suggested_filename.endswith(f".{form.lower()}")

    page.get_by_role("link", name="Choices").click()
    _section(page, "Receipts").get_by_role("button", name="Switch receipts off").click()
    expect(_section(page, "Receipts")).to_contain_text("At 09:1")
    expect(_section(page, "Loyalty").get_by_role("button")).to_have_count(0)
    _looked_at(page, "switched-off")
    page.get_by_text("End all of it").click()
    _looked_at(page, "before-disconnecting")
    page.get_by_role("button", name="Disconnect Openbank and erase my data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Openbank is disconnected")
    _looked_at(page, "disconnected")
    counterfoil.run(4 * 86_400)
    _sign_in(page, openbank)
    page.get_by_role("link", name="Receipts", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("No receipts yet")


def test_a_receipt_is_found_by_its_barcode_and_a_time_downloaded(
    phone: Page, openbank: str, counterfoil: World
) -> None:
    counterfoil.consent()
    _buys(counterfoil)
    _sign_in(phone, openbank)
    phone.get_by_role("link", name="Receipts", exact=True).click()
    for value, count in (("SOHO03000123", 1), ("ANOTHER", 0)):
        phone.get_by_label("What the barcode at its foot says").fill(value)
        phone.get_by_role("button", name="Find").click()
        expect(phone.get_by_role("link", name="Kite Coffee Soho")).to_have_count(count)
        expect(phone.get_by_label("What the barcode at its foot says")).to_have_value(value)
    _looked_at(phone, "none-found")
    phone.get_by_label("What the barcode at its foot says").fill("")
    phone.get_by_label("From").fill("2026-11-01")
    with phone.expect_download() as downloading:
        phone.get_by_role("button", name="Download the table").click()
    assert b"Flat white" in downloading.value.path().read_bytes()
    assert downloading.value.suggested_filename == "receipts.csv"


def test_a_request_is_made_shown_and_withdrawn(any_phone: Page, openbank: str, counterfoil: World) -> None:
    counterfoil.consent()
    _sign_in(any_phone, openbank)
    any_phone.get_by_role("link", name="Your data").click()
    _looked_at(any_phone, "data")
    any_phone.get_by_label("What do you want?").select_option("rectification")
    any_phone.get_by_label("Anything that we should know").fill("The receipt of <b>Friday</b> is not mine.")
    any_phone.get_by_role("button", name="Send the request").click()
    asked = _section(any_phone, "A correction")
    expect(asked).to_contain_text("You will have our answer by 21 December 2026.")
    _looked_at(any_phone, "asked")
    asked.get_by_role("button", name="Withdraw").click()
    expect(_section(any_phone, "A correction")).to_contain_text("Withdrawn")


def test_who_cannot_sign_in_asks_by_mail(any_phone: Page, openbank: str, counterfoil: World) -> None:
    boto3.client("sesv2").create_email_identity(EmailIdentity="counterfoil.example")
    any_phone.goto(openbank)
    any_phone.get_by_role("link", name="You cannot sign in?").click()
    _looked_at(any_phone, "without-signing-in")
    any_phone.get_by_label("Your e-mail address").fill("ann@example.org")
    any_phone.get_by_role("button", name="Send me the link").click()
    _looked_at(any_phone, "mailed")
    mail = get_backend("ses")[DEFAULT_ACCOUNT_ID]["eu-west-1"].sent_messages[-1].body
    any_phone.goto(next(word for word in mail.split() if "/connect/openbank/link?" in word))
    any_phone.get_by_role("button", name="Show it").click()
    expect(any_phone.get_by_role("main")).to_contain_text("Before we do or disclose anything")
    _looked_at(any_phone, "asked-by-mail")
    any_phone.get_by_role("button", name="Withdraw this request").click()
    expect(any_phone.get_by_role("main")).to_contain_text("You withdrew the request")


def test_by_keyboard_alone(phone: Page, openbank: str, counterfoil: World) -> None:
    phone.goto(openbank)
    _tab_to(phone, "Sign in with Openbank")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Tell Counterfoil who you are?")
    _tab_to(phone, "Allow")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your choices")
    phone.keyboard.press("Tab")
    expect(phone.get_by_role("link", name="Skip to the content")).to_be_focused()
    _tab_to(phone, "Switch receipts on")
    phone.keyboard.press("Enter")
    expect(_section(phone, "Receipts")).to_contain_text("Switched on")
    _tab_to(phone, "Receipts", start=True)
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your receipts")
    _tab_to(phone, "Sign out", start=True)
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("button", name="Sign in with Openbank")).to_be_visible()


def test_who_says_no_at_the_bank_or_waits_too_long_is_told_so(phone: Page, openbank: str, counterfoil: World) -> None:
    phone.goto(openbank)
    phone.get_by_role("button", name="Sign in with Openbank").click()
    _refuses(phone, lambda: phone.get_by_role("button", name="Not now").click())
    _sign_in(phone, openbank)
    counterfoil.pass_time(1801)
    _refuses(phone, lambda: phone.get_by_role("button", name="Switch receipts on").click())
    phone.goto(f"{openbank}/receipts")
    expect(phone.get_by_role("button", name="Sign in with Openbank")).to_be_visible()


def test_monzos_customer_connects_an_account_and_disconnects(phone: Page, monzo: str, counterfoil: World) -> None:
    phone.goto(monzo)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your shop receipts, in Monzo")
    _looked_at(phone, "connect")
    phone.get_by_role("button", name="Connect Monzo").press("Enter")
    phone.get_by_role("button", name="Allow").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Monzo is connected")
    assert phone.url == monzo
    _looked_at(phone, "connected")
    cookies = {cookie["name"]: cookie for cookie in phone.context.cookies()}
    assert set(cookies) == {"__Host-session"}
    assert (cookies["__Host-session"]["httpOnly"], cookies["__Host-session"]["secure"]) == (True, True)
    counterfoil.run(60)

    phone.get_by_role("button", name="Switch receipts off").click()
    expect(_section(phone, "Receipts").get_by_role("button", name="Connect Monzo")).to_be_visible()
    phone.get_by_text("End all of it").click()
    phone.get_by_role("button", name="Disconnect Monzo and erase my data").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Monzo is disconnected")
    phone.goto(monzo)
    expect(phone.get_by_role("button", name="Connect Monzo")).to_be_visible()


def _tab_to(page: Page, name: str, *, start: bool = False) -> None:
    """Presses Tab until what has this name is focused."""
    if start:
        page.goto(page.url)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == name:
            return
    raise AssertionError(name)


def _refuses(page: Page, act: Callable[[], None]) -> None:
    act()
    expect(page.get_by_role("heading", level=1)).to_have_text("That did not work")


def _looked_at(page: Page, name: str) -> None:
    """What holds on every page of ours; with PICTURES, a picture of it."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert page.locator("html").get_attribute("lang") == "en-GB"
    assert page.locator("h1").count() == 1, name
    levels = [
        int(level) for level in page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => h.tagName[1])")
    ]
    assert all(after - before <= 1 for before, after in pairwise(levels)), name
    poor = page.evaluate(CONTRAST)
    assert poor == [], (name, json.dumps(poor))
    folder = os.environ.get("PICTURES")
    if folder:
        scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
        page.screenshot(path=f"{folder}/{name}-{scheme}.png", full_page=True)


# What can be read has a contrast of 4.5 to what is behind it (WCAG 2.2, 1.4.3); what is pressed has a name.
CONTRAST = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
      .map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (!/, 0\\)|transparent/.test(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  for (const element of document.body.querySelectorAll('*')) {
    const words = [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
    if (!words.length || !element.checkVisibility()) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
    if ((one + .05) / (other + .05) < 4.5) found.push(words[0].data.trim().slice(0, 30));
  }
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (!field.labels.length) found.push(field.name);
  }
  return found;
}"""
