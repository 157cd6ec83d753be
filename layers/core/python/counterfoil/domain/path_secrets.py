"""The proof of a bank that signs nothing: an unguessable last part of the address that it was given.

Only the hash is kept. 256 random bits need no salt and no slow hash: there is nothing to guess.
"""

import hmac
import re
import secrets as randomness
from collections.abc import Sequence
from hashlib import sha256

from counterfoil.errors import Unauthenticated

_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def new_secret() -> str:
    """A fresh secret of 256 random bits, as it stands in an address."""
    return randomness.token_urlsafe(32)


def hashed(secret: str) -> str:
    """What is kept of a secret: its SHA-256, in hex."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def verify(secret: str, kept: Sequence[str]) -> None:
    """Raises Unauthenticated unless one of the hashes `kept` is this secret's. Each is compared in constant time."""
    given, genuine = hashed(secret), False
    for one in kept:
        genuine |= hmac.compare_digest(given.encode(), one.encode("utf-8", "surrogatepass"))
    if not genuine or not _SHAPE.fullmatch(secret):
        raise Unauthenticated("the address holds no secret of ours")
