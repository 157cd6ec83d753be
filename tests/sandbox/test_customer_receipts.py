"""A customer's cards, receipts and claims on the deployed stacks: bytes over HTTP, and libraries out of their layer."""

import json
from typing import Any
from uuid import uuid4

import httpx

from infra.sandbox.stage import PATIENCE
from tests.sandbox.live import Live


def ask(live: Live, method: str, path: str, token: str, body: Any = None, accept: str = "*/*") -> httpx.Response:
    headers = {"authorization": f"Bearer {token}", "accept": accept}
    raw = json.dumps(body).encode() if body is not None else b""
    return live.http.request(method, f"{live.deployment.api_url}{path}", content=raw, headers=headers)


def test_a_receipt_is_read_by_its_customers_bank_in_every_form(live: Live) -> None:
    customer_id, token = str(uuid4()), live.access_token("openbank")
    path = f"/v1/banks/openbank/customers/{customer_id}"
    live.consent(customer_id)
    paid, sold = live.sale("receipts", customer_id)
    paid["data"]["card"]["card_id"] = f"card_{customer_id}"
    transaction_id = paid["data"]["transaction_id"]
    card = ask(live, "PUT", f"{path}/cards/card_{customer_id}", token, {"last4": "4242", "tokens": ["tok_1"]})
    assert card.status_code == 200
    bank = live.partners.banks["openbank"]
    assert bank.send(paid).status_code == 202
    live.settle()
    claimed = ask(live, "POST", f"{path}/receipts/claims", token, {"transaction_id": transaction_id})
    assert (claimed.status_code, claimed.json()["finding"]) == (200, "looking")
    assert live.partners.tills["kite"].send(sold).status_code == 202
    assert bank.wait_for(lambda: bank.receipt(transaction_id) is not None, PATIENCE)

    [listed] = ask(live, "GET", f"{path}/receipts?barcode={sold['barcode']['value']}", token).json()["receipts"]
    assert (listed["transaction_id"], listed["card"]["card_id"]) == (transaction_id, f"card_{customer_id}")
    one = f"{path}/receipts/{listed['match_id']}"
    document = ask(live, "GET", one, token, accept="application/pdf")
    assert document.headers["content-type"] == "application/pdf"
    assert document.content.startswith(b"%PDF-")
    table = ask(live, "GET", f"{path}/receipts?from=2026-01-01", token, accept="text/csv")
    assert table.content.decode("utf-8-sig").splitlines()[1].split(",")[1] == "Kite Coffee Ltd"
    assert ask(live, "GET", one, live.access_token("harbourbank")).status_code == 403
    assert ask(live, "GET", one, token, accept="image/png").status_code == 422
    again = ask(live, "POST", f"{path}/receipts/claims", token, {"transaction_id": transaction_id}).json()
    assert (again["finding"], again["match_id"]) == ("found", listed["match_id"])
