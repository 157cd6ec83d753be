"""What is answered about consents, their receipts, and privacy notices."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from counterfoil.domain.erasures import Phase
from counterfoil.domain.purposes import Purpose
from counterfoil.openapi.answers import Answer


class ConsentState(Answer):
    """One purpose. Off at version 0 until it was granted for the first time; then `effective_at` says from when.

    `ask_again`: a later notice changed what was granted; from `lapses_at` on the grant allows nothing."""

    granted: bool
    version: int
    ask_again: bool
    purpose: Purpose | None = None
    effective_at: datetime | None = None
    lapses_at: datetime | None = None


class ConsentChange(Answer):
    """An entry of the history, which is kept."""

    purpose: Purpose
    granted: bool
    version: int
    changed_at: datetime
    notice_version: str | None
    origin: str
    language: str


class Kantara(Answer):
    """Its names are another's."""

    model_config = ConfigDict(alias_generator=to_camel)


class PostalAddress(Kantara):
    street_address: str
    address_locality: str
    postal_code: str
    address_country: str


class PiiController(Kantara):
    pii_controller: str
    on_behalf: bool
    contact: str
    address: PostalAddress
    email: str
    phone: str
    pii_controller_url: str


class ReceiptPurpose(Kantara):
    """`consentType` is `WITHDRAWN` in the receipt of a withdrawal."""

    purpose: str
    purpose_category: list[Purpose]
    consent_type: Literal["EXPLICIT", "WITHDRAWN"]
    pii_category: list[str]
    primary_purpose: bool
    termination: str
    third_party_disclosure: bool
    third_party_name: str | None = None


class ReceiptService(Kantara):
    service: str
    purposes: list[ReceiptPurpose]


class ConsentReceipt(Kantara):
    """The field names of the Kantara Initiative's Consent Receipt v1.1. `consentTimestamp`: seconds since 1970."""

    version: Literal["KI-CR-v1.1.0"]
    jurisdiction: str
    consent_timestamp: int
    collection_method: str
    consent_receipt_id: Annotated[str, Field(alias="consentReceiptID")]
    public_key: str
    language: str
    pii_principal_id: str
    pii_controllers: list[PiiController]
    policy_url: str
    services: list[ReceiptService]
    sensitive: bool
    spi_cat: list[str]


class ConsentChosen(Answer):
    """After `effective_at` nothing of a withdrawn purpose is under way any more: at most 20 seconds ahead.

    `consent_receipt_jws` is `consent_receipt` signed, a compact JWS by Ed25519, for the keys of `GET /v1/keys`."""

    consent: ConsentState
    history_entry: ConsentChange
    consent_receipt: ConsentReceipt
    consent_receipt_jws: str
    effective_at: datetime


class Consents(Answer):
    """The current state of every purpose, and how it came about. `current_notice`: what to show before a grant.
    `restricted`: the data is stored and nothing else is done with it, whatever is granted."""

    consents: dict[Purpose, ConsentState]
    restricted: bool
    current_notice: str
    history: list[ConsentChange]


class PublicKey(Answer):
    """A JWK (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    use: Literal["sig"]
    alg: Literal["Ed25519"]


class PublicKeys(Answer):
    """A JWK set (RFC 7517)."""

    keys: list[PublicKey]


class NoticeVersion(Answer):
    """`news`: what changed since the version before. `new_meaning`: the purposes whose meaning changed, and from when
    the new one applies: until then the customer is asked again, and then an earlier grant allows nothing."""

    version: str
    published_at: datetime
    languages: list[str]
    news: list[str]
    new_meaning: dict[Purpose, datetime]


class NoticeVersions(Answer):
    """Every notice that was published, the latest last; `current` is the one to show."""

    current: str
    notices: list[NoticeVersion]


class PurposeInWords(Answer):
    """`means`: what it is. `done`: what is done today. `data`: which data is used."""

    title: str
    means: str
    done: str
    data: list[str]


class RetentionLine(Answer):
    what: str
    kept: str
    basis: str


class PrivacyNotice(NoticeVersion):
    """`texts`: the whole notice as Markdown, by language. `retention`: the periods that apply today."""

    texts: dict[str, str]
    purposes: dict[Purpose, PurposeInWords]
    retention: list[RetentionLine]
    contact: str
    complaints: str
    authority: str


class Disconnecting(Answer):
    """Nothing of the customer's is under way any more after `effective_at`. `happens`: what happens, and when. Ask by
    `id` how it stands."""

    id: str
    state: Literal["disconnecting"]
    effective_at: datetime
    happens: dict[str, str]


class RecalledReceipts(Answer):
    recalled: int
    confirmed: int
    not_confirmed: int


class DisconnectionState(Answer):
    """`phase`: how far the erasure came; null where it has not begun, or nothing was there. `receipts`: how many you
    were told to take back, and what you answered."""

    id: str
    state: Literal["disconnecting", "disconnected"]
    phase: Phase | None
    receipts: RecalledReceipts
