"""A receipt as rows of expenses: all that it comes to, and nothing that a spreadsheet would run."""

import csv
import io
from collections import defaultdict
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from counterfoil.documents.expenses_csv import COLUMNS, csv_of
from counterfoil.domain import expenses
from counterfoil.domain.currencies import decimal
from counterfoil.domain.history import Entry
from tests.documents.made_entries import body, entry
from tests.domain.made_receipts import bodies


def table(*entries: Entry) -> list[dict[str, str]]:
    text = csv_of(entries).decode("utf-8-sig")
    assert text.count("\r\n") == text.count("\n")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@given(bodies())
def test_the_lines_come_to_the_receipt_and_to_its_vat(told: dict[str, Any]) -> None:
    receipt = entry(told).receipt
    lines = expenses.lines(receipt)
    assert sum(line.gross for line in lines) == receipt["total"]
    assert all(line.net + line.vat == line.gross for line in lines)
    vat: dict[Fraction, int] = defaultdict(int)
    for line in lines:
        if line.rate is not None:
            vat[Fraction(line.rate)] += line.vat
    assert {rate: amount for rate, amount in vat.items() if amount} == {
        Fraction(each["rate"]): each["amount"] for each in receipt["vat"] if each["amount"]
    }


@given(bodies())
def test_the_vat_of_a_line_is_that_of_its_rate(told: dict[str, Any]) -> None:
    for line in expenses.lines(entry(told).receipt):
        rate = Fraction(line.rate or 0)
        assert abs(line.vat - line.gross * rate / (100 + rate)) <= 5, "five lines, each rounded by one"


def test_every_row_has_what_hmrc_asks_for() -> None:
    first, second = table(entry(body("sale")))
    assert first == {
        "tax_point": "2026-11-21",
        "supplier": "Kite Coffee Ltd",
        "supplier_vat_number": "GB123456782",
        "shop": "Kite Coffee Soho",
        "shop_address": "12 Frith Street, London, W1D 4AA",
        "kind": "sale",
        "receipt_id": "soho-03-000123",
        "description": "Flat white",
        "quantity": "1",
        "currency": "GBP",
        "net": "2.67",
        "vat_rate": "20",
        "vat": "0.53",
        "gross": "3.20",
        "paid": "5.85",
        "card_last4": "4242",
        "transaction_id": "tx_0001",
        "match_id": "match_AAAAAAAAAAAAAAAAAAAAAA_BBBBBBBBB",
    }
    assert (second["description"], second["gross"], second["paid"]) == ("Porridge", "2.65", "")


def test_the_tax_point_is_the_day_in_the_shop() -> None:
    [row, _] = table(entry(body("sale", issued_at="2026-07-01T23:30:00Z")))
    assert row["tax_point"] == "2026-07-02"


def test_a_refund_is_negative() -> None:
    [row] = table(entry(body("refund")))
    assert row["kind"] == "refund"
    assert [row[name] for name in ("net", "vat", "gross", "paid")] == ["-2.67", "-0.53", "-3.20", "-3.20"]


def test_a_service_charge_that_the_till_counts_in_bears_its_vat() -> None:
    vat = [{"rate": "20", "net": 367, "amount": 73}, {"rate": "0", "net": 265, "amount": 0}]
    told = body("sale", service_charge=120, total=705, vat=vat)
    told["tenders"][0]["amount"] = 705
    rows = table(entry(told))
    assert [(row["description"], row["vat"], row["gross"]) for row in rows] == [
        ("Flat white", "0.53", "3.20"),
        ("Porridge", "0.00", "2.65"),
        ("Service charge or tip", "0.20", "1.20"),
    ]


def test_vat_told_for_the_whole_receipt_is_a_row_a_rate() -> None:
    told = body("sale")
    for line in told["lines"]:
        line.pop("vat_rate")
    rows = table(entry(told))
    assert [(row["description"], row["vat_rate"], row["vat"], row["gross"]) for row in rows] == [
        ("Items at 20% VAT", "20", "0.53", "3.20"),
        ("Items at 0% VAT", "0", "0.00", "2.65"),
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "  =", "\u3000="])  # noqa: RUF001
def test_no_words_are_a_formula(start: str) -> None:
    words = f"{start}HYPERLINK(1)"
    told = body("sale")
    told["lines"][0]["description"] = words
    shop = entry(told, name=words, address=words)
    row = table(shop)[0]
    for column in ("description", "shop", "shop_address"):
        assert row[column].startswith(f"'{start}"), column


def test_letters_quotes_and_commas_come_back_as_they_were() -> None:
    words = 'Crêpe, "Łyżka" 寿司'
    told = body("sale")
    told["lines"][0]["description"] = words
    assert table(entry(told))[0]["description"] == words


def test_nothing_is_a_head_alone() -> None:
    assert csv_of([]).decode("utf-8-sig") == ",".join(COLUMNS) + "\r\n"


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [(585, "GBP", "5.85"), (-5, "GBP", "-0.05"), (0, "EUR", "0.00"), (585, "JPY", "585"), (-1234, "KWD", "-1.234")],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: int, currency: str, told: str) -> None:
    assert decimal(amount, currency) == told
