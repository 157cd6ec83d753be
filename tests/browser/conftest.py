"""What is looked at in Debian's chromium: the banks' program, fed through its callback with signed deliveries, and
customers' own pages, which the real handlers answer."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from counterfoil.domain.merchants import OAuthClient
from counterfoil.runtime import http as calls
from counterfoil.store import registry
from infra.sandbox import bank_app, monzo_app
from infra.sandbox.bank import Bank
from infra.sandbox.monzo import Client, Monzo
from infra.sandbox.partner_api import PartnerApi
from infra.sandbox.signing import signed_post
from tests.account import MONZO_ACCOUNT
from tests.browser.customer_page import PREFIX, Gateway, visit
from tests.browser.samples import CUSTOMER, transaction
from tests.visiting import answering, sign_in_of
from tests.world import Wire, World

SECRET = "whsec_" + "c2FuZGJveC1zYW5kYm94LXNhbmRib3g="
FORGED = "whsec_" + "Zm9yZ2VkLWZvcmdlZC1mb3JnZWQtZm9yZ2Vk"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1200, "height": 900}
SCHEMES = ("light", "dark")
FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
expect.set_options(timeout=20_000)  # a handler's first call reads its libraries


class ConsentApi:
    """Counterfoil's consent API as the bank's backend sees it. `calls` are the wishes that came."""

    def __init__(self) -> None:
        self.granted = True
        self.version = 1
        self.fails = False
        self.calls: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 300})
        assert request.headers["authorization"] == "Bearer t"
        if self.fails:
            return httpx.Response(503)
        if request.method == "PUT":
            wish = json.loads(request.content)
            self.calls.append(wish)
            self.granted, self.version = wish["granted"], self.version + 1
        standing = {"granted": self.granted, "version": self.version, "effective_at": "2026-01-01T00:00:00Z"}
        return httpx.Response(200, json={"consent": standing, "consents": {"receipts": standing}, "history": []})


@dataclass
class Sandbox:
    """A bank's program on the loopback address, and what its customer's app shows."""

    url: str
    bank: Bank
    consent_api: ConsentApi
    complaints: list[str] = field(default_factory=list)

    def deliver(self, delivery: dict[str, Any], secret: str = SECRET, patience: float = 10) -> httpx.Response:
        """Post a delivery to the bank's callback, signed. `patience` in seconds."""
        with httpx.Client(timeout=patience) as http:
            body = json.dumps(delivery).encode()
            return signed_post(
                http, f"{self.url}/callbacks/openbank", secret, body, message_id=delivery["data"]["delivery_id"]
            )

    def address(self, transaction_id: str = "") -> str:
        """The app of our customer, at a payment where one is named."""
        return f"{self.url}/?bank=openbank&customer={CUSTOMER}#{transaction_id}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Debian's chromium is not installed: the page is not tested in a browser")
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    consent_api = ConsentApi()
    with httpx.Client(transport=httpx.MockTransport(consent_api)) as http:
        api = PartnerApi("openbank", "http://api", "http://api/oauth2/token", "id", "secret", http)
        bank = Bank("openbank", "Openbank", [SECRET], api)

        def buys(bank: Bank, customer: str) -> None:
            bank.record(transaction("tx_bought", customer_id=customer))

        with bank_app.serving([bank], buys) as url:
            yield Sandbox(url, bank, consent_api)


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def page(chromium: Browser, sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that may not complain, and may not reach anything but the sandbox."""
    context = chromium.new_context(viewport=request.param, locale="en-GB", timezone_id="Europe/London")
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("console", lambda said: sandbox.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: sandbox.complaints.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith(sandbox.url) else sandbox.complaints.append(sent.url))
    yield page
    context.close()
    assert sandbox.complaints == []


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
    yield from visit(chromium, "light")


@pytest.fixture(params=SCHEMES)
def any_phone(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    yield from visit(chromium, request.param)
