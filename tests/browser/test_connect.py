"""Connecting an account as a person does, on a phone: our pages behind a prefix, as the engine serves them."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from counterfoil.domain.merchants import OAuthClient
from counterfoil.runtime import http as calls
from counterfoil.store import registry
from infra.sandbox import monzo_app
from infra.sandbox.monzo import Client, Monzo
from tests import edge
from tests.account import MONZO_ACCOUNT
from tests.browser.conftest import PHONE
from tests.world import Wire, World

PREFIX = "/_aws/execute-api/abc/$default"


class Gateway(BaseHTTPRequestHandler):
    """Answers with the real handlers, below a prefix."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        answer = edge.call(self.command, self.path.removeprefix(PREFIX), body, _lowered(self.headers), "")
        self.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            self.send_header(name, value)
        for kept in answer.get("cookies", []):
            self.send_header("set-cookie", kept)
        self.end_headers()
        self.wfile.write(answer["body"].encode())

    do_POST = do_GET  # noqa: N815 - as the library names them

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


def _lowered(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.fixture
def address(counterfoil: World) -> Iterator[str]:
    """Where our pages are, with Monzo's program beside them and registered as the bank."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    Thread(target=server.serve_forever, daemon=True).start()
    ours = f"http://127.0.0.1:{server.server_port}{PREFIX}"
    client = Client("client_1", "only-we-know", f"{ours}/connect/monzo/linked")
    monzo = Monzo(client, {MONZO_ACCOUNT: "Peter"}, clock=lambda: counterfoil.now)
    with monzo_app.serving(monzo) as theirs:
        record = registry.bank("monzo")
        assert record is not None
        oauth = OAuthClient(
            authorise_url=f"{theirs}/authorise",
            client_id="client_1",
            client_secret="counterfoil/oauth/monzo",
            our_url=ours,
        )
        registry.register_bank(record.bank.model_copy(update={"oauth": oauth, "callback_url": theirs}))

        def answer(wire: Wire) -> calls.Answer:
            status, told = monzo.answer(wire.method, wire.url, wire.headers, wire.body)
            return calls.Answer(status, None, monzo_app.JSONResponse(told).body)

        counterfoil.answer = answer
        yield ours
    server.shutdown()
    registry.forget()


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport=PHONE, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    # Of our pages alone: the simulated bank's has no icon.
    ours = f"{PREFIX}/"
    page.on("console", lambda said: complaints.append(said.text) if ours in said.location.get("url", "") else None)
    yield page
    context.close()
    assert complaints == []


def test_connect_allow_connected_disconnect(phone: Page, address: str, counterfoil: World) -> None:
    phone.goto(f"{address}/connect/monzo")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your shop receipts, in Monzo")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    _picture(phone, "connect")
    phone.get_by_role("button", name="Connect Monzo").press("Enter")
    phone.get_by_role("button", name="Allow").click()

    expect(phone.get_by_role("heading", level=1)).to_have_text("Monzo is connected")
    assert phone.url == f"{address}/connect/monzo"
    _picture(phone, "connected")
    cookies = {cookie["name"]: cookie for cookie in phone.context.cookies()}
    assert set(cookies) == {"__Host-session"}
    assert (cookies["__Host-session"]["httpOnly"], cookies["__Host-session"]["secure"]) == (True, True)
    counterfoil.run(60)

    phone.reload()
    phone.get_by_role("button", name="Disconnect").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Monzo is disconnected")
    phone.goto(f"{address}/connect/monzo")
    expect(phone.get_by_role("button", name="Connect Monzo")).to_be_visible()


def test_who_comes_back_without_having_left_is_told_so(phone: Page, address: str) -> None:
    answer = phone.request.get(f"{address}/connect/monzo/linked?code=x&state=y")
    assert answer.status == 403
    phone.set_content(answer.text())
    expect(phone.get_by_role("heading", level=1)).to_have_text("That did not work")


def _picture(page: Page, name: str) -> None:
    folder = os.environ.get("PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
