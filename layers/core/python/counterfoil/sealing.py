"""Keys and what is sealed under them.

One managed secret and one random salt a customer give every key (HKDF-SHA256, one label each):

    managed secret ─┬─ "ids"      HMAC of partners' customer and receipt ids: opaque, equal for equal ids
                    ├─ "codes"    HMAC of what both sides may know (auth code, RRN, last4 …), by merchant scope
                    ├─ "waiting"  wraps a receipt's own key while nobody owns the receipt
                    ├─ "signing"  the Ed25519 key that signs consent receipts (`signing`)
                    ├─ "page/…"   what a customer's browser keeps for us, for a while (Fernet), by purpose
                    └─ + salt ──┬─ "seal"      a customer's personal fields
                                ├─ "ids"       a customer's transaction ids
                                ├─ "proof"     fingerprints of what the audit trail must prove and not hold
                                └─ "letterbox" an X25519 key a transaction: whoever knows the public half
                                               can leave a receipt's key for that customer (HPKE, RFC 9180)

Without the salt nothing of a customer can be read again, in any copy: the public halves that travel in
queues and pointers open nothing. A receipt's body is sealed under a random key of its own.

Sealing is AES-256-GCM with a random 96-bit nonce before the ciphertext; `bound_to` is authenticated with
it, so that a sealed part cannot be moved to another record.
"""

import hmac
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from counterfoil.errors import Poison

NONCE_BYTES = 12
KEY_BYTES = 32
SALT_BYTES = 32
_LETTERBOX = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def new_key() -> bytes:
    """A random 256-bit key."""
    return os.urandom(KEY_BYTES)


def new_salt() -> bytes:
    """A customer's random salt: erasing it erases the customer."""
    return os.urandom(SALT_BYTES)


def seal(key: bytes, plain: bytes, bound_to: str) -> bytes:
    """Nonce and AES-256-GCM ciphertext of `plain`."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to.encode())


def unseal(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    """The plain bytes; Poison where key, binding or ciphertext do not belong together."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to.encode())
    except (InvalidTag, ValueError) as error:
        raise Poison("a sealed part does not open") from error


def leave_in_letterbox(address: bytes, key: bytes, bound_to: str) -> bytes:
    """A receipt's key, readable only by the customer whose transaction has this `address`."""
    return _LETTERBOX.encrypt(key, X25519PublicKey.from_public_bytes(address), info=bound_to.encode())


def _derive(secret: bytes, label: str, salt: bytes | None = None) -> bytes:
    info = b"counterfoil/1/" + label.encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(secret)


def _tag(key: bytes, parts: tuple[str, ...], size: int) -> str:
    """A keyed, opaque name for `parts`: `size` bytes of HMAC-SHA256 in URL-safe base64."""
    message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return urlsafe_b64encode(hmac.digest(key, message, sha256)[:size]).decode().rstrip("=")


