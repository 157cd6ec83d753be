"""Payments and deliveries as they come over the wire, of our own making."""

from datetime import UTC, datetime, timedelta
from typing import Any

CUSTOMER = "cust_42"


def ago(minutes: float) -> str:
    """RFC 3339, so many minutes before now."""
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(timespec="seconds")


def transaction(transaction_id: str = "tx_coffee", **changes: Any) -> dict[str, Any]:
    data = {
        "transaction_id": transaction_id,
        "customer_id": CUSTOMER,
        "direction": "debit",
        "amount": 585,
        "currency": "GBP",
        "authorised_at": ago(2),
        "status": "authorised",
        "merchant": {"merchant_id": "MID000123", "name": "KITE COFFEE SOHO"},
    }
    return {"type": "transaction.authorised", "timestamp": ago(2), "data": data | changes}


def coffee(**changes: Any) -> dict[str, Any]:
    """What the payer of a coffee and a porridge gets."""
    body = {
        "receipt_id": "soho-03-000123",
        "store_id": "soho",
        "till_id": "03",
        "kind": "sale",
        "issued_at": ago(2),
        "currency": "GBP",
        "total": 585,
        "lines": [
            {
                "description": "Flat white",
                "quantity": "1",
                "unit": "each",
                "unit_price": 285,
                "amount": 285,
                "vat_rate": "20",
                "modifiers": [{"description": "Oat milk", "amount": 35}],
                "discounts": [],
            },
            {"description": "Porridge", "quantity": "1", "amount": 265, "vat_rate": "0"},
        ],
        "vat": [{"rate": "20", "net": 267, "amount": 53}, {"rate": "0", "net": 265, "amount": 0}],
        "tenders": [
            {
                "type": "card",
                "amount": 585,
                "last4": "4242",
                "scheme": "mastercard",
                "auth_code": "A1B2C3",
                "entry_mode": "contactless",
            }
        ],
        "barcode": {"symbology": "code128", "value": "SOHO03000123"},
        "retailer": {"retailer": "kite", "name": "Kite Coffee Ltd", "vat_number": "GB123456782"},
        "store": {
            "store_id": "soho",
            "name": "Kite Coffee Soho",
            "address": "12 Frith Street, London",
            "postcode": "W1D 4AA",
            "phone": "+44 20 7946 0101",
            "timezone": "Europe/London",
        },
    }
    return body | changes


def groceries() -> dict[str, Any]:
    """Weighed goods, a multibuy, a voucher beside the card, and a QR code."""
    lines = [
        _line("Vine tomatoes", "0.456", 137, "0", unit="kg", unit_price=300),
        _line("Oat drink", "2", 380, "0", unit="each", unit_price=190),
        _line("Sourdough loaf", "1", 340, "0"),
        _line("Dark chocolate 85%", "3", 597, "20", unit="each", unit_price=199),
        _line("Washing-up liquid", "1", 165, "20"),
    ]
    lines[3]["discounts"] = [{"description": "3 for 2", "amount": 199}]
    return coffee(
        receipt_id="hove-2-004711",
        till_id="2",
        total=1370,
        lines=lines,
        discounts=[{"description": "Member's 50p off", "amount": 50}],
        vat=[{"rate": "0", "net": 826, "amount": 0}, {"rate": "20", "net": 453, "amount": 91}],
        tenders=[
            {"type": "card", "amount": 1170, "last4": "4242", "scheme": "visa", "auth_code": "77KD01"},
            {"type": "voucher", "amount": 200},
        ],
        barcode={"symbology": "qr", "value": "hove-2-004711"},
        retailer={"retailer": "fern", "name": "Fern & Field Grocers", "vat_number": "GB365918221"},
        store={
            "store_id": "hove",
            "name": "Fern & Field Hove",
            "address": "5 George Street, Hove",
            "postcode": "BN3 3YA",
            "website": "https://fernandfield.example",
            "timezone": "Europe/London",
        },
    )


def delivery(
    receipt: dict[str, Any] | None, kind: str = "matched", version: int = 1, transaction_id: str = "tx_coffee"
) -> dict[str, Any]:
    """A delivery, as `kind` says: matched, corrected or withdrawn (then without a receipt)."""
    data = {
        "delivery_id": f"dlv_{transaction_id}_{version}",
        "match_id": f"mch_{transaction_id}",
        "version": version,
        "transaction_id": transaction_id,
        "match": {
            "method": "auth_code",
            "confidence": 0.9997,
            "reasons": ["same authorisation code", "3 s apart on a till whose clock is known"],
        },
    }
    if receipt:
        data["receipt"] = receipt
    return {"type": f"receipt.{kind}", "timestamp": ago(2), "data": data}


def _line(description: str, quantity: str, amount: int, vat_rate: str, **more: Any) -> dict[str, Any]:
    return {"description": description, "quantity": quantity, "amount": amount, "vat_rate": vat_rate} | more
