"""How the simulated partners prove who they are: by other implementations than the application's, so that two check
each other. Standard Webhooks by the reference library, RSA by `cryptography` directly, JWS by jwcrypto.
"""

import base64
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes, token_urlsafe
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from jwcrypto import jwk, jws
from standardwebhooks import Webhook

BANKS = Path(__file__).with_name("banks.json")


@dataclass(frozen=True)
class Request:
    """What is signed. `id` names the message where the wire has a header for that."""

    method: str
    path: str
    body: bytes
    id: str = ""


@dataclass(frozen=True)
class Scheme:
    """How the banks of one wire sign. `new_keys()`: a signing key, and the public keys that verify it (none where the
    key is a shared secret). `sign(key, request, at)`: the headers to send."""

    new_keys: Callable[[], tuple[str, list[str]]]
    sign: Callable[[str, Request, datetime], dict[str, str]]


def new_secret() -> str:
    """A Standard Webhooks secret of 32 random bytes."""
    return "whsec_" + base64.b64encode(token_bytes(32)).decode()


def _standard_webhooks(secret: str, request: Request, at: datetime) -> dict[str, str]:
    message_id = request.id or f"msg_{uuid4().hex}"
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, request.body.decode()),
    }


def _rsa_keys() -> tuple[str, list[str]]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode(), [base64.b64encode(public).decode()]


def _starling(key: str, request: Request, at: datetime) -> dict[str, str]:  # noqa: ARG001 - Starling signs no time
    signature = _rsa_key(key).sign(request.body, padding.PKCS1v15(), hashes.SHA512())
    return {"x-hook-signature": base64.b64encode(signature).decode()}


@functools.cache
def _rsa_key(pem: str) -> rsa.RSAPrivateKey:
    """Read once: reading checks the key, which takes a hundred times as long as signing."""
    private = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(private, rsa.RSAPrivateKey)
    return private


def _jwk_keys() -> tuple[str, list[str]]:
    key = jwk.JWK.generate(kty="EC", crv="P-521", kid=str(uuid4()))
    return key.export(), [key.export_public()]


def _request_jws(key: str, request: Request, at: datetime) -> dict[str, str]:
    private = jwk.JWK.from_json(key)
    sent_at = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    lines = f"{request.method} {request.path}\nX-Tl-Webhook-Timestamp: {sent_at}\n"
    token = jws.JWS(lines.encode() + request.body)
    header = {"alg": "ES512", "kid": private["kid"], "tl_version": "2", "tl_headers": "X-Tl-Webhook-Timestamp"}
    token.add_signature(private, protected=json.dumps(header))
    before, _, after = token.serialize(compact=True).split(".")
    return {"x-tl-webhook-timestamp": sent_at, "tl-signature": f"{before}..{after}"}


STANDARD_WEBHOOKS = Scheme(lambda: (new_secret(), []), _standard_webhooks)
# Monzo signs nothing: it calls at a secret path.
SECRET_PATH = Scheme(lambda: (token_urlsafe(32), []), lambda _key, _request, _at: {})
SCHEMES: Mapping[str, Scheme] = {
    "direct": STANDARD_WEBHOOKS,
    "starling": Scheme(_rsa_keys, _starling),
    "monzo": SECRET_PATH,
    "jws": Scheme(_jwk_keys, _request_jws),
}
"""By the name of the adapter."""


@functools.cache
def adapters() -> Mapping[str, str]:
    """The adapter of each bank that the sandbox simulates."""
    return {bank["bank"]: bank["adapter"] for bank in json.loads(BANKS.read_text())["banks"]}


def scheme_of(partner: str) -> Scheme:
    """How a partner of the sandbox signs: a bank as its adapter says, a retailer by Standard Webhooks."""
    return SCHEMES[adapters().get(partner, "direct")]


@functools.cache
def strangers_key(scheme: Scheme) -> str:
    """A signing key of that scheme that nobody registered."""
    return scheme.new_keys()[0]


def signed_post(
    http: httpx.Client,
    url: str,
    secret: str,
    body: bytes,
    *,
    message_id: str | None = None,
    at: datetime | None = None,
) -> httpx.Response:
    """POST `body` (JSON bytes) signed with `secret` (whsec_…), stamped `at` (default: now)."""
    request = Request("POST", httpx.URL(url).path, body, message_id or "")
    headers = STANDARD_WEBHOOKS.sign(secret, request, at or datetime.now(UTC))
    return http.post(url, content=body, headers={"content-type": "application/json"} | headers)


def is_genuine(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """Whether one of the `secrets` signed `body`, within the five minutes that the standard allows."""
    return any(_verifies(Webhook(secret), headers, body) for secret in secrets)


def _verifies(webhook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except Exception:  # the library raises errors of many kinds on malformed headers
        return False
    return True
