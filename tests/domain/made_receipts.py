"""Receipts made for tests: the contract's own, and any whose sums hold."""

import copy
import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import strategies as st

from counterfoil.domain import receipts
from counterfoil.errors import Invalid

CONTRACT_EXAMPLE = """
{"receipt_id": "soho-03-000123", "store_id": "soho", "till_id": "03", "kind": "sale",
 "issued_at": "2026-11-21T09:14:03Z", "currency": "GBP", "total": 585,
 "lines": [
  {"description": "Flat white", "quantity": "1", "unit": "each", "unit_price": 285, "amount": 285,
   "vat_rate": "20", "sku": "FW", "gtin": "5012345678900", "category": "coffee",
   "modifiers": [{"description": "Oat milk", "amount": 35}], "discounts": []},
  {"description": "Porridge", "quantity": "1", "unit": "each", "unit_price": 265, "amount": 265,
   "vat_rate": "0"}],
 "discounts": [], "service_charge": 0, "tip": 0, "rounding": 0,
 "vat": [{"rate": "20", "net": 267, "amount": 53}, {"rate": "0", "net": 265, "amount": 0}],
 "tenders": [{"type": "card", "amount": 585, "last4": "4242", "scheme": "mastercard",
   "auth_code": "A1B2C3", "rrn": "632500000123", "merchant_id": "MID000123",
   "terminal_id": "T0000042", "entry_mode": "contactless"}],
 "barcode": {"symbology": "code128", "value": "SOHO03000123"},
 "original_receipt_id": null}
"""


def contract_example() -> dict[str, Any]:
    body: dict[str, Any] = json.loads(CONTRACT_EXAMPLE)
    return body


def problems_of(body: object) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        receipts.parse(body)
    return {problem.field: problem.message for problem in refused.value.problems}


def changed(body: dict[str, Any], path: tuple[Any, ...], change: Any) -> dict[str, Any]:
    body = copy.deepcopy(body)
    holder: Any = body
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = change(holder.get(path[-1]) if isinstance(holder, dict) else holder[path[-1]])
    return body


def gs1_completed(digits: str) -> str:
    """`digits` with their check digit after them, counted as GS1 tells it: threes and ones from the right."""
    total = sum((3, 1)[place % 2] * int(digit) for place, digit in enumerate(digits[::-1]))
    return digits + str((10 - total % 10) % 10)


def luhn_completed(digits: str) -> str:
    doubled = [int(d) * (2, 1)[place % 2] for place, d in enumerate(digits[::-1])]
    return digits + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def gtins() -> st.SearchStrategy[str]:
    return st.sampled_from([7, 11, 12, 13]).flatmap(
        lambda length: st.text("0123456789", min_size=length, max_size=length).map(gs1_completed)
    )


_words = st.text("abcdefghijklmnopqrstuvwxyz éñ£&%'-", min_size=1, max_size=24).filter(str.strip)
_ids = st.text("ABCXYZabcxyz0123_.:-", min_size=1, max_size=13)
_pence = st.integers(0, 20_000)


@st.composite
def _adjustments(draw: st.DrawFn, most: int) -> list[dict[str, Any]]:
    made = []
    for _ in range(draw(st.integers(0, 2))):
        amount = draw(st.integers(0, most))
        most -= amount
        made.append({"description": draw(_words), "amount": amount})
    return made


@st.composite
def _lines(draw: st.DrawFn) -> dict[str, Any]:
    line: dict[str, Any] = {"description": draw(_words)}
    line["quantity"] = draw(st.sampled_from(["1", "2", "0.456", "12.50"]))
    line["amount"] = draw(_pence)
    line["modifiers"] = draw(_adjustments(500))
    line["discounts"] = draw(_adjustments(line["amount"]))
    line["vat_rate"] = draw(st.sampled_from(["0", "5", "20", "20.0", "12.5"]))
    optional = {"unit": _words, "sku": _ids, "gtin": gtins(), "category": _words}
    for field, values in optional.items():
        if draw(st.booleans()):
            line[field] = draw(values)
    return line


def line_value(line: dict[str, Any]) -> int:
    added: int = sum(modifier["amount"] for modifier in line["modifiers"])
    off: int = sum(discount["amount"] for discount in line["discounts"])
    return int(line["amount"]) + added - off


def _vat(lines: list[dict[str, Any]], off: int) -> list[dict[str, Any]]:
    everything = sum(map(line_value, lines))
    by_rate: dict[Decimal, Decimal] = {}
    for line in lines:
        share = Decimal(line_value(line)) / (everything or 1)
        rate = Decimal(line["vat_rate"])
        by_rate[rate] = by_rate.get(rate, Decimal(0)) + line_value(line) - off * share
    made = []
    for rate, gross in by_rate.items():
        paid = int(gross.quantize(Decimal(1), ROUND_HALF_UP))
        amount = int((paid * rate / (100 + rate)).quantize(Decimal(1), ROUND_HALF_UP))
        made.append({"rate": str(rate), "net": paid - amount, "amount": amount})
    return made


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Any receipt body whose sums hold, paid by up to four tenders."""
    lines = draw(st.lists(_lines(), min_size=1, max_size=5))
    bought = sum(map(line_value, lines))
    discounts = draw(_adjustments(bought))
    off = sum(discount["amount"] for discount in discounts)
    service_charge, tip = draw(st.sampled_from([0, 250])), draw(st.sampled_from([0, 150]))
    total = bought - off + service_charge + tip
    rounding = draw(st.sampled_from([0, 2, -min(2, total)]))
    total += rounding
    body = {
        "receipt_id": draw(_ids),
        "store_id": draw(_ids),
        "kind": draw(st.sampled_from(["sale", "refund"])),
        "issued_at": draw(st.sampled_from(["2026-11-21T09:14:03Z", "2026-07-01T23:59:59.25+01:00"])),
        "currency": draw(st.sampled_from(["GBP", "EUR", "JPY"])),
        "total": total,
        "lines": lines,
        "discounts": discounts,
        "service_charge": service_charge,
        "tip": tip,
        "rounding": rounding,
        "vat": draw(st.sampled_from([[], _vat(lines, off)])),
        "tenders": draw(_tenders(total)),
    }
    if draw(st.booleans()):
        body["version"] = draw(st.integers(0, 9))
    return body


@st.composite
def _tenders(draw: st.DrawFn, total: int) -> list[dict[str, Any]]:
    kinds = ["cash", "gift_card", "voucher", "points"] + (["card"] if total else [])
    made: list[dict[str, Any]] = []
    left = total
    for _ in range(draw(st.integers(0, 3))):
        amount = draw(st.integers(0, left))
        left -= amount
        made.append({"type": draw(st.sampled_from(kinds)), "amount": amount})
    return [*made, {"type": draw(st.sampled_from(kinds)), "amount": left}]
