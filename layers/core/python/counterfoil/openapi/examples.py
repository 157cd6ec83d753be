"""A delivery of each kind, made by the code that makes the real ones."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from counterfoil.banks import direct
from counterfoil.domain import receipts
from counterfoil.domain.deliveries import Notice, delivery_id
from counterfoil.domain.merchants import Merchant

_TRANSACTION = "q3bJ0vLr8yXwT1mZk5dN2A"


def deliveries(payment: Mapping[str, Any], sale: Mapping[str, Any], merchant: Merchant) -> list[dict[str, Any]]:
    """The bodies that follow from a direct bank's event and a till's receipt of it: matched, corrected, withdrawn."""
    receipt = receipts.parse(sale)
    (store,) = (store for store in merchant.stores if store.store_id == receipt.store_id)
    matched = Notice(
        type="receipt.matched",
        delivery_id=delivery_id(_TRANSACTION, 1),
        match_id="mch_4fH2sVd7QxYb9cKe1LtRzA",
        version=1,
        transaction_id=payment["data"]["transaction_id"],
        timestamp=datetime.fromisoformat(payment["timestamp"]),
        method="auth_code",
        confidence=0.9999,
        reasons=("Authorisation code agrees", "Last four digits agree"),
        receipt=receipts.for_payer(receipt, 0, merchant, store),
    )
    corrected = replace(matched, type="receipt.corrected", version=2, delivery_id=delivery_id(_TRANSACTION, 2))
    withdrawn = replace(
        matched,
        type="receipt.withdrawn",
        version=3,
        delivery_id=delivery_id(_TRANSACTION, 3),
        method=None,
        reasons=("The receipt does not belong to this payment",),
        receipt=None,
    )
    return [json.loads(direct.body_of(notice)) for notice in (matched, corrected, withdrawn)]
