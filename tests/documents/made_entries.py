"""Receipts as their payers have them, made from what tills send in `events/`."""

import json
from datetime import UTC, datetime
from typing import Any

from counterfoil.domain import receipts, registration
from counterfoil.domain.history import Entry
from infra.sandbox import event_files
from tests.account import SANDBOX

MERCHANTS = registration.parse_merchants((SANDBOX / "merchants.json").read_text("utf-8"))


def body(case: str, **changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((event_files.EVENTS / f"retailer_receipt.{case}.json").read_text("utf-8"))
    return told["request"]["body"] | changes


def entry(told: dict[str, Any], **shop: Any) -> Entry:
    """What the payer of its first tender has; `shop` replaces what is registered of the store."""
    receipt = receipts.parse(told)
    merchant, store = next(
        (merchant, store)
        for merchant in MERCHANTS
        for store in merchant.stores
        if store.store_id in (receipt.store_id, "soho")
    )
    store = store.model_copy(update={"store_id": receipt.store_id, **shop})
    return Entry(
        match_id="match_AAAAAAAAAAAAAAAAAAAAAA_BBBBBBBBB",
        version=1,
        transaction_id="tx_0001",
        paid_at=datetime(2026, 11, 21, 9, 14, tzinfo=UTC),
        card={"card_id": "card_9", "last4": "4242"},
        paid=receipt.tenders[0].amount,
        receipt=receipts.for_payer(receipt, 0, merchant, store),
    )
