"""What both sides of a card payment may tell of it, spelt alike, and hashed before it is kept.

Banks and tills print the same code with other cases, blanks or leading zeros; the hash must not notice.
"""

import re
from collections.abc import Callable

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
    merchant, card = data.merchant, data.card
    return Codes(
        auth=_kept("auth", data.auth_code, scope, hashed),
        rrn=_kept("rrn", data.rrn, scope, hashed),
        terminal=_kept("terminal", merchant.terminal_id, scope, hashed),
        merchant=_kept("merchant", merchant.merchant_id, scope, hashed),
        last4=_kept("last4", card.last4, scope, hashed),
        scheme=_scheme(card.scheme),
        entry="wallet" if card.token else None,
    )


def of_tender(tender: Tender, scope: str, hashed: Hash, terminal_id: str | None = None) -> Codes:
    """What the till prints. `terminal_id`: its only terminal by registration, for a till that prints none."""
    by_chip = tender.entry_mode and tender.entry_mode.strip().lower() in _BY_CHIP
    return Codes(
        auth=_kept("auth", tender.auth_code, scope, hashed),
        rrn=_kept("rrn", tender.rrn, scope, hashed),
        terminal=_kept("terminal", tender.terminal_id or terminal_id, scope, hashed),
        merchant=_kept("merchant", tender.merchant_id, scope, hashed),
        last4=_kept("last4", tender.last4, scope, hashed),
        scheme=_scheme(tender.scheme),
        entry="chip" if by_chip else None,
    )


def _kept(name: str, value: str | None, scope: str, hashed: Hash) -> str | None:
    spelt = _spelt(name, value) if value else ""
    return hashed(name, scope, spelt) if spelt else None


def _spelt(name: str, value: str) -> str:
    """The one spelling of a code; empty where nothing of it is left."""
    plain = "".join(value.split()).upper()
    if name == "auth" and _NO_AUTH_CODE.fullmatch(plain):
        return ""
    if name in _PADDED and plain:
        return plain.lstrip("0").zfill(_PADDED[name])
    return plain


def _scheme(name: str | None) -> str | None:
    """The first letter, by which the schemes differ; a till's `MC` is Mastercard, `DEBIT` and the like tell nothing."""
    plain = "".join(name.split()).lower() if name else ""
    if plain == "mc" or plain.startswith(("mastercard", "maestro")):
        return "m"
    if plain.startswith("visa"):
        return "v"
    return "a" if plain.startswith("am") else None
