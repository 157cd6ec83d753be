"""A receipt as a PDF that looks like one: as wide as a till's roll, and as long as it takes.

It is set in the fonts that every reader of PDF has; they know the letters of Windows-1252. Others lose their accents
or, where nothing is left, become a question mark, and the foot says so.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from counterfoil.documents import barcodes
from counterfoil.domain import expenses
from counterfoil.domain.currencies import decimal, with_symbol
from counterfoil.domain.history import Entry

WIDTH, LONGEST, MARGIN = 80.0, 1000.0, 6.0
INNER = WIDTH - 2 * MARGIN
_LETTERS: Final = "cp1252"
_WITHOUT_STROKE: Final = str.maketrans("łŁđĐħĦ", "lLdDhH")
SIMPLIFIED_UP_TO = 250_00
"""In pence: above, an invoice for VAT names the customer too, whom we do not know."""


def pdf_of(entry: Entry) -> bytes:
    """The document of one receipt; equal receipts give equal bytes."""
    measured = _Roll(LONGEST)
    _draw(measured, entry)
    roll = _Roll(min(LONGEST, measured.get_y() + 2 * MARGIN) if measured.page == 1 else LONGEST)
    _draw(roll, entry)
    return bytes(roll.output())


class _Roll(FPDF):
    """Paper of a till, `length` mm a page."""

    def __init__(self, length: float) -> None:
        super().__init__(unit="mm", format=(WIDTH, length))
        self.core_fonts_encoding = _LETTERS
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN)
        self.replaced = False
        self.add_page()

    def say(self, words: str, *, size: float = 8, bold: bool = False, align: Align = Align.L) -> None:
        """Words over the whole width, in as many lines as they take."""
        self.set_font("helvetica", "B" if bold else "", size)
        told = self._spelt(words)
        self.multi_cell(INNER, size * 0.45, told, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def pair(self, words: str, amount: str, *, size: float = 8, bold: bool = False, indent: float = 0) -> None:
        """Words on the left, and an amount at the right of their last line."""
        self.set_font("helvetica", "B" if bold else "", size)
        height, told = size * 0.45, self._spelt(amount)
        room = self.get_string_width(told) + 3
        self.set_x(MARGIN + indent)
        self.multi_cell(
            INNER - indent - room, height, self._spelt(words), align=Align.L, new_x=XPos.RIGHT, new_y=YPos.LAST
        )
        self.set_x(WIDTH - MARGIN - room)
        self.cell(room, height, told, align=Align.R, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def columns(self, cells: Sequence[str], *, bold: bool = False) -> None:
        """Cells of equal width, at the right of each."""
        self.set_font("helvetica", "B" if bold else "", 7)
        for cell in cells:
            self.cell(INNER / len(cells), 3.4, self._spelt(cell), align=Align.R)
        self.ln(3.4)

    def rule(self) -> None:
        self.ln(1.5)
        self.set_draw_color(150)
        self.line(MARGIN, self.get_y(), WIDTH - MARGIN, self.get_y())
        self.ln(1.5)

    def bars(self, modules: str) -> None:
        """A barcode across the paper, with the quiet room that readers need at both ends."""
        module, height = INNER / (len(modules) + 20), 14.0
        if self.get_y() + height > self.h - MARGIN:
            self.add_page()
        self.set_fill_color(0)
        for start, length in _runs(modules):
            self.rect(MARGIN + (start + 10) * module, self.get_y(), length * module, height, style="F")
        self.ln(height + 1)

    def _spelt(self, words: str) -> str:
        spelt = "".join(map(_letter, words))
        self.replaced |= spelt != words
        return spelt


def _letter(letter: str) -> str:
    """As Windows-1252 has it, else without its accent, else a question mark."""
    for told in (letter, unicodedata.normalize("NFKD", letter.translate(_WITHOUT_STROKE))):
        if plain := told.encode(_LETTERS, "ignore").decode(_LETTERS):
            return plain
    return "" if unicodedata.combining(letter) else "?"


def _runs(modules: str) -> list[tuple[int, int]]:
    """Where each bar starts, and how many modules it has."""
    found, place = [], 0
    for bar in modules.split("0"):
        if bar:
            found.append((place, len(bar)))
        place += len(bar) + 1
    return found


def _draw(roll: _Roll, entry: Entry) -> None:
    receipt = entry.receipt
    shop = receipt["store"]
    issued = datetime.fromisoformat(receipt["issued_at"]).astimezone(ZoneInfo(shop["timezone"]))
    roll.set_title(f"Receipt {receipt['receipt_id']}")
    roll.set_lang("en-GB")
    roll.set_creation_date(issued)
    _head(roll, receipt, issued)
    _items(roll, receipt)
    _sums(roll, receipt)
    _payments(roll, receipt, entry)
    _foot(roll, receipt)


def _head(roll: _Roll, receipt: Mapping[str, Any], issued: datetime) -> None:
    shop, supplier = receipt["store"], receipt["retailer"]
    roll.say(shop["name"], size=12, bold=True, align=Align.C)
    for words in (supplier["name"], shop["address"], shop["postcode"], shop.get("phone"), shop.get("website")):
        if words:
            roll.say(words, align=Align.C)
    roll.say(f"VAT no. {supplier['vat_number']}", align=Align.C)
    roll.rule()
    roll.say("REFUND" if receipt["kind"] == "refund" else _title(receipt), size=9, bold=True, align=Align.C)
    roll.ln(1)
    roll.pair(f"{issued:%d %B %Y}".lstrip("0"), f"{issued:%H:%M:%S}")
    roll.pair("Receipt", receipt["receipt_id"])
    if receipt.get("till_id"):
        roll.pair("Till", receipt["till_id"])
    if receipt.get("original_receipt_id"):
        roll.pair("Gives back receipt", receipt["original_receipt_id"])
    if _names_the_customer(receipt):
        roll.ln(1)
        roll.say("Customer's name and address (to be filled in by them):")
        roll.ln(10)
    roll.rule()


def _names_the_customer(receipt: Mapping[str, Any]) -> bool:
    return bool(receipt["currency"] == "GBP" and receipt["total"] > SIMPLIFIED_UP_TO)


def _title(receipt: Mapping[str, Any]) -> str:
    return "VAT INVOICE" if _names_the_customer(receipt) else "VAT RECEIPT"


def _items(roll: _Roll, receipt: Mapping[str, Any]) -> None:
    def money(amount: int) -> str:
        return decimal(amount, receipt["currency"])

    for line in receipt["lines"]:
        rate = f"  {line['vat_rate']}%" if line.get("vat_rate") is not None else ""
        roll.pair(line["description"], money(line["amount"]) + rate)
        if line["quantity"] != "1":
            each = f" at {money(line['unit_price'])}" if line.get("unit_price") is not None else ""
            unit = f" {line['unit']}" if line.get("unit") not in (None, "each") else ""
            roll.say(f"   {line['quantity']}{unit}{each}", size=7)
        for modifier in line["modifiers"]:
            roll.pair(modifier["description"], money(modifier["amount"]), size=7, indent=3)
        for discount in line["discounts"]:
            roll.pair(discount["description"], money(-discount["amount"]), size=7, indent=3)
    roll.rule()


def _sums(roll: _Roll, receipt: Mapping[str, Any]) -> None:
    currency = receipt["currency"]
    for discount in receipt["discounts"]:
        roll.pair(discount["description"], decimal(-discount["amount"], currency))
    for name, words in (("service_charge", "Service charge"), ("tip", "Tip"), ("rounding", "Rounding")):
        if receipt[name]:
            roll.pair(words, decimal(receipt[name], currency))
    roll.pair("TOTAL", with_symbol(receipt["total"], currency), size=12, bold=True)
    if receipt["vat"]:
        roll.ln(1.5)
        roll.columns(("VAT rate", "net", "VAT", "gross"), bold=True)
        for entry in receipt["vat"]:
            amounts = (entry["net"], entry["amount"], entry["net"] + entry["amount"])
            roll.columns((f"{entry['rate']}%", *(decimal(amount, currency) for amount in amounts)))
    if _names_the_customer(receipt):
        _net_of_each(roll, receipt)
    roll.rule()


def _net_of_each(roll: _Roll, receipt: Mapping[str, Any]) -> None:
    """A full invoice tells the net amount of each thing."""
    roll.ln(1.5)
    roll.say("Net of VAT", size=7, bold=True)
    for line in expenses.lines(receipt):
        rate = f" ({line.rate}%)" if line.rate else ""
        roll.pair(f"{line.description}{rate}", decimal(line.net, receipt["currency"]), size=7)


def _payments(roll: _Roll, receipt: Mapping[str, Any], entry: Entry) -> None:
    for tender in receipt["tenders"]:
        card = " ".join(filter(None, (tender.get("scheme"), tender.get("last4") and f"**** {tender['last4']}")))
        words = tender["type"].replace("_", " ").capitalize()
        roll.pair(f"{words} {card}".strip(), decimal(tender["amount"], receipt["currency"]))
        if tender.get("auth_code"):
            roll.say(f"   Authorisation code {tender['auth_code']}", size=7)
    if len(receipt["tenders"]) > 1:
        roll.pair("Of this, paid by your card", with_symbol(entry.paid, receipt["currency"]), bold=True)
    roll.rule()


def _foot(roll: _Roll, receipt: Mapping[str, Any]) -> None:
    if barcode := receipt.get("barcode"):
        if modules := barcodes.modules(barcode["symbology"], barcode["value"]):
            roll.bars(modules)
        roll.say(barcode["value"], align=Align.C)
        roll.ln(1)
    roll.say("Brought to you by Counterfoil, as the shop's till told it.", size=6.5, align=Align.C)
    if roll.replaced:
        roll.say("Some letters cannot be printed here and are replaced.", size=6.5, align=Align.C)
