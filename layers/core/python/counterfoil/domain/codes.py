"""What both sides of a card payment may tell of it, spelt alike, and hashed before it is kept.

Banks and tills print the same code with other cases, blanks or leading zeros; the hash must not notice.
"""

from collections.abc import Callable

from counterfoil.domain.matching import Codes
from counterfoil.domain.receipts import Tender
from counterfoil.domain.transactions import CardTransaction

type Hash = Callable[[str, str, str], str]
"""(name of the code, merchant scope, value) to an opaque string, equal for equal values of one scope."""

# ISO 8583's fixed lengths: field 37 (retrieval reference) 12, field 38 (authorisation code) 6. Others are spelt freely.
_PADDED = {"rrn": 12, "auth": 6}


def of_transaction(data: CardTransaction, scope: str, hashed: Hash) -> Codes:
    return _codes(
        {
            "auth": data.auth_code,
            "rrn": data.rrn,
            "terminal": data.merchant.terminal_id,
            "merchant": data.merchant.merchant_id,
            "last4": data.card.last4,
            "token": data.card.token,
        },
        scope,
        hashed,
    )


def of_tender(tender: Tender, scope: str, hashed: Hash) -> Codes:
    return _codes(
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


def _codes(values: dict[str, str | None], scope: str, hashed: Hash) -> Codes:
    spelt = {name: _spelt(name, value) for name, value in values.items() if value}
    return Codes(**{name: hashed(name, scope, value) for name, value in spelt.items() if value})


def _spelt(name: str, value: str) -> str:
    """The one spelling of a code; empty where nothing of it is left."""
    plain = "".join(value.split()).upper()
    if name in _PADDED and plain:
        return plain.zfill(_PADDED[name])
    return plain
