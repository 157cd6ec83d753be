"""What is asked for over the wire, and what a public request is read with."""

import hmac
import secrets as randomness
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field, model_validator

from counterfoil.domain.cards import Last4
from counterfoil.domain.fields import Id, Text, Wire, matching, refusing
from counterfoil.domain.rights import Kind

MOST_PUBLIC_BYTES = 4096
_LONGEST = 2000

Words = Annotated[str, Field(max_length=_LONGEST), refusing(lambda text: not text.strip(), "must not be empty")]
"""What a person says; line ends included. Sealed from the first write."""

Language = Annotated[str, matching(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", "must be a language tag, such as en-GB")]
Email = Annotated[
    str, Field(max_length=254), matching(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,190}", "must be an e-mail address")
]


class CardCorrection(Wire):
    """What is right of a card that we hold wrongly."""

    card_id: Id
    last4: Last4 | None = None
    scheme: Id | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "CardCorrection":
        if self.last4 is None and self.scheme is None:
            raise ValueError("must say what is right: last4, scheme or both")
        return self


class PrivacyWish(Wire):
    """A customer's request, passed on by the bank. `request_id`: the bank's own, so that a repeat is one request.

    `card`: of a rectification, what is put right at once; all else is read by a person.
    """

    kind: Kind
    details: Words | None = None
    card: CardCorrection | None = None
    language: Language = "en-GB"
    request_id: Id | None = None

    @model_validator(mode="after")
    def _only_a_rectification_puts_right(self) -> "PrivacyWish":
        if self.card is not None and self.kind != "rectification":
            raise ValueError("only a rectification puts a card right")
        return self


class PublicPrivacyWish(Wire):
    """Anybody's request. `bank`: where the receipts were seen, in the person's words; `email`: where to reach them."""

    kind: Kind
    email: Email
    bank: Text
    details: Words | None = None
    language: Language = "en-GB"


class PrivacyChange(Wire):
    """Either what was asked for, or that the request is wanted no more."""

    clarification: Words | None = None
    withdrawn: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "PrivacyChange":
        if (self.clarification is None) == (self.withdrawn is None):
            raise ValueError("must hold either clarification or withdrawn")
        return self


def new_request_id() -> str:
    """96 random bits: nobody's id of anything."""
    return f"prq_{randomness.token_urlsafe(12)}"


def new_token() -> str:
    """128 random bits."""
    return randomness.token_urlsafe(16)


def hashed(token: str) -> str:
    """What is kept of a token: its SHA-256, in hex."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def fits(token: str, kept: str | None) -> bool:
    """Whether this is the token whose hash is kept, compared in constant time."""
    return hmac.compare_digest(hashed(token).encode(), (kept or "").encode())
