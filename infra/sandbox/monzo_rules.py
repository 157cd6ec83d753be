"""What Monzo's receipts API asks of a receipt, after its documentation: fields of each part, and sums that agree."""

from collections.abc import Iterator, Mapping
from typing import Any

Fields = Mapping[str, tuple[type, ...]]

RECEIPT: Fields = {
    "external_id": (str,),
    "transaction_id": (str,),
    "total": (int,),
    "currency": (str,),
    "items": (list,),
    "taxes": (list,),
    "payments": (list,),
    "merchant": (dict,),
}
ITEM: Fields = {
    "description": (str,),
    "amount": (int,),
    "currency": (str,),
    "quantity": (int, float),
    "unit": (str,),
    "tax": (int,),
    "sub_items": (list,),
}
TAX: Fields = {"description": (str,), "amount": (int,), "currency": (str,), "tax_number": (str,)}
PAYMENT: Fields = {
    "type": (str,),
    "amount": (int,),
    "currency": (str,),
    "last_four": (str,),
    "gift_card_type": (str,),
    **dict.fromkeys(("bin", "auth_code", "aid", "mid", "tid"), (str,)),
}
MERCHANT: Fields = {
    "online": (bool,),
    **dict.fromkeys(("name", "phone", "email", "store_name", "store_address", "store_postcode"), (str,)),
}
REQUIRED = {
    "receipt": ("external_id", "transaction_id", "total", "currency", "items"),
    "item": ("description", "amount", "currency"),
    "tax": ("description", "amount", "currency"),
    "payment": ("type", "amount", "currency"),
    "merchant": (),
}
WAYS_TO_PAY = ("card", "cash", "gift_card")


def problems(receipt: object) -> list[str]:
    """What is wrong with a receipt; empty where Monzo would take it."""
    wrong = list(_shape("receipt", receipt, RECEIPT))
    if wrong or not isinstance(receipt, dict):
        return wrong
    items, taxes, payments = (receipt.get(name, []) for name in ("items", "taxes", "payments"))
    wrong += [each for item in items for each in _item(item)]
    wrong += [each for tax in taxes for each in _shape("tax", tax, TAX)]
    wrong += [each for payment in payments for each in _payment(payment)]
    wrong += _shape("merchant", receipt.get("merchant", {}), MERCHANT)
    return wrong or list(_sums(receipt, items, taxes, payments))


def _sums(
    receipt: Mapping[str, Any],
    items: list[Mapping[str, Any]],
    taxes: list[Mapping[str, Any]],
    payments: list[Mapping[str, Any]],
) -> Iterator[str]:
    total = receipt["total"]
    if total <= 0:
        yield "the total is not positive"
    if not items:
        yield "no items"
    if sum(each["amount"] for each in [*items, *taxes]) != total:
        yield "items and taxes are not the total"
    if payments and sum(each["amount"] for each in payments) != total:
        yield "payments are not the total"
    for item in items:
        parts = item.get("sub_items", [])
        if parts and sum(each["amount"] for each in parts) != item["amount"]:
            yield "sub-items are not their item"
    currencies = {each["currency"] for each in [*items, *taxes, *payments]}
    if currencies - {receipt["currency"]}:
        yield "more than one currency"


def _item(item: object) -> Iterator[str]:
    yield from _shape("item", item, ITEM)
    if not isinstance(item, dict):
        return
    for part in item.get("sub_items", []):
        yield from _shape("item", part, ITEM)
        if isinstance(part, dict) and "sub_items" in part:
            yield "a sub-item has sub-items"


def _payment(payment: object) -> Iterator[str]:
    yield from _shape("payment", payment, PAYMENT)
    if not isinstance(payment, dict):
        return
    if payment.get("type") not in WAYS_TO_PAY:
        yield "an unknown way to pay"
    last_four = payment.get("last_four", "0000")
    if len(last_four) != 4 or not last_four.isdecimal():
        yield "last_four is not four digits"


def _shape(what: str, part: object, fields: Fields) -> Iterator[str]:
    if not isinstance(part, dict):
        yield f"a {what} is no object"
        return
    for name in REQUIRED[what]:
        if name not in part or part[name] == "":
            yield f"{what}: {name} is missing"
    for name, value in part.items():
        if name not in fields:
            yield f"{what}: {name} is not known"
        elif not isinstance(value, fields[name]) or (isinstance(value, bool) and bool not in fields[name]):
            yield f"{what}: {name} is of another type"
