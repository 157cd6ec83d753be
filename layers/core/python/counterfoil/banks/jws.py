"""A bank that signs each whole request: a detached JWS in `Tl-Signature`, as TrueLayer's public request signing (v2).

The signature (ES512) covers the method, the path, the headers that its own protected header lists, and the body.
The body is the canonical event, and receipts go to the callback, as with a bank that integrates directly. A public key
is a JWK, or PEM; a JWK with a `kid` verifies signatures of that `kid` alone. Keys are registered: a `jku` is never
followed.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from counterfoil.banks import direct
from counterfoil.banks.adapter import Arrival, BankAdapter, Credentials, Proof
from counterfoil.domain.times import rfc3339
from counterfoil.domain.webhooks import TOLERANCE_SECONDS
from counterfoil.errors import Unauthenticated

if TYPE_CHECKING:
    from joserfc.jwk import ECKey

_ALGORITHM = "ES512"
_VERSION = "2"
_SIGNATURE, _SENT_AT = "tl-signature", "x-tl-webhook-timestamp"
_SIGNED_HEADERS = "X-Tl-Webhook-Timestamp"
_HEADERS = {
    "Tl-Signature": "A detached JWS (ES512) over the method, the path, the headers that its own header lists, and the "
    "body, as TrueLayer's public request signing (v2).",
    "X-Tl-Webhook-Timestamp": "When it was signed (RFC 3339), at most five minutes away; one of the signed headers.",
}

# Header and signature alone. A JWS that brings content of its own would be verified over that, not over the request.
_DETACHED = re.compile(r"[A-Za-z0-9_-]{1,4096}\.\.[A-Za-z0-9_-]{1,256}", re.ASCII)


def _verify(arrival: Arrival, credentials: Credentials, now: datetime) -> None:
    value = arrival.headers.get(_SIGNATURE, "")
    if not _DETACHED.fullmatch(value):
        raise Unauthenticated("tl-signature is missing, or no detached JWS")
    try:
        sent_at, genuine = _sent_at(arrival), _fits(value, arrival, credentials.public_keys)
    except Exception:  # a stranger's header is parsed here: whatever that raises, it proves nothing
        raise Unauthenticated("tl-signature or x-tl-webhook-timestamp is malformed") from None
    if not genuine:
        raise Unauthenticated("tl-signature fits no key")
    if abs((now - sent_at).total_seconds()) > TOLERANCE_SECONDS:
        raise Unauthenticated("x-tl-webhook-timestamp is more than 5 minutes away")


def _sent_at(arrival: Arrival) -> datetime:
    """Raises ValueError where there is no time, or none that says where it is."""
    told = datetime.fromisoformat(arrival.headers.get(_SENT_AT, ""))
    if told.utcoffset() is None:
        raise ValueError("a time needs an offset")
    return told


def _fits(value: str, arrival: Arrival, public_keys: tuple[str, ...]) -> bool:
    # Loaded when such a bank calls: the other banks' cold starts do not pay for it.
    from joserfc import jws

    registry = jws.JWSRegistry(algorithms=[_ALGORITHM], strict_check_header=False)
    registry.max_header_length = 4096
    header = jws.extract_compact(value.encode("ascii"), registry=registry).protected
    signed = header["tl_headers"].split(",")
    if header["tl_version"] != _VERSION or _SENT_AT not in map(str.lower, signed):
        return False
    content = jws.extract_compact(value.encode("ascii"), _payload(arrival, signed), registry)
    return any(
        _verifies(key, header["kid"], lambda one: jws.validate_compact(content, one, registry=registry))
        for key in public_keys
    )


def _payload(arrival: Arrival, signed: list[str]) -> bytes:
    """What is signed. Names are spelt as `tl_headers` spells them; raises KeyError where a header is not there."""
    lines = [
        f"{arrival.method} {arrival.path}",
        *(f"{name}: {arrival.headers[name.lower()]}" for name in signed if name),
    ]
    return "".join(f"{line}\n" for line in lines).encode() + arrival.body


def _verifies(public_key: str, key_id: str, verify: Callable[["ECKey"], bool]) -> bool:
    """Whether that key is the one of the signature's `kid`, or without one, and verifies it. What is no key of this
    kind proves nothing, and does not stand in the way of the others."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    try:
        told = _jwk(public_key)
        return told.get("kid", key_id) == key_id and verify(ECKey.import_key(told or public_key))
    except (JoseError, ValueError, KeyError, TypeError):
        return False


def _jwk(text: str) -> dict[str, Any]:
    """A key's JWK; empty for PEM."""
    return dict(json.loads(text)) if text.lstrip().startswith("{") else {}


def _sign(arrival: Arrival, key: str, now: datetime) -> Arrival:
    from joserfc import jws
    from joserfc.jwk import ECKey

    timed = replace(arrival, headers={**arrival.headers, _SENT_AT: rfc3339(now)})
    private = ECKey.import_key(_jwk(key) or key)
    header = {"alg": _ALGORITHM, "kid": private.kid, "tl_version": _VERSION, "tl_headers": _SIGNED_HEADERS}
    registry = jws.JWSRegistry(algorithms=[_ALGORITHM], strict_check_header=False)
    signed = jws.serialize_compact(header, _payload(timed, [_SIGNED_HEADERS]), private, registry=registry)
    return replace(timed, headers={**timed.headers, _SIGNATURE: jws.detach_content(signed)})


def _new_keys() -> tuple[str, Credentials]:
    from joserfc.jwk import ECKey

    private = ECKey.generate_key("P-521", {"kid": str(uuid4())})
    public = json.dumps(private.as_dict(private=False))
    return json.dumps(private.as_dict(private=True)), Credentials(public_keys=(public,))


ADAPTER = BankAdapter(
    name="jws",
    proof=Proof(_verify, _sign, _new_keys, headers=_HEADERS),
    parse=direct.parse,
    render=direct.render,
    requires=("secrets", "public_keys"),
)
