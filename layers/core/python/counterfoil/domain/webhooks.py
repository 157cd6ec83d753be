"""Standard Webhooks: proof of who sent a message, and when (https://www.standardwebhooks.com).

The signature is HMAC-SHA256 over `id.timestamp.body`; the header lists one or several, so that a sender can
change its secret without losing a message.
"""

import base64
import hashlib
import hmac
import re
import secrets as randomness
from collections.abc import Mapping, Sequence
from datetime import datetime

from counterfoil.errors import Unauthenticated

TOLERANCE_SECONDS = 300

HEADERS = {
    "webhook-id": "The message's own id: the same at every try.",
    "webhook-timestamp": "When it was signed, in seconds since 1970; at most five minutes away.",
    "webhook-signature": "One or several of `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, with spaces "
    "between. The key is what follows `whsec_` in the secret, base64-decoded.",
}
"""What each header of a signed message holds."""

_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)
_ID = re.compile(r"[!-~]{1,256}")
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}")


def new_secret() -> str:
    """A fresh secret of 32 random bytes, as `whsec_` and base64."""
    return _PREFIX + base64.b64encode(randomness.token_bytes(32)).decode("ascii")


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`, `v1,<base64>`; `timestamp` in whole seconds since 1970.

    Raises ValueError where `secret` is not `whsec_` and base64 of 24 to 64 bytes.
    """
    signed = b"%s.%d.%s" % (message_id.encode("utf-8"), timestamp, body)
    digest = hmac.digest(_key(secret), signed, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode("ascii")


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> str:
    """The message id, once one of the signatures fits one of the `secrets` and the time is within 5 minutes
    of `now`.

    Header names match in any case. Raises Unauthenticated, and nothing else, whatever the headers hold; a
    secret that is not one proves nothing and is passed over.
    """
    lowered = {name.lower(): value for name, value in headers.items() if isinstance(name, str)}
    message_id = _header(lowered, "webhook-id", _ID)
    timestamp = int(_header(lowered, "webhook-timestamp", _TIMESTAMP))
    if abs(now.timestamp() - timestamp) > TOLERANCE_SECONDS:
        raise Unauthenticated("webhook-timestamp is more than 5 minutes away")
    given = _signatures(lowered.get("webhook-signature"))
    genuine = False
    for secret in secrets:
        try:
            expected = sign(secret, message_id, timestamp, body).encode("ascii")
        except ValueError:
            continue
        for signature in given:
            genuine |= hmac.compare_digest(expected, signature)
    if not genuine:
        raise Unauthenticated("no signature fits")
    return message_id


def _header(headers: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str:
    value = headers.get(name)
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise Unauthenticated(f"{name} is missing or malformed")
    return value


def _signatures(value: str | None) -> list[bytes]:
    if not isinstance(value, str) or not value.isascii():
        raise Unauthenticated("webhook-signature is missing or malformed")
    return [entry.encode("ascii") for entry in value.split(" ") if entry.startswith("v1,")]


def _key(secret: str) -> bytes:
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        key = b""
    if encoded == secret or len(key) not in _KEY_BYTES:
        raise ValueError("a webhook secret is whsec_ and the base64 of 24 to 64 bytes")
    return key
