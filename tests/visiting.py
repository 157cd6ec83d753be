"""A customer of Openbank on their own page, in the in-process world: the simulated bank says who they are."""

import json
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from counterfoil.runtime import http, secrets
from infra.sandbox.monzo import Client
from infra.sandbox.sign_in import SignIn
from tests.account import REGISTERED
from tests.flows.linked import Browser
from tests.world import Wire, World

BANK = next(bank for bank in REGISTERED if bank["bank"] == "openbank")
HOME = "/connect/openbank"


def sign_in_of(our_url: str = BANK["sign_in"]["our_url"]) -> SignIn:
    """Openbank's, with us as its client."""
    return SignIn(Client(BANK["sign_in"]["client_id"], "only-we-know", f"{our_url}{HOME}/signed-in"))


def answering(sign_in: SignIn, wire: Wire) -> http.Answer:
    """What the bank answers: its sign-in, and every delivery is taken."""
    form = dict(parse_qsl(wire.body.decode())) if wire.url.endswith("/token") else {}
    if wire.url.endswith("/token"):
        status, told = sign_in.exchange(form)
    elif wire.url.endswith("/userinfo"):
        status, told = sign_in.userinfo(wire.headers["authorization"])
    else:
        return http.Answer(204)
    return http.Answer(status, None, json.dumps(told).encode())


@dataclass
class Person:
    """`browser` keeps cookies and follows nothing by itself."""

    world: World
    browser: Browser
    bank: SignIn = field(default_factory=sign_in_of)

    def __post_init__(self) -> None:
        self.world.answer = lambda wire: answering(self.bank, wire)

    @property
    def subject(self) -> str:
        return secrets.sealer().subject("openbank", "cust_42")

    def leave(self) -> dict[str, str]:
        """Presses Sign in; what the bank is asked."""
        answer = self.browser.post(HOME)
        assert answer["statusCode"] == 303, answer
        return dict(parse_qsl(urlsplit(answer["headers"]["location"]).query))

    def come_back(self, asked: dict[str, str], customer_id: str = "cust_42", **said: str) -> dict[str, Any]:
        code = self.bank.allow(customer_id, asked["code_challenge"])
        return self.browser.get(f"{HOME}/signed-in?{urlencode({'code': code, 'state': asked['state'], **said})}")

    def sign_in(self, customer_id: str = "cust_42") -> None:
        answer = self.come_back(self.leave(), customer_id)
        assert (answer["statusCode"], answer["headers"]["location"]) == (303, "../openbank"), answer

    def see(self, path: str = "") -> str:
        """A page's HTML."""
        answer = self.browser.get(f"{HOME}{path}")
        assert answer["statusCode"] == 200, answer
        return str(answer["body"])

    def press(self, path: str, **fields: str | int) -> dict[str, Any]:
        """Sends a form of the page at hand."""
        return self.browser.post(f"{HOME}/{path}", urlencode({"form": self.form(), **fields}))

    def form(self) -> str:
        found = re.search(r'name="form" value="([^"]+)"', self.see())
        assert found is not None
        return unescape(found[1])

    def choose(self, purpose: str, *, granted: bool, version: int = 0) -> dict[str, Any]:
        said = "yes" if granted else "no"
        return self.press("choose", purpose=purpose, granted=said, version=version, notice="2026-11")
