"""Banks that sign in their own way, on the deployed engine: a payment of each gets its receipt at its callback."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from infra.sandbox.stage import PATIENCE
from tests.sandbox.live import Live

Body = dict[str, Any]


def starlings(body: Body, ids: Body) -> None:
    body["accountHolderUid"] = ids["customer"]
    body["content"] |= {"feedItemUid": ids["transaction"], "amount": {"currency": "GBP", "minorUnits": ids["amount"]}}
    body["content"]["masterCardFeedDetails"]["authorisationCode"] = ids["auth_code"]


def canonical(body: Body, ids: Body) -> None:
    body["data"] |= {"customer_id": ids["customer"], "transaction_id": ids["transaction"], "amount": ids["amount"]}
    body["data"] |= {"auth_code": ids["auth_code"], "rrn": None}


WIRES: dict[str, tuple[str, str, Callable[[Body, Body], None]]] = {
    "starling": ("bank_webhook.starling", "1234", starlings),
    "fenbank": ("bank_webhook.jws", "9021", canonical),
}


def receipt(ids: Body, last4: str) -> Body:
    """A sale of one line at Soho, some minutes ago, paid by that card."""
    tender = {"type": "card", "amount": ids["amount"], "last4": last4, "auth_code": ids["auth_code"]}
    return {
        "receipt_id": f"wires-{ids['auth_code']}", "store_id": "soho", "till_id": "04", "kind": "sale",
        "issued_at": (datetime.now(UTC) - timedelta(minutes=4)).isoformat(timespec="seconds"), "currency": "GBP",
        "total": ids["amount"], "tenders": [tender],
        "lines": [{"description": "Tea", "quantity": "1", "amount": ids["amount"], "vat_rate": "20"}],
    }  # fmt: skip


@pytest.mark.parametrize("bank", WIRES)
def test_a_payment_gets_its_receipt(bank: str, live: Live) -> None:
    name, last4, told_as = WIRES[bank]
    transaction = str(uuid4())
    ids = {"customer": str(uuid4()), "transaction": transaction, "auth_code": transaction[:6].upper(), "amount": 1943}
    live.consent(ids["customer"], bank=bank)
    body = json.loads(live.event(name).body)
    told_as(body, ids)
    program = live.partners.banks[bank]
    program.record(body)

    assert program.send(body).status_code == 202
    assert program.send(body, secret=program.scheme.new_keys()[0]).status_code == 401
    assert live.partners.tills["kite"].send(receipt(ids, last4)).status_code == 202

    assert program.wait_for(lambda: program.receipt(transaction) is not None, PATIENCE)
    shown = program.feed(ids["customer"])[0]
    assert shown["receipt"]["state"] == "matched"
    assert shown["receipt"]["receipt"]["receipt_id"] == f"wires-{ids['auth_code']}"
    assert (shown["amount"], shown["receipt"]["receipt"]["total"]) == (1943, 1943)
