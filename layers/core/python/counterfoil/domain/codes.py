"""What both sides of a card payment may tell of it, spelt alike, and hashed before it is kept.

Banks and tills print the same code with other cases, blanks or leading zeros; the hash must not notice.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from counterfoil.domain.receipts import Tender
from counterfoil.domain.sides import Codes
from counterfoil.domain.transactions import CardTransaction

type Hash = Callable[[str, str, str], str]
"""(name of the code, merchant scope, value) to an opaque string, equal for equal values of one scope."""

# ISO 8583's fixed lengths: field 37 (retrieval reference) 12, field 38 (authorisation code) 6. Others are spelt freely.
_PADDED = {"rrn": 12, "auth": 6}


# Offline approvals and machines without a code say so in its place: it tells nothing of the sale.
_NO_AUTH_CODE = re.compile(r"[YZ][13]|(\d)\1*|OFF.*|NONE|N/?A|UNKNOWN|APPROVED")
_BY_CHIP = {"chip", "icc", "contact", "chip_and_pin", "chip and pin", "inserted", "swipe", "swiped", "magstripe"}


def of_transaction(data: CardTransaction, scope: str, hashed: Hash) -> Codes:
    """What the bank tells. A token says that a device paid, whose own digits the till may print."""
    codes = _codes(
        {
            "auth": data.auth_code,
            "rrn": data.rrn,
            "terminal": data.merchant.terminal_id,
            "merchant": data.merchant.merchant_id,
            "last4": data.card.last4,
        },
        scope,
        hashed,
    )
    return replace(codes, scheme=_scheme(data.card.scheme), entry="wallet" if data.card.token else None)


def of_tender(tender: Tender, scope: str, hashed: Hash) -> Codes:
    """What the till prints."""
    codes = _codes(
        {
            "auth": tender.auth_code,
            "rrn": tender.rrn,
            "terminal": tender.terminal_id,
            "merchant": tender.merchant_id,
            "last4": tender.last4,
        },
        scope,
        hashed,
    )
    entry = "chip" if tender.entry_mode and tender.entry_mode.strip().lower() in _BY_CHIP else None
    return replace(codes, scheme=_scheme(tender.scheme), entry=entry)


def _codes(values: dict[str, str | None], scope: str, hashed: Hash) -> Codes:
    spelt = {name: _spelt(name, value) for name, value in values.items() if value}
    return Codes(**{name: hashed(name, scope, value) for name, value in spelt.items() if value})


def _spelt(name: str, value: str) -> str:
    """The one spelling of a code; empty where nothing of it is left."""
    plain = "".join(value.split()).upper()
    if name == "auth" and _NO_AUTH_CODE.fullmatch(plain):
        return ""
    if name in _PADDED and plain:
        return plain.zfill(_PADDED[name])
    return plain


def _scheme(name: str | None) -> str | None:
    """The first letter, by which the schemes differ; a till's `MC` is Mastercard, `DEBIT` and the like tell nothing."""
    plain = "".join(name.split()).lower() if name else ""
    if plain == "mc" or plain.startswith(("mastercard", "maestro")):
        return "m"
    if plain.startswith("visa"):
        return "v"
    return "a" if plain.startswith("am") else None
