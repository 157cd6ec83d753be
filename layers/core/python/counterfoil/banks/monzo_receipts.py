"""A receipt in the form of Monzo's receipts API (docs.monzo.com, Receipts).

Monzo wants items and taxes to add up to the total, payments too, and the sub-items of an item to the item. UK prices
include VAT, so items are gross and no taxes are added; `tax` tells what VAT an item contains. The documentation wants a
positive total and says nothing of refunds: a refund's amounts are positive here as on the till's receipt, and the
transaction that it is attached to says which way the money went.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

# Monzo knows three ways to pay.
_PAYMENTS = {"card": "card", "cash": "cash"}
_OTHERWISE = {"gift_card": "Gift card", "voucher": "Voucher", "points": "Points"}
_ADDED = (("service_charge", "Service charge"), ("tip", "Tip"), ("rounding", "Rounding"))

Part = dict[str, Any]


def receipt_of(receipt: Mapping[str, Any]) -> Part:
    """`receipt` as a payer gets it (`receipts.for_payer`), in Monzo's fields, without the ids."""
    currency = receipt["currency"]
    items = [_item(line, currency) for line in receipt["lines"]]
    items += [_plain(each["description"], -each["amount"], currency) for each in receipt["discounts"]]
    items += [_plain(name, receipt[field], currency) for field, name in _ADDED if receipt[field]]
    return {
        "total": receipt["total"],
        "currency": currency,
        "items": items,
        "payments": [_payment(tender, currency) for tender in receipt["tenders"] if tender["amount"]],
        "merchant": _merchant(receipt["retailer"], receipt["store"]),
    }


def _item(line: Mapping[str, Any], currency: str) -> Part:
    """A line. With modifiers or discounts it becomes the sum of its sub-items, the first being the thing itself."""
    details: Part = {"quantity": float(line["quantity"]), "unit": _unit(line.get("unit"))}
    added, off = line["modifiers"], line["discounts"]
    amount = line["amount"] + _sum(added) - _sum(off)
    item = _plain(line["description"], amount, currency) | details
    if "vat_rate" in line:
        item["tax"] = _vat_within(amount, line["vat_rate"])
    if added or off:
        parts = [_plain(line["description"], line["amount"], currency) | details]
        parts += [_plain(each["description"], each["amount"], currency) for each in added]
        parts += [_plain(each["description"], -each["amount"], currency) for each in off]
        item["sub_items"] = parts
    return item


def _plain(description: str, amount: int, currency: str) -> Part:
    return {"description": description, "amount": amount, "currency": currency}


def _sum(adjustments: Iterable[Mapping[str, Any]]) -> int:
    return sum(each["amount"] for each in adjustments)


def _unit(unit: str | None) -> str:
    """Monzo shows no unit where things are counted."""
    return "" if unit in (None, "each") else unit


def _vat_within(gross: int, rate: str) -> int:
    percent = Decimal(rate)
    return int((gross * percent / (100 + percent)).quantize(Decimal(1), ROUND_HALF_UP))


def _payment(tender: Mapping[str, Any], currency: str) -> Part:
    kind = tender["type"]
    payment: Part = {"type": _PAYMENTS.get(kind, "gift_card"), "amount": tender["amount"], "currency": currency}
    if kind in _OTHERWISE:
        payment["gift_card_type"] = _OTHERWISE[kind]
    known = {"last_four": "last4", "auth_code": "auth_code", "mid": "merchant_id", "tid": "terminal_id"}
    return payment | {theirs: tender[ours] for theirs, ours in known.items() if ours in tender}


def _merchant(retailer: Mapping[str, Any], store: Mapping[str, Any]) -> Part:
    """The VAT number stands in the address: Monzo has a field for it in `taxes` alone, and there are none."""
    merchant: Part = {
        "name": retailer["name"],
        "store_name": store["name"],
        "store_address": f"{store['address']} (VAT no. {retailer['vat_number']})",
        "store_postcode": store["postcode"],
    }
    return merchant | {name: store[name] for name in ("phone", "email") if name in store}
