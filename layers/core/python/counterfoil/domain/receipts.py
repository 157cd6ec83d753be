"""The itemised receipt as a till sends it (contracts, section 3) and as a payer gets it.

Amounts are integers in minor units of the receipt's currency. A receipt says nothing of who paid.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from counterfoil.domain import card_numbers, receipt_sums
from counterfoil.domain.fields import (
    Currency,
    Id,
    Instant,
    Money,
    RegisteredId,
    Text,
    Wire,
    gs1_digit_holds,
    matching,
    refusing,
    validated,
)
from counterfoil.domain.merchants import Merchant, Store
from counterfoil.domain.packing import deflate, inflate
from counterfoil.domain.receipt_packing import VOCABULARY, VOCABULARY_VERSION
from counterfoil.errors import Invalid

# Strict models take a tuple for a tuple only; JSON has lists.
Listed = Field(max_length=100, strict=False)

Quantity = Annotated[
    str,
    matching(r"\d{1,9}(\.\d{1,6})?", "must be a decimal number as a string, such as 0.456"),
    refusing(lambda text: not text.strip("0."), "must be more than zero"),
]
VatRate = Annotated[
    str,
    matching(r"100|\d{1,2}(\.\d{1,4})?", "must be a percentage as a string, such as 20"),
]
Gtin = Annotated[
    str,
    matching(r"\d{8}|\d{12,14}", "must be a GTIN of 8, 12, 13 or 14 digits"),
    refusing(lambda digits: not gs1_digit_holds(digits), "has a wrong check digit"),
]
Version = Annotated[int, Field(ge=0, le=999_999_999_999)]

# What the GS1 symbologies carry: their length, and a check digit at the end.
_GS1_DIGITS = {"ean8": 8, "upca": 12, "ean13": 13, "itf14": 14}


class Adjustment(Wire):
    """A modifier, which adds its amount, or a discount, which takes it off."""

    description: Text
    amount: Money


class Line(Wire):
    """One thing bought. `amount` is for the whole quantity, before the modifiers and discounts of the line.

    A line without `vat_rate` bears no VAT: it is exempt, or outside its scope.
    """

    description: Text
    quantity: Quantity
    amount: Money
    unit: Text | None = None
    unit_price: Money | None = None
    vat_rate: VatRate | None = None
    sku: Id | None = None
    gtin: Gtin | None = None
    category: Text | None = None
    modifiers: Annotated[tuple[Adjustment, ...], Listed] = ()
    discounts: Annotated[tuple[Adjustment, ...], Listed] = ()


class VatEntry(Wire):
    """The VAT of one rate: `net` without it, `amount` of it."""

    rate: VatRate
    net: Money
    amount: Money


class Tender(Wire):
    """One way in which a part was paid. Codes carry their ISO 8583 meaning and are present on cards only."""

    type: Literal["card", "cash", "gift_card", "voucher", "points"]
    amount: Money
    last4: Annotated[str, matching(r"\d{4}", "must be four digits")] | None = None
    scheme: Id | None = None
    auth_code: Id | None = None
    rrn: Id | None = None
    merchant_id: RegisteredId | None = None
    terminal_id: Id | None = None
    entry_mode: Id | None = None


class Barcode(Wire):
    """GS1 symbologies need their check digit, no other is a card number."""

    symbology: Literal[
        "code128", "code39", "ean8", "ean13", "upca", "itf", "itf14", "gs1_128", "databar",
        "qr", "aztec", "pdf417", "datamatrix",
    ]  # fmt: skip
    value: Annotated[str, matching(r"[ -~]{1,256}", "must be 1 to 256 printable ASCII characters")]

    @field_validator("value")
    @classmethod
    def _fits_symbology(cls, value: str, info: ValidationInfo) -> str:
        digits = _GS1_DIGITS.get(info.data.get("symbology", ""))
        if digits is None:
            if card_numbers.is_card_number(value):
                raise ValueError("is a card number")
        elif len(value) != digits or not value.isdecimal() or not gs1_digit_holds(value):
            raise ValueError(f"must be {digits} digits, the last the check digit")
        return value


class Receipt(Wire):
    """A receipt whose sums hold. `issued_at` is the till's own clock, with the offset it gave."""

    receipt_id: Id
    store_id: Id
    till_id: Id | None = None
    kind: Literal["sale", "refund"]
    issued_at: Instant
    currency: Currency
    total: Money
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=1000, strict=False)]
    discounts: Annotated[tuple[Adjustment, ...], Listed] = ()
    service_charge: Money = 0
    tip: Money = 0
    rounding: Annotated[int, Field(ge=-9999, le=9999)] = 0
    vat: Annotated[tuple[VatEntry, ...], Listed] = ()
    tenders: Annotated[tuple[Tender, ...], Listed]
    barcode: Barcode | None = None
    original_receipt_id: Id | None = None
    version: Version | None = None