class Sealer:
    """Everything derived from the managed secret alone."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._ids = _derive(secret, "ids")
        self._codes = _derive(secret, "codes")
        self._waiting = _derive(secret, "waiting")

    def subject(self, bank: str, customer_id: str) -> str:
        """The opaque name of a bank's customer (128 bits)."""
        return _tag(self._ids, ("customer", bank, customer_id), 16)

    def receipt_key(self, retailer: str, receipt_id: str) -> str:
        """The opaque name of a retailer's receipt (128 bits)."""
        return _tag(self._ids, ("receipt", retailer, receipt_id), 16)

    def request(self, subject: str, request_id: str) -> str:
        """The opaque name of a request that a bank passed on under an id of its own (96 bits)."""
        return _tag(self._ids, ("request", subject, request_id), 12)

    def digest(self, content: bytes) -> str:
        """A keyed digest that tells one version of a receipt from another (96 bits)."""
        return urlsafe_b64encode(hmac.digest(self._ids, b"version:" + content, sha256)[:12]).decode()

    def likeness(self, retailer: str, content: bytes) -> str:
        """The opaque name that all prints of one sale share (96 bits)."""
        return urlsafe_b64encode(
            hmac.digest(self._ids, b"print:%s:%s" % (retailer.encode(), content), sha256)[:12]
        ).decode()

    def match_id(self, transaction_key: str, tender_key: str) -> str:
        """The stable id of a match, from both ids: the transaction's opaque name, and a tag of the pair (54 bits)."""
        return f"match_{transaction_key}_{_tag(self._ids, ('match', transaction_key, tender_key), 8)[:9]}"

    def card(self, bank: str, card_id: str) -> str:
        """The opaque name of a bank's card (128 bits): it leads to the customer in whose name it is."""
        return _tag(self._ids, ("card", bank, card_id), 16)

    def consent_receipt_id(self, subject: str, purpose: str, version: int) -> str:
        """The stable id, a UUID, of the receipt of one choice."""
        message = f"consent receipt:{subject}:{purpose}:{version}".encode()
        return str(UUID(bytes=hmac.digest(self._ids, message, sha256)[:16], version=4))

    def disconnection_id(self, subject: str) -> str:
        """The stable id under which a customer's bank asks how their disconnection stands (96 bits)."""
        return "dis_" + _tag(self._ids, ("disconnection", subject), 12)

    @property
    def signing_seed(self) -> bytes:
        """What the key that signs consent receipts is made of (32 bytes)."""
        return _derive(self._secret, "signing")

    def code(self, name: str, scope: str, value: str) -> str:
        """What both sides may know, comparable within one merchant scope only (54 bits)."""
        return _tag(self._codes, (name, scope, value), 8)[:9]

    def wrap_waiting(self, key: bytes, bound_to: str) -> bytes:
        """A receipt's key for its queue message and pointers, while nobody owns the receipt."""
        return seal(self._waiting, key, bound_to)

    def unwrap_waiting(self, wrapped: bytes, bound_to: str) -> bytes:
        return unseal(self._waiting, wrapped, bound_to)

    def for_browser(self, purpose: str, content: bytes, now: datetime) -> str:
        """What a customer's browser shall bring again, readable by us alone."""
        return self._page_key(purpose).encrypt_at_time(content, int(now.timestamp())).decode()

    def from_browser(self, purpose: str, token: str, seconds: int, now: datetime) -> bytes | None:
        """What `for_browser` was given for this purpose at most `seconds` ago; None for all else."""
        try:
            return self._page_key(purpose).decrypt_at_time(token.encode(), seconds, int(now.timestamp()))
        except (InvalidToken, ValueError):
            return None

    def _page_key(self, purpose: str) -> Fernet:
        return Fernet(urlsafe_b64encode(_derive(self._secret, f"page/{purpose}")))

    def customer(self, salt: bytes) -> "CustomerKeys":
        """The keys of the customer who has this salt."""
        return CustomerKeys(
            seal_key=_derive(self._secret, "customer/seal", salt),
            ids_key=_derive(self._secret, "customer/ids", salt),
            letterbox_key=_derive(self._secret, "customer/letterbox", salt),
            proof_key=_derive(self._secret, "customer/proof", salt),
        )


@dataclass(frozen=True, slots=True, repr=False)
class CustomerKeys:
    """One customer's keys; never stored, derived again each time from secret and salt."""

    seal_key: bytes
    ids_key: bytes
    letterbox_key: bytes
    proof_key: bytes

    def fingerprint(self, content: bytes) -> str:
        """What proves, while the salt is there, that a record was this one (192 bits); nothing afterwards."""
        return urlsafe_b64encode(hmac.digest(self.proof_key, content, sha256)[:24]).decode()

    def transaction_key(self, bank: str, transaction_id: str) -> str:
        """The opaque name of a transaction (128 bits)."""
        return _tag(self.ids_key, ("transaction", bank, transaction_id), 16)

    def lineage(self, bank: str, card_id: str) -> str:
        """The opaque name of all the cards that carry on this one, and of itself (128 bits)."""
        return "lineage_" + _tag(self.ids_key, ("lineage", bank, card_id), 16)

    def address(self, transaction_key: str) -> bytes:
        """The public half (32 bytes) of the transaction's letterbox."""
        return self._letterbox(transaction_key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def open_letterbox(self, transaction_key: str, left: bytes, bound_to: str) -> bytes:
        """The receipt's key that a match left for this transaction; Poison where it does not open."""
        try:
            return _LETTERBOX.decrypt(left, self._letterbox(transaction_key), info=bound_to.encode())
        except (InvalidTag, ValueError) as error:
            raise Poison("a letterbox does not open") from error

    def _letterbox(self, transaction_key: str) -> X25519PrivateKey:
        seed = hmac.digest(self.letterbox_key, transaction_key.encode(), sha256)
        return X25519PrivateKey.from_private_bytes(seed)
