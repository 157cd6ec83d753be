"""What we sign for others to show: a JWS (RFC 7515) by Ed25519 (RFC 9864), with the public key as a JWK.

The signature is the same each time, so that the same content is the same JWS.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import OKPKey

ALGORITHM = "Ed25519"


class Signer:
    """Signs with the key that a seed of 32 bytes gives."""

    def __init__(self, seed: bytes) -> None:
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _encoded(public), "d": _encoded(seed)})
        self._id = self._key.thumbprint()

    @property
    def public_key(self) -> dict[str, Any]:
        """As a JWK (RFC 8037); its id is its thumbprint (RFC 7638)."""
        described = self._key.as_dict(private=False)
        return {name: described[name] for name in ("kty", "crv", "x")} | {
            "kid": self._id,
            "use": "sig",
            "alg": ALGORITHM,
        }

    def sign(self, content: Mapping[str, Any]) -> str:
        """A compact JWS over the content as JSON."""
        payload = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        return jws.serialize_compact({"alg": ALGORITHM, "kid": self._id}, payload, self._key, algorithms=[ALGORITHM])


def _encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).decode().rstrip("=")
