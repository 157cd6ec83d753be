"""A customer of Monzo's in the in-process world: the simulated Monzo answers every call that goes to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from counterfoil.domain import path_secrets
from counterfoil.runtime import http
from counterfoil.store import links
from infra.sandbox.monzo import Client, Monzo
from tests.account import KEYS, MONZO_ACCOUNT, REGISTERED
from tests.flows.scenarios import receipt
from tests.world import Wire, World

BANK = next(bank for bank in REGISTERED if bank["bank"] == "monzo")
REDIRECT = f"{BANK['oauth']['our_url']}/connect/monzo/linked"
OWN = "merch_0001"


@dataclass
class Browser:
    """A browser that keeps cookies and follows nothing by itself."""

    world: World
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> dict[str, Any]:
        return self._ask("GET", path, b"")

    def post(self, path: str, form: str = "") -> dict[str, Any]:
        return self._ask("POST", path, form.encode())

    def _ask(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.world.request(method, path, body, {"cookie": cookie} if cookie else {})
        for kept in answer.get("cookies", []):
            name, _, value = kept.partition(";")[0].partition("=")
            if "Max-Age=0" in kept:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer


@dataclass
class Customer:
    """`posted`: the webhooks that Monzo sent."""

    world: World
    monzo: Monzo
    browser: Browser
    posted: list[tuple[str, bytes]] = field(default_factory=list)

    def leave(self) -> str:
        """Presses Connect; the state that the bank gets."""
        answer = self.browser.post("/connect/monzo")
        assert answer["statusCode"] == 303
        query = dict(parse_qsl(urlsplit(answer["headers"]["location"]).query))
        assert query["redirect_uri"] == REDIRECT
        return query["state"]

    def come_back(self, state: str, code: str | None = None) -> dict[str, Any]:
        code = code or self.monzo.allow(MONZO_ACCOUNT, BANK["oauth"]["client_id"], REDIRECT)
        return self.browser.get(f"/connect/monzo/linked?code={code}&state={state}")

    def connect(self) -> None:
        assert self.come_back(self.leave())["statusCode"] == 303

    def switch_off(self) -> dict[str, Any]:
        page = self.browser.get("/connect/monzo")["body"]
        form = page.split('name="form" value="')[1].split('"')[0]
        return self.browser.post("/connect/monzo/choose", f"form={form}&purpose=receipts&granted=no")

    def disconnect(self) -> dict[str, Any]:
        page = self.browser.get("/connect/monzo")["body"]
        form = page.split('name="form" value="')[1].split('"')[0]
        return self.browser.post("/connect/monzo/disconnect", f"form={form}")

    def pays(self, amount: int = 585, **more: Any) -> dict[str, Any]:
        return self.monzo.pay(MONZO_ACCOUNT, amount, OWN, **more)

    def arrive(self) -> list[int]:
        """The webhooks that Monzo sent come in; how each was answered."""
        taken = []
        while self.posted:
            url, body = self.posted.pop(0)
            taken.append(self.world.request("POST", urlsplit(url).path, body)["statusCode"])
        return taken

    @property
    def link(self) -> Any:
        return links.get(self.subject)

    @property
    def subject(self) -> str:
        from counterfoil.runtime import secrets

        return secrets.sealer().subject("monzo", MONZO_ACCOUNT)


@contextmanager
def customer_in(world: World) -> Iterator[Customer]:
    """A customer with an account at Monzo, and a browser."""
    client = Client(BANK["oauth"]["client_id"], "only-we-know", REDIRECT)
    monzo = Monzo(client, {MONZO_ACCOUNT: "Peter"}, clock=lambda: world.now)
    customer = Customer(world, monzo, Browser(world))
    monzo.post = lambda url, body: customer.posted.append((url, body))

    def answer(wire: Wire) -> http.Answer:
        status, told = monzo.answer(wire.method, wire.url, wire.headers, wire.body)
        return http.Answer(status, None, _json(told))

    world.answer = answer
    yield customer


def _json(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()


def buys(customer: Customer) -> dict[str, Any]:
    paid = customer.pays()
    assert set(customer.arrive()) == {202}
    customer.world.sells(printed(customer.world))
    return paid


def printed(world: World, amount: int = 585) -> dict[str, Any]:
    """The till's receipt of this moment."""
    return receipt(world, "soho-03-1", amount, issued_at=world.now.isoformat())


def events_secret() -> str:
    """The key of the path secret at which the files of events/ are played."""
    return f"P#{path_secrets.hashed(KEYS['monzo'][0])}"
