"""The banks' sign-in for customers on other people's pages: OAuth 2.0 with PKCE, and whom a token is of.

    GET  /sign-in/{bank}/authorise?client_id&redirect_uri&response_type=code&state&code_challenge…   who, and one button
    POST /sign-in/{bank}/authorise                          sends the customer back, with a code or with their refusal
    POST /sign-in/{bank}/token                              the access token for a code
    GET  /sign-in/{bank}/userinfo                           {"sub": the bank's id of the customer}

In the sandbox nobody has a password: whoever is at the page chooses whose it is.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.sandbox.bank import Bank
from infra.sandbox.monzo import Client

_CARRIED = ("client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method")


@dataclass
class SignIn:
    """What one bank remembers: of whom each code is and with which challenge, and of whom each token is."""

    client: Client
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def knows(self, asked: Mapping[str, str]) -> bool:
        """Whether it is a client of this bank's that wants a code with PKCE, sent to its own address."""
        client = (asked.get("client_id"), asked.get("redirect_uri"))
        return (
            client == (self.client.client_id, self.client.redirect_url)
            and asked.get("code_challenge_method") == "S256"
            and bool(asked.get("code_challenge"))
        )

    def allow(self, customer_id: str, challenge: str) -> str:
        """A code, good once."""
        code = secrets.token_urlsafe(24)
        self.codes[code] = (customer_id, challenge)
        return code

    def exchange(self, asked: Mapping[str, str]) -> tuple[int, dict[str, str | int]]:
        if (asked.get("client_id"), asked.get("client_secret")) != (self.client.client_id, self.client.secret):
            return 401, {"error": "invalid_client"}
        customer_id, challenge = self.codes.pop(asked.get("code", ""), ("", ""))
        known = asked.get("redirect_uri") == self.client.redirect_url
        if not customer_id or not known or _challenge(asked.get("code_verifier", "")) != challenge:
            return 400, {"error": "invalid_grant"}
        token = secrets.token_urlsafe(32)
        self.tokens[token] = customer_id
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 300}

    def userinfo(self, authorization: str) -> tuple[int, dict[str, str]]:
        customer_id = self.tokens.get(authorization.removeprefix("Bearer "))
        return (200, {"sub": customer_id}) if customer_id else (401, {"error": "invalid_token"})


def routes() -> list[Route]:
    return [
        Route("/sign-in/{bank}/authorise", ask, methods=["GET"]),
        Route("/sign-in/{bank}/authorise", answer, methods=["POST"]),
        Route("/sign-in/{bank}/token", token, methods=["POST"]),
        Route("/sign-in/{bank}/userinfo", userinfo),
    ]


def ask(request: Request) -> Response:
    bank, sign_in = _bank(request)
    asked = {name: request.query_params.get(name, "") for name in _CARRIED}
    if sign_in is None or not sign_in.knows(asked):
        return JSONResponse({"error": "invalid_request"}, 400)
    target = urlsplit(asked["redirect_uri"])
    # The form's answer sends the browser on to there.
    policy = (
        f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' {target.scheme}://{target.netloc}"
    )
    html = _page(bank, asked, bank.customers() or list(bank.usual_customers))
    return HTMLResponse(html, headers={"content-security-policy": f"{policy}; base-uri 'none'; frame-ancestors 'none'"})


async def answer(request: Request) -> Response:
    _, sign_in = _bank(request)
    form = dict(parse_qsl((await request.body()).decode()))
    if sign_in is None or not sign_in.knows(form):
        return JSONResponse({"error": "invalid_request"}, 400)
    said = {"code": sign_in.allow(form.get("customer", ""), form["code_challenge"])}
    if form.get("allowed") != "yes":
        said = {"error": "access_denied"}
    back = urlencode(said | {"state": form.get("state", "")})
    return RedirectResponse(f"{form['redirect_uri']}?{back}", 303)


async def token(request: Request) -> Response:
    _, sign_in = _bank(request)
    form = dict(parse_qsl((await request.body()).decode()))
    status, told = sign_in.exchange(form) if sign_in else (404, {})
    return JSONResponse(told, status)


def userinfo(request: Request) -> Response:
    _, sign_in = _bank(request)
    status, told = sign_in.userinfo(request.headers.get("authorization", "")) if sign_in else (404, {})
    return JSONResponse(told, status)


def _bank(request: Request) -> tuple[Bank, SignIn | None]:
    bank: Bank = request.app.state.banks[request.path_params["bank"]]
    return bank, bank.sign_in


def _page(bank: Bank, asked: Mapping[str, str], customers: Sequence[str]) -> str:
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in asked.items())
    options = "".join(f"<option>{escape(customer)}</option>" for customer in customers)
    name = escape(bank.name)
    return f"""<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><title>Sign in · {name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/app.css"></head>
<body data-bank="{escape(bank.bank)}">
<header class="bar"><p class="brand"><img src="/icon.svg" alt="" width="28" height="28"><span>{name}</span></p></header>
<main class="sign-in"><form method="post" class="card">
<h1>Tell Counterfoil who you are?</h1>
<p>It learns the number under which we know you, and nothing else.</p>{hidden}
<label for="customer">You are (it is a sandbox: choose)</label>
<select id="customer" name="customer">{options}</select>
<button name="allowed" value="yes">Allow</button>
<button name="allowed" value="no">Not now</button>
</form></main></body></html>"""


def _challenge(verifier: str) -> str:
    """Of a code verifier, by S256 (RFC 7636)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
