"""What a bank asks of a customer's cards and receipts, for tests, and sales to ask about."""

import json
from typing import Any
from urllib.parse import urlencode

from tests.flows.scenarios import Body, payment, receipt
from tests.world import World

CUSTOMER = "/v1/banks/openbank/customers/{}"


def ask(world: World, what: str, customer: str = "cust_42", method: str = "GET", body: Any = None,
        accept: str | None = None, **query: str) -> Any:  # fmt: skip
    path = f"{CUSTOMER.format(customer)}/{what}" + (f"?{urlencode(query)}" if query else "")
    raw = json.dumps(body).encode() if body is not None else b""
    headers = {"accept": accept} if accept is not None else {}
    return world.request(method, path, raw, headers, "counterfoil/openbank.customers")


def card(world: World, card_id: str, customer: str = "cust_42", **told: Any) -> Any:
    return ask(world, f"cards/{card_id}", customer, "PUT", told)


def receipts(world: World, customer: str = "cust_42", **query: str) -> list[dict[str, Any]]:
    answer = ask(world, "receipts", customer, **query)
    assert answer["statusCode"] == 200, answer
    listed: list[dict[str, Any]] = answer["json"]["receipts"]
    return listed


def ids(listed: list[dict[str, Any]]) -> list[str]:
    return [one["receipt"]["receipt_id"] for one in listed]


def another_sale(world: World, number: int, **paid: Any) -> tuple[Body, Body]:
    """A payment and its receipt, later than the first and with codes of their own."""
    codes = {"auth_code": f"B{number:05}", "rrn": f"{700_000_000_000 + number}"}
    sold = receipt(world, f"soho-03-{number:06}")
    sold["tenders"][0] |= codes
    sold["barcode"]["value"] = f"SOHO03{number:06}"
    return payment(world, f"tx_{number}", **codes, **paid), sold
