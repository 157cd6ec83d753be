"""OAuth 2.0 authorisation code grant (RFC 6749) over `oauthlib`: what to send, and what an answer says. No I/O."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from counterfoil.banks.adapter import Call
from counterfoil.domain import strict_json
from counterfoil.domain.fields import is_id
from counterfoil.domain.merchants import OAuthClient, SignIn
from counterfoil.errors import BadRequest, Forbidden

REFUSALS = frozenset({400, 401, 403})
"""What a token endpoint answers where it will never say yes: the code or token was used, withdrawn or is another's."""

_LONGEST_SECONDS = 10 * 366 * 86_400
_FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What opens an account; `refresh` is good once."""

    access: str
    refresh: str
    expires_at: datetime


def authorise_url(client: OAuthClient, redirect_url: str, state: str) -> str:
    """Where the customer is sent."""
    oauth = WebApplicationClient(client.client_id)
    return str(oauth.prepare_request_uri(client.authorise_url, redirect_uri=redirect_url, state=state))


def sign_in_url(client: SignIn, redirect_url: str, state: str, verifier: str) -> str:
    """Where the customer is sent to show who they are. The code is then good only with `verifier` (PKCE, RFC 7636)."""
    oauth = WebApplicationClient(client.client_id)
    challenge = oauth.create_code_challenge(verifier, "S256")
    return str(
        oauth.prepare_request_uri(
            client.authorise_url,
            redirect_uri=redirect_url,
            state=state,
            scope="openid",
            code_challenge=challenge,
            code_challenge_method="S256",
        )
    )


def code_in(query: Mapping[str, str], redirect_url: str, state: str) -> str:
    """The code that the bank sent the customer back with. Raises Forbidden where it is none for this `state`."""
    oauth = WebApplicationClient("")
    try:
        answer = oauth.parse_request_uri_response(f"{redirect_url}?{urlencode(query)}", state=state)
    except (OAuth2Error, ValueError):
        raise Forbidden("the bank did not allow it, or the answer belongs to another visit") from None
    return str(answer["code"])


def exchange(
    client: OAuthClient, token_url: str, redirect_url: str, code: str, secret: str, verifier: str | None = None
) -> Call:
    """Asks for the tokens that a code stands for."""
    oauth = WebApplicationClient(client.client_id)
    body = oauth.prepare_request_body(
        code=code, redirect_uri=redirect_url, client_secret=secret, code_verifier=verifier
    )
    return Call("POST", token_url, _FORM, str(body).encode())


def userinfo(client: SignIn, access: str) -> Call:
    """Asks of whom an access token is."""
    return Call("GET", client.userinfo_url, {"authorization": f"Bearer {access}", "accept": "application/json"}, b"")


def customer_in(body: bytes, client: SignIn) -> str | None:
    """The bank's own id of its customer in a 200 of `userinfo`, or None where it holds none."""
    try:
        told = strict_json.loads(body)
    except BadRequest:
        return None
    found = told.get(client.customer_claim) if isinstance(told, dict) else None
    return found if isinstance(found, str) and is_id(found) else None


def refresh(client: OAuthClient, token_url: str, tokens: Tokens, secret: str) -> Call:
    """Asks for new tokens in place of `tokens`."""
    oauth = WebApplicationClient(client.client_id)
    body = oauth.prepare_refresh_body(refresh_token=tokens.refresh, client_id=client.client_id, client_secret=secret)
    return Call("POST", token_url, _FORM, str(body).encode())


def refuses_client(body: bytes) -> bool:
    """Whether a refusal is of our own credentials (RFC 6749, 5.2): it says nothing of the code or token."""
    try:
        told = strict_json.loads(body)
    except BadRequest:
        return False
    return isinstance(told, dict) and told.get("error") in ("invalid_client", "unauthorized_client")


def access_in(body: bytes) -> str | None:
    """The access token of a 200, or None where it holds none."""
    access = _answer_in(body).get("access_token")
    return access if isinstance(access, str) else None


def _answer_in(body: bytes) -> Mapping[str, Any]:
    try:
        told = strict_json.loads(body)
        return WebApplicationClient("").parse_request_body_response(json.dumps(told)) if isinstance(told, dict) else {}
    except (OAuth2Error, BadRequest, ValueError):
        return {}


def tokens_in(body: bytes, now: datetime) -> Tokens | None:
    """The tokens of a 200, or None where it holds none that can be kept."""
    answer = _answer_in(body)
    access, again, seconds = (answer.get(name) for name in ("access_token", "refresh_token", "expires_in"))
    if not (isinstance(access, str) and isinstance(again, str) and isinstance(seconds, int)):
        return None
    if not 0 < seconds <= _LONGEST_SECONDS:
        return None
    return Tokens(access, again, now + timedelta(seconds=seconds))
