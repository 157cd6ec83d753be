"""Receipts in Monzo's form: whatever a till may print, Monzo's rules hold, as an independent reading of them tells."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from counterfoil.banks import monzo
from counterfoil.banks.adapter import Credentials
from counterfoil.domain import receipts
from counterfoil.domain.deliveries import Notice
from counterfoil.domain.merchants import Bank, Merchant, Store
from infra.sandbox import monzo_rules
from tests.domain.made_receipts import bodies, contract_example

NOW = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
BANK = Bank.model_validate(
    {"bank": "monzo", "adapter": "monzo", "name": "Monzo", "callback_url": "https://api.monzo.com", "status": "live"}
)
STORE = Store.model_validate(
    {"store_id": "soho", "name": "Kite Coffee Soho", "address": "12 Frith Street, London", "postcode": "W1D 4AA",
     "phone": "+44 20 7946 0101", "email": "soho@kitecoffee.example"}
)  # fmt: skip
RETAILER = Merchant.model_validate(
    {"retailer": "kite", "name": "Kite Coffee Ltd", "status": "live", "vat_number": "GB123456782", "stores": []}
)


def rendered(body: dict[str, Any], tender: int = 0) -> dict[str, Any]:
    """What Monzo gets of a till's receipt, for the payer of one of its tenders."""
    told = receipts.for_payer(receipts.parse(body), tender, RETAILER, STORE)
    notice = Notice("receipt.matched", "dlv_1", "match_1", 1, "tx_1", NOW, "codes", 0.99, (), told)
    call = monzo.render(notice, BANK, Credentials(token="opens"), NOW)
    assert (call.method, call.url) == ("PUT", "https://api.monzo.com/transaction-receipts")
    assert call.headers["authorization"] == "Bearer opens"
    sent: dict[str, Any] = json.loads(call.body)
    return sent


@settings(max_examples=300, deadline=None)
@given(bodies())
def test_the_sums_of_any_receipt_are_as_monzo_wants_them(body: dict[str, Any]) -> None:
    if not body["total"]:
        return  # nothing was paid by card, and so nothing is ever delivered
    sent = rendered(body)
    assert monzo_rules.problems(sent) == []
    assert sent["total"] == body["total"]
    assert "taxes" not in sent
    assert [each["amount"] for each in sent["payments"]] == [t["amount"] for t in body["tenders"] if t["amount"]]


def test_the_contracts_receipt() -> None:
    sent = rendered(contract_example())
    assert (sent["external_id"], sent["transaction_id"], sent["total"], sent["currency"]) == (
        "match_1", "tx_1", 585, "GBP",
    )  # fmt: skip
    coffee, porridge = sent["items"]
    assert (coffee["amount"], coffee["tax"]) == (320, 53)
    assert [(each["description"], each["amount"]) for each in coffee["sub_items"]] == [
        ("Flat white", 285),
        ("Oat milk", 35),
    ]
    assert porridge == {
        "description": "Porridge", "amount": 265, "currency": "GBP", "quantity": 1.0, "unit": "", "tax": 0,
    }  # fmt: skip
    assert sent["payments"] == [
        {"type": "card", "amount": 585, "currency": "GBP", "last_four": "4242", "auth_code": "A1B2C3",
         "mid": "MID000123", "tid": "T0000042"}
    ]  # fmt: skip
    assert sent["merchant"] == {
        "name": "Kite Coffee Ltd",
        "store_name": "Kite Coffee Soho",
        "store_address": "12 Frith Street, London (VAT no. GB123456782)",
        "store_postcode": "W1D 4AA",
        "phone": "+44 20 7946 0101",
        "email": "soho@kitecoffee.example",
    }


def test_a_refund_is_told_in_positive_amounts() -> None:
    sent = rendered(contract_example() | {"kind": "refund"})
    assert monzo_rules.problems(sent) == []
    assert sent["total"] == 585


def test_what_is_added_at_the_end_is_an_item_each() -> None:
    body = contract_example() | {
        "discounts": [{"description": "Member", "amount": 100}], "service_charge": 60, "tip": 40, "rounding": -1,
        "total": 584, "vat": [],
    }  # fmt: skip
    body["tenders"] = [
        {"type": "card", "amount": 300},
        {"type": "voucher", "amount": 284},
        {"type": "cash", "amount": 0},
    ]
    sent = rendered(body)
    assert monzo_rules.problems(sent) == []
    assert [(each["description"], each["amount"]) for each in sent["items"][2:]] == [
        ("Member", -100), ("Service charge", 60), ("Tip", 40), ("Rounding", -1),
    ]  # fmt: skip
    assert [(each["type"], each.get("gift_card_type")) for each in sent["payments"]] == [
        ("card", None), ("gift_card", "Voucher"),
    ]  # fmt: skip


def test_goods_by_weight_keep_quantity_and_unit() -> None:
    body = contract_example()
    body["lines"][1] |= {"quantity": "0.456", "unit": "kg", "unit_price": 581}
    item = rendered(body)["items"][1]
    assert (item["quantity"], item["unit"]) == (0.456, "kg")


def test_a_thousand_lines_and_a_free_one() -> None:
    line = {"description": "Tea bag", "quantity": "1", "amount": 1, "vat_rate": "0"}
    free = {"description": "Free with the tea", "quantity": "1", "amount": 0}
    body = contract_example() | {"lines": [line] * 999 + [free], "vat": [], "total": 999}
    body["tenders"][0]["amount"] = 999
    sent = rendered(body)
    assert monzo_rules.problems(sent) == []
    assert len(sent["items"]) == 1000
    assert "tax" not in sent["items"][-1]


def test_the_same_receipt_is_the_same_bytes_and_a_withdrawal_names_the_match() -> None:
    withdrawn = Notice("receipt.withdrawn", "dlv_2", "match_1", 2, "tx_1", NOW, None, None, (), None)
    call = monzo.render(withdrawn, BANK, Credentials(token="opens"), NOW)
    assert (call.method, call.url, call.body) == (
        "DELETE", "https://api.monzo.com/transaction-receipts?external_id=match_1", b"",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r["items"][0].update(amount=1), "sub-items are not their item"),
        (lambda r: r.update(total=584), "items and taxes are not the total"),
        (lambda r: r.update(taxes=[{"description": "VAT", "amount": 53, "currency": "GBP"}]), "not the total"),
        (lambda r: r["payments"][0].update(amount=1), "payments are not the total"),
        (lambda r: r["items"][0].update(quantity="1"), "another type"),
        (lambda r: r["items"][0]["sub_items"][0].update(sub_items=[]), "sub-item has sub-items"),
        (lambda r: r["payments"][0].update(type="points"), "unknown way to pay"),
        (lambda r: r.update(total=True), "another type"),
        (lambda r: r["items"][1].update(currency="EUR"), "more than one currency"),
        (lambda r: r.pop("external_id"), "external_id is missing"),
        (lambda r: r.update(vat=[]), "not known"),
    ],
)
def test_the_rules_notice_what_is_wrong(change: Any, said: str) -> None:
    sent = copy.deepcopy(rendered(contract_example()))
    change(sent)
    assert said in "; ".join(monzo_rules.problems(sent))
