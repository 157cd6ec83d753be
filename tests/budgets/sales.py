"""Sales made for counting: a card payment and its receipt, every usual field filled to its usual length."""

import json
import random
import uuid
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyz"
CONSENTING = "0b1d8f6e-5f0e-4f1e-9c62-3f1a4ad3a001"


@dataclass(frozen=True)
class Sale:
    """What the bank tells (`payment`) and what the till tells (`receipt`) of one payment at Kite Coffee Soho."""

    payment: dict[str, Any]
    receipt: dict[str, Any]


def compressed_bytes(receipt: dict[str, Any]) -> int:
    """The size of a receipt's wire JSON under plain zlib."""
    return len(zlib.compress(json.dumps(receipt, separators=(",", ":")).encode()))


def sale(number: int, now: datetime, size: int = 2048, till: str = "03") -> Sale:
    """The sale of that number at that till: the same every time, but for its times.

    Its receipt compresses to just under `size` bytes. Amounts differ from number to number.
    """
    chance = random.Random(number)
    lines = [_line(chance)]
    lines[0]["amount"] = 1_000_000 + 10_000 * number
    receipt = _receipt(f"{till}-{number:012}", till, chance, now)
    while compressed_bytes(_sold(receipt, [*lines, more := _line(chance)])) <= size:
        lines.append(more)
    receipt = _filled(_sold(receipt, lines), size, chance)
    return Sale(_payment(receipt, chance, now), receipt)


def _sold(receipt: dict[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
    total = sum(line["amount"] for line in lines)
    return receipt | {"total": total, "lines": lines, "tenders": [receipt["tenders"][0] | {"amount": total}]}


def _filled(receipt: dict[str, Any], size: int, chance: random.Random) -> dict[str, Any]:
    """`receipt` with its last descriptions longer, as near to `size` as it goes."""
    for line in reversed(receipt["lines"]):
        while len(line["description"]) < 60:
            before = line["description"]
            line["description"] = before + chance.choice(LETTERS)
            if compressed_bytes(receipt) > size:
                line["description"] = before
                return receipt
    return receipt


def _line(chance: random.Random) -> dict[str, Any]:
    words = ("".join(chance.choices(LETTERS, k=chance.randint(3, 9))) for _ in range(3))
    return {
        "description": " ".join(words).capitalize(),
        "quantity": str(chance.randint(1, 9)),
        "unit": "each",
        "amount": chance.randint(50, 3000),
        "vat_rate": chance.choice(("0", "20")),
        "gtin": _gtin(chance),
    }


def _gtin(chance: random.Random) -> str:
    digits = "50" + "".join(chance.choices("0123456789", k=10))
    total = sum((3, 1)[place % 2] * int(digit) for place, digit in enumerate(digits[::-1]))
    return digits + str(-total % 10)


def _receipt(number: str, till: str, chance: random.Random, now: datetime) -> dict[str, Any]:
    card = {
        "type": "card",
        "last4": f"{chance.randrange(10_000):04}",
        "scheme": "mastercard",
        "auth_code": "".join(chance.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=6)),
        "rrn": f"6325{chance.randrange(10**8):08}",
        "merchant_id": "MID000123",
        "terminal_id": f"T00000{till}",
        "entry_mode": "contactless",
    }
    return {
        "receipt_id": f"soho-{number}",
        "store_id": "soho",
        "till_id": till,
        "kind": "sale",
        "issued_at": _wire_time(now - timedelta(seconds=6)),
        "currency": "GBP",
        "tenders": [card],
        "barcode": {"symbology": "code128", "value": f"SOHO{number}"},
    }


def _payment(receipt: dict[str, Any], chance: random.Random, now: datetime) -> dict[str, Any]:
    tender = receipt["tenders"][0]
    return {
        "type": "transaction.authorised",
        "timestamp": _wire_time(now - timedelta(seconds=3)),
        "data": {
            "transaction_id": _uuid(chance),
            "customer_id": CONSENTING,
            "account_id": _uuid(chance),
            "card": {
                "card_id": _uuid(chance),
                "last4": tender["last4"],
                "scheme": "mastercard",
                "token": "DNITHE" + "".join(chance.choices("0123456789abcdef", k=42)),
            },
            "direction": "debit",
            "amount": tender["amount"],
            "currency": "GBP",
            "authorised_at": _wire_time(now - timedelta(seconds=5)),
            "status": "authorised",
            "merchant": {
                "merchant_id": "MID000123",
                "terminal_id": tender["terminal_id"],
                "mcc": "5814",
                "name": "KITE COFFEE SOHO      LONDON       GBR",
            },
            "auth_code": tender["auth_code"],
            "rrn": tender["rrn"],
            "original_transaction_id": None,
        },
    }


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _wire_time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
