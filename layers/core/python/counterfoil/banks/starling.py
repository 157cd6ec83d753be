"""Starling: its feed items signed with RSA; receipts go to the operator's callback.

Sources: Starling's webhook-verification sample (v2) and the public type definitions of its feed items. Starling signs
the raw body with SHA512withRSA (PKCS #1 v1.5); the header is base64, and so is the public key (X.509 SPKI). The
signature says nothing of when it was sent: an event repeated hours later is signed as at first, so a replay cannot be
told from a late repeat and is not refused. It has no second effect, since the facts of one feed item merge, and none at
all after ninety days.
"""

import base64
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from counterfoil.banks import direct
from counterfoil.banks.adapter import Arrival, BankAdapter, Credentials, Proof
from counterfoil.domain.fields import Currency, Id, Instant, Money, RegisteredId, Wire, matching, validated
from counterfoil.domain.times import rfc3339
from counterfoil.domain.transactions import TransactionEvent
from counterfoil.errors import Unauthenticated

_HEADER = "x-hook-signature"
_KEY_BITS = 2048

# By direction and status. What moves no money (DECLINED, ACCOUNT_CHECK, UPCOMING, RETRYING) is no payment. A payment
# that is REFUNDED stays a payment, and its receipt true: the money back is a feed item of its own, coming IN.
_FACTS: dict[tuple[str, str], str] = {
    ("OUT", "PENDING"): "authorised",
    ("OUT", "SETTLED"): "cleared",
    ("OUT", "REVERSED"): "reversed",
    ("IN", "PENDING"): "authorised",
    ("IN", "SETTLED"): "refunded",
    ("IN", "REFUNDED"): "refunded",
    ("IN", "REVERSED"): "reversed",
}


class _StarlingWire(Wire):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class _Amount(_StarlingWire):
    currency: Currency
    minor_units: Money


class _MasterCardFeedDetails(_StarlingWire):
    authorisation_code: Annotated[str, Field(max_length=64)] | None = None
    card_last4: Annotated[str, matching(r"\d{4}", "must be four digits")] | None = None
    mcc: Annotated[int, Field(ge=0, le=9999)] | None = None


class _Kind(_StarlingWire):
    """What tells whether a feed item is a card payment at all: only then must the rest be there."""

    direction: Literal["IN", "OUT"]
    source: str
    status: str


class _FeedItem(_Kind):
    """`amount` in the account's currency."""

    feed_item_uid: Id
    account_uid: Id | None = None
    amount: _Amount
    transaction_time: Instant
    settlement_time: Instant | None = None
    counter_party_sub_entity_uid: RegisteredId
    counter_party_name: Annotated[str, Field(max_length=200)] | None = None
    master_card_feed_details: _MasterCardFeedDetails | None = None


class _Envelope(_StarlingWire):
    webhook_type: str = "FEED_ITEM"  # each type may have an address of its own, and is then not always named


class _AnyFeedItem(_Envelope):
    """Any other feed item of Starling's: taken, and nothing of it is kept."""

    content: _Kind


class _CardFeedItem(_Envelope):
    """Starling's feed item of a card payment."""

    event_timestamp: Instant
    account_holder_uid: Id
    content: _FeedItem


def parse(value: object) -> TransactionEvent | None:
    """A feed item of source MASTER_CARD as the fact that its status tells; any other is None."""
    if validated(_Envelope, value).webhook_type != "FEED_ITEM":
        return None
    kind = validated(_AnyFeedItem, value).content
    fact = _FACTS.get((kind.direction, kind.status))
    if kind.source != "MASTER_CARD" or fact is None:
        return None
    return _event(validated(_CardFeedItem, value), fact)


def _event(told: _CardFeedItem, fact: str) -> TransactionEvent:
    item = told.content
    card = item.master_card_feed_details or _MasterCardFeedDetails()
    # A clearing is told from another by its own time; a feed item is told anew whenever its owner touches it.
    at = (item.settlement_time if fact == "cleared" else None) or told.event_timestamp
    data = {
        "transaction_id": item.feed_item_uid,
        "customer_id": told.account_holder_uid,
        "account_id": item.account_uid,
        "card": {"last4": card.card_last4, "scheme": "mastercard"},
        "direction": "debit" if item.direction == "OUT" else "credit",
        "amount": item.amount.minor_units,
        "currency": item.amount.currency,
        "authorised_at": rfc3339(item.transaction_time),
        "status": fact,
        "merchant": {
            "merchant_id": item.counter_party_sub_entity_uid,
            "mcc": None if card.mcc is None else f"{card.mcc:04}",
            "name": item.counter_party_name,
        },
        "auth_code": card.authorisation_code or None,
    }
    return validated(TransactionEvent, {"type": f"transaction.{fact}", "timestamp": rfc3339(at), "data": data})


def _verify(arrival: Arrival, credentials: Credentials, now: datetime) -> None:  # noqa: ARG001 - no time is signed
    given = arrival.headers.get(_HEADER, "")
    try:
        signature = base64.b64decode(given, validate=True)
    except ValueError:
        raise Unauthenticated("x-hook-signature is not base64") from None
    if base64.b64encode(signature).decode("ascii") != given:  # bits to spare in its last character are zero
        raise Unauthenticated("x-hook-signature is not base64 as it is written")
    if not any(_fits(key, signature, arrival.body) for key in credentials.public_keys):
        raise Unauthenticated("x-hook-signature is missing, or fits no key")


def _fits(public_key: str, signature: bytes, body: bytes) -> bool:
    """A key that is none proves nothing. It may be broken into lines, as it is shown to developers."""
    try:
        key = serialization.load_der_public_key(base64.b64decode("".join(public_key.split()), validate=True))
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, body, padding.PKCS1v15(), hashes.SHA512())
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        return False
    return True


def _sign(arrival: Arrival, key: str, now: datetime) -> Arrival:  # noqa: ARG001 - no time is signed
    private = serialization.load_der_private_key(base64.b64decode(key), password=None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ValueError("Starling signs with RSA")
    signature = private.sign(arrival.body, padding.PKCS1v15(), hashes.SHA512())
    return replace(arrival, headers={**arrival.headers, _HEADER: base64.b64encode(signature).decode("ascii")})


def _new_keys() -> tuple[str, Credentials]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    signing_key = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(signing_key).decode("ascii"), Credentials(
        public_keys=(base64.b64encode(public).decode("ascii"),)
    )


ADAPTER = BankAdapter(
    name="starling",
    proof=Proof(
        _verify,
        _sign,
        _new_keys,
        timed=False,
        headers={_HEADER: "The base64 of SHA512withRSA over the raw body, by the bank's key."},
    ),
    parse=parse,
    render=direct.render,
    own_merchant_ids=True,
    requires=("secrets", "public_keys"),
    takes=(_CardFeedItem, _AnyFeedItem),
)
