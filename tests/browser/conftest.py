"""The banks' program, fed through its callback with signed deliveries, in Debian's chromium."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from infra.sandbox.bank import Bank
from infra.sandbox.bank_app import serving
from infra.sandbox.partner_api import PartnerApi
from infra.sandbox.signing import signed_post
from tests.browser.samples import CUSTOMER, transaction

SECRET = "whsec_" + "c2FuZGJveC1zYW5kYm94LXNhbmRib3g="
FORGED = "whsec_" + "Zm9yZ2VkLWZvcmdlZC1mb3JnZWQtZm9yZ2Vk"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1200, "height": 900}
FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


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
        with serving([bank], lambda bank, customer: bank.record(transaction("tx_bought", customer_id=customer))) as url:
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