def parse(value: object) -> Receipt:
    """The receipt in decoded JSON. Raises Invalid with every problem: of the fields, else of the sums."""
    receipt = validated(Receipt, value)
    if problems := receipt_sums.problems(receipt):
        raise Invalid(problems)
    return receipt


def card_tenders(receipt: Receipt) -> list[tuple[int, Tender]]:
    """The tenders that a card transaction can match, each with its place in `tenders`."""
    return [
        (index, tender) for index, tender in enumerate(receipt.tenders) if tender.type == "card" and tender.amount > 0
    ]


def canonical_json(receipt: Receipt) -> bytes:
    """The one spelling of a receipt: equal receipts give equal bytes, and `parse` reads them back."""
    # In the order of the model's fields. Under another order a repeat would pass for a correction.
    return receipt.model_dump_json(exclude_defaults=True).encode("utf-8")


def likeness(receipt: Receipt) -> bytes:
    """What all prints of one sale share, equal bytes for equal sales.

    A reprint has a receipt id of its own, perhaps a barcode, and the time of printing: where a card's authorisation or
    retrieval reference tells the sale, only the day counts, else the second. A receipt that names no till is like
    itself alone.
    """
    own = {"barcode", "version", "issued_at"} | ({"receipt_id"} if receipt.till_id else set())
    told = any(tender.auth_code or tender.rrn for tender in receipt.tenders)
    at = receipt.issued_at.date() if told and receipt.till_id else receipt.issued_at
    shared = receipt.model_dump_json(exclude=own, exclude_none=True, exclude_defaults=True)
    return f"{at.isoformat()} {shared}".encode()


def pack(receipt: Receipt) -> bytes:
    """The receipt as few bytes: the version of the vocabulary, then `canonical_json` packed with it."""
    return bytes([VOCABULARY_VERSION]) + deflate(canonical_json(receipt), VOCABULARY)


def unpack(packed: bytes) -> Receipt:
    """The receipt that `pack` was given. Raises ValueError for bytes that `pack` did not make."""
    if packed[:1] != bytes([VOCABULARY_VERSION]):
        raise ValueError("packed with a vocabulary that is not known here")
    return Receipt.model_validate_json(inflate(packed[1:], VOCABULARY))


def for_payer(receipt: Receipt, tender_index: int, merchant: Merchant, store: Store) -> dict[str, Any]:
    """The receipt as the payer of one tender gets it, ready for JSON: a VAT receipt as UK rules ask.

    The supplier's details come from the registration. VAT is told a rate, worked out from the lines where the
    till did not. Of the other tenders only type and amount are told: they may be somebody else's.
    """
    body = receipt.model_dump(mode="json", exclude_none=True)
    body["vat"] = [entry.model_dump() for entry in receipt.vat] or receipt_sums.vat_summary(receipt)
    body["tenders"] = [
        tender if index == tender_index else {"type": tender["type"], "amount": tender["amount"]}
        for index, tender in enumerate(body["tenders"])
    ]
    body["retailer"] = merchant.model_dump(include={"retailer", "name", "vat_number"}, exclude_none=True)
    body["store"] = store.model_dump(include=_STORE_DETAILS, exclude_none=True)
    return body


_STORE_DETAILS = {"store_id", "name", "address", "postcode", "phone", "email", "website", "timezone"}
