"""Who takes part: retailers with their stores and tills, and banks (contracts, section 6).

Also what follows from a registration alone: which stores share a merchant id, and who may claim it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from counterfoil.domain.fields import Id, RegisteredId, Text, Wire, matching, refusing
from counterfoil.domain.rates import Limits

CARD = "card"
"""The namespace of merchant ids as cards carry them (ISO 8583 field 42); a bank's own ids are under its
name."""

_VAT_WEIGHTS = range(8, 1, -1)
_COUNTRIES = {
    "uk",
    "u.k.",
    "united kingdom",
    "great britain",
    "england",
    "scotland",
    "wales",
    "northern ireland",
}


def _vat_number_fails(number: str) -> bool:
    digits = [int(digit) for digit in number[2:11]]
    weighted = sum(weight * digit for weight, digit in zip(_VAT_WEIGHTS, digits, strict=False))
    check = 10 * digits[7] + digits[8]
    # Numbers issued since 2010 add 55 before the remainder.
    return (weighted + check) % 97 != 0 and (weighted + 55 + check) % 97 != 0


Status = Literal["live", "coming_soon"]
VatNumber = Annotated[
    str,
    matching(r"(GB|XI)(\d{9}|\d{12})", "must be GB or XI and 9 digits"),
    refusing(_vat_number_fails, "has a wrong check number"),
]
Postcode = Annotated[
    str,
    matching(r"GIR 0AA|[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}", "must be a UK postcode, such as W1D 4AA"),
]
TimeZone = Annotated[str, matching(r"[A-Za-z][A-Za-z0-9_+/-]{1,63}", "must be an IANA time zone")]
Phone = Annotated[str, matching(r"[+(]?\d[\d ()+-]{4,30}", "must be a phone number")]
Email = Annotated[str, matching(r"[^@\s]{1,64}@[^@\s]{1,253}", "must be an e-mail address")]
Website = Annotated[str, matching(r"https?://[^\s/]+(/\S*)?", "must be the address of a web page")]
PublicKey = Annotated[str, matching(r"[ -~\n]{1,4000}", "must be a public key as text")]
SecretName = Annotated[str, matching(r"[A-Za-z0-9/_+=.@-]{1,512}", "must be the name of a secret")]

Listed = Field(max_length=10_000, strict=False)


class Till(Wire):
    """A till and the card terminals beside it."""

    till_id: Id
    terminal_ids: Annotated[tuple[Id, ...], Listed] = ()


class Store(Wire):
    """One shop. `by_code`: so busy that its payments meet by auth code in place of the amount."""

    store_id: Id
    name: Text
    address: Text
    postcode: Postcode
    town: Text | None = None
    timezone: TimeZone = "Europe/London"
    phone: Phone | None = None
    email: Email | None = None
    website: Website | None = None
    merchant_ids: Annotated[tuple[RegisteredId, ...], Listed] = ()
    bank_merchant_ids: Annotated[dict[Id, Annotated[tuple[RegisteredId, ...], Listed]], Field(default_factory=dict)]
    tills: Annotated[tuple[Till, ...], Listed] = ()
    by_code: bool = False

    def terminal_of(self, till_id: str | None) -> str | None:
        """The terminal beside a till, where it has just one."""
        found = [till.terminal_ids for till in self.tills if till.till_id == till_id]
        return found[0][0] if len(found) == 1 and len(found[0]) == 1 else None

    def claimed_ids(self) -> Iterator[tuple[str, str]]:
        """Each id under which the store takes cards, as (namespace, id)."""
        for merchant_id in self.merchant_ids:
            yield CARD, merchant_id
        for bank, merchant_ids in self.bank_merchant_ids.items():
            for merchant_id in merchant_ids:
                yield bank, merchant_id


class Merchant(Wire):
    """A retailer. `secrets` name the webhook secrets that its tills may sign with, all active at once."""

    retailer: Id
    name: Text
    status: Status
    vat_number: VatNumber
    stores: Annotated[tuple[Store, ...], Listed]
    secrets: Annotated[tuple[SecretName, ...], Listed] = ()
    limits: Limits = Limits()


class OAuthClient(Wire):
    """As what a bank knows us, whose customers link their accounts themselves (OAuth 2.0).

    `authorise_url`: where customers allow it. `client_secret` names the secret. `our_url`: the address below which our
    pages and webhooks are, as the client is registered with the bank.
    """

    authorise_url: str
    client_id: Annotated[str, matching(r"[!-~]{1,200}", "must be an OAuth client's id")]
    client_secret: SecretName
    our_url: str


class SignIn(OAuthClient):
    """Where a bank's customers show on our page who they are (OAuth 2.0, with PKCE).

    `userinfo_url` says of whom an access token is: `customer_claim` names the field that holds the bank's own id of its
    customer, as its transactions tell it.
    """

    token_url: str
    userinfo_url: str
    customer_claim: Id = "sub"


class Bank(Wire):
    """A bank. `adapter` names its wire.

    `secrets` name the webhook secrets of both directions, all accepted and all signing; `public_keys` are those with
    which the bank signs, in the form its wire says, all accepted. `callback_url`: where deliveries go.
    """

    bank: Id
    adapter: Id
    name: Text
    callback_url: str
    secrets: Annotated[tuple[SecretName, ...], Field(max_length=10, strict=False)] = ()
    public_keys: Annotated[tuple[PublicKey, ...], Field(max_length=10, strict=False)] = ()
    oauth: OAuthClient | None = None
    sign_in: SignIn | None = None
    status: Status
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose an id is: the retailer and merchant scope; `frozen` where another retailer claims it too."""

    retailer: str
    scope: str
    frozen: bool


def scopes(merchant: Merchant) -> dict[str, str]:
    """The merchant scope of each store: `retailer/store`, the store being the first by id of those it is
    one with.

    Stores are one where they share a merchant id, directly or through others: a payment under that id could
    be any's.
    """
    leader = {store.store_id: store.store_id for store in merchant.stores}

    def found(store_id: str) -> str:
        while leader[store_id] != store_id:
            store_id = leader[store_id]
        return store_id

    holder: dict[tuple[str, str], str] = {}
    for store in merchant.stores:
        for claimed in store.claimed_ids():
            one, other = found(holder.setdefault(claimed, store.store_id)), found(store.store_id)
            leader[max(one, other)] = min(one, other)
    return {store_id: f"{merchant.retailer}/{found(store_id)}" for store_id in leader}


def claims(merchants: Iterable[Merchant]) -> dict[tuple[str, str], Claim]:
    """Who claims each (namespace, id); the namespace is `card`, or a bank's name for the ids of that bank
    alone.

    An id that two retailers claim is frozen until ops decide; it is told under the first of them by name.
    """
    found: dict[tuple[str, str], Claim] = {}
    for merchant in sorted(merchants, key=lambda merchant: merchant.retailer):
        scope_of = scopes(merchant)
        for store in merchant.stores:
            for claimed in store.claimed_ids():
                claim = found.setdefault(claimed, Claim(merchant.retailer, scope_of[store.store_id], frozen=False))
                if claim.retailer != merchant.retailer:
                    found[claimed] = Claim(claim.retailer, claim.scope, frozen=True)
    return found


def town_of(store: Store) -> str | None:
    """The town to tell the public: as registered, else the last part of the address that names a place."""
    if store.town is not None:
        return store.town
    parts = [part.strip() for part in store.address.split(",")[1:]]
    places = [part for part in parts if part and not re.search(r"\d", part) and part.lower() not in _COUNTRIES]
    return places[-1] if places else None
