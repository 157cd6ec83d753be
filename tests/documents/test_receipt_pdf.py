"""A receipt as a PDF: all that a VAT receipt tells can be read from it, also by a machine."""

import re
import zlib
from typing import Any

import pytest
from barcode import EAN8, EAN13, UPCA
from barcode.charsets import code128
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.documents import barcodes
from counterfoil.documents.receipt_pdf import pdf_of
from counterfoil.domain.history import Entry
from tests.documents.made_entries import body, entry
from tests.domain.made_receipts import bodies, gs1_completed


def text_of(document: bytes) -> list[str]:
    """What the pages say, piece by piece."""
    found = []
    for stream in re.findall(rb"stream\n(.*?)\nendstream", document, re.DOTALL):
        content = zlib.decompress(stream) if stream[:1] == b"x" else stream
        for piece in re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", content):
            found.append(re.sub(rb"\\(.)", rb"\1", piece).decode("cp1252"))
    return found


def read(of: Entry) -> str:
    return "\n".join(text_of(pdf_of(of)))


def pages(document: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", document))


def test_it_tells_what_a_vat_receipt_tells() -> None:
    told = read(entry(body("sale")))
    for words in (
        *("Kite Coffee Soho", "Kite Coffee Ltd", "12 Frith Street, London", "W1D 4AA", "VAT no. GB123456782"),
        *("VAT RECEIPT", "21 November 2026", "09:14:03", "soho-03-000123"),
        *("Flat white", "2.85  20%", "Oat milk", "0.35", "Porridge", "2.65  0%", "TOTAL", "£5.85"),
        *("VAT rate", "20%", "2.67", "0.53", "3.20", "Card mastercard **** 4242", "SOHO03000123"),
    ):
        assert words in told, words
    assert "replaced" not in told
    assert "Customer's name" not in told


def test_above_the_limit_it_is_a_full_invoice_with_room_for_the_customers_name() -> None:
    told = body("sale", total=25_001, vat=[], barcode=None)
    told["lines"] = [{"description": "Machine", "quantity": "1", "amount": 25_001, "vat_rate": "20"}]
    told["tenders"][0]["amount"] = 25_001
    big = read(entry(told))
    for words in ("VAT INVOICE", "Customer's name and address", "Net of VAT", "Machine (20%)", "208.34", "41.67"):
        assert words in big, words
    told["total"] = told["lines"][0]["amount"] = told["tenders"][0]["amount"] = 25_000
    assert "VAT RECEIPT" in read(entry(told))


def test_a_refund_says_so_and_which_receipt_it_gives_back() -> None:
    told = read(entry(body("refund")))
    assert "REFUND" in told
    assert "Gives back receipt" in told


def test_of_a_split_tender_what_this_card_paid() -> None:
    told = read(entry(body("split_tender")))
    assert "Of this, paid by your card\n£20.00" in told


@pytest.mark.parametrize(
    ("name", "told", "replaced"),
    [
        ("Café “Zoë” 5 €", "Café “Zoë” 5 €", False),
        ("Łyżka & Ŵyn", "Lyzka & Wyn", True),
        ("寿司 Bar", "?? Bar", True),
    ],
)
def test_letters_beyond_the_fonts_lose_their_accents_or_are_marked(name: str, told: str, *, replaced: bool) -> None:
    text = read(entry(body("sale"), name=name))
    assert told in text
    assert ("Some letters cannot be printed here" in text) == replaced


def test_equal_receipts_are_equal_documents() -> None:
    assert pdf_of(entry(body("basket_of_30"))) == pdf_of(entry(body("basket_of_30")))


def test_a_roll_is_as_long_as_it_takes_and_ends() -> None:
    told = body("sale", vat=[], barcode=None)
    told["lines"] = [{"description": "A thing " * 20, "quantity": "1", "amount": 1} for _ in range(1000)]
    told["total"] = told["tenders"][0]["amount"] = 1000
    assert pages(pdf_of(entry(body("basket_of_30")))) == 1
    assert 2 <= pages(pdf_of(entry(told))) < 20


@settings(max_examples=30, deadline=None)
@given(bodies(), st.text(min_size=1, max_size=30))
def test_any_receipt_of_any_shop_is_a_document(told: dict[str, Any], name: str) -> None:
    assert pdf_of(entry(told, name=name)).startswith(b"%PDF-")


DIGITS = "0123456789"


@given(st.text([chr(code) for code in range(32, 127)], min_size=1, max_size=32))
def test_code_128_says_what_it_is_of_with_its_check_character(value: str) -> None:
    modules = barcodes.modules("code128", value)
    assert modules is not None
    assert modules.endswith("1100011101011")
    start, *values, check = (code128.CODES.index(modules[at : at + 11]) for at in range(0, len(modules) - 13, 11))
    assert start == 104
    assert "".join(chr(each + 32) for each in values) == value
    assert check == (start + sum(place * each for place, each in enumerate(values, 1))) % 103


@pytest.mark.parametrize(
    ("symbology", "drawn", "length"), [("ean13", EAN13, 12), ("ean8", EAN8, 7), ("upca", UPCA, 11)]
)
@given(data=st.data())
def test_article_numbers_are_drawn_as_another_program_draws_them(
    symbology: str, drawn: Any, length: int, data: st.DataObject
) -> None:
    value = gs1_completed(data.draw(st.text(DIGITS, min_size=length, max_size=length)))
    assert barcodes.modules(symbology, value) == drawn(value).build()[0]


@pytest.mark.parametrize(("symbology", "value"), [("qr", "X"), ("gs1_128", "X"), ("code128", "X" * 33)])
def test_what_is_not_drawn_is_written(symbology: str, value: str) -> None:
    assert barcodes.modules(symbology, value) is None
    assert value in read(entry(body("sale", barcode={"symbology": symbology, "value": value})))
