"""Receipts as a table of expenses: a row a line, with what HMRC asks of the evidence for VAT.

UTF-8 with a byte order mark, which spreadsheets need to read letters beyond ASCII, and CRLF as RFC 4180 says. A refund
is negative. The rows of a receipt come to its total; `paid` is what this payment paid of it, and stands in the first.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from counterfoil.domain import expenses
from counterfoil.domain.currencies import decimal
from counterfoil.domain.history import Entry

COLUMNS = (
    "tax_point", "supplier", "supplier_vat_number", "shop", "shop_address", "kind", "receipt_id", "description",
    "quantity", "currency", "net", "vat_rate", "vat", "gross", "paid", "card_last4", "transaction_id", "match_id",
)  # fmt: skip

_STARTS_A_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001


def csv_of(entries: Iterable[Entry]) -> bytes:
    """The table, with its head."""
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerows(_rows(entry))
    return table.getvalue().encode("utf-8-sig")


def _rows(entry: Entry) -> Iterator[list[str]]:
    receipt, sign = entry.receipt, -1 if entry.receipt["kind"] == "refund" else 1
    currency, shop, supplier = receipt["currency"], receipt["store"], receipt["retailer"]
    issued = datetime.fromisoformat(receipt["issued_at"]).astimezone(ZoneInfo(shop["timezone"]))
    about = (supplier["name"], supplier["vat_number"], shop["name"], f"{shop['address']}, {shop['postcode']}")

    def money(amount: int) -> str:
        return decimal(sign * amount, currency)

    for place, line in enumerate(expenses.lines(receipt)):
        yield [
            issued.date().isoformat(),
            *map(text, about),
            receipt["kind"],
            text(receipt["receipt_id"]),
            text(line.description),
            line.quantity,
            currency,
            money(line.net),
            line.rate or "",
            money(line.vat),
            money(line.gross),
            "" if place else money(entry.paid),
            entry.card.get("last4", ""),
            text(entry.transaction_id),
            entry.match_id,
        ]


def text(words: str) -> str:
    """Words as no spreadsheet takes them for a formula."""
    return f"'{words}" if words.lstrip().startswith(_STARTS_A_FORMULA) else words
