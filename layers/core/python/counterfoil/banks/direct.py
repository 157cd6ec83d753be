"""A bank that integrates directly: the canonical event, Standard Webhooks in both directions."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from counterfoil.banks.adapter import BankAdapter
from counterfoil.domain import webhooks
from counterfoil.domain.deliveries import Notice
from counterfoil.domain.fields import validated
from counterfoil.domain.merchants import CARD
from counterfoil.domain.times import rfc3339
from counterfoil.domain.transactions import TransactionEvent


def parse(value: object) -> TransactionEvent:
    return validated(TransactionEvent, value)


def render(notice: Notice) -> bytes:
    match: dict[str, Any] = {"reasons": list(notice.reasons)}
    if notice.method is not None:
        match = {"method": notice.method, "confidence": notice.confidence} | match
    data: dict[str, Any] = {
        "delivery_id": notice.delivery_id,
        "match_id": notice.match_id,
        "version": notice.version,
        "transaction_id": notice.transaction_id,
        "match": match,
    }
    if notice.receipt is not None:
        data["receipt"] = notice.receipt
    body = {"type": notice.type, "timestamp": rfc3339(notice.timestamp), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def headers(delivery_id: str, body: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """Signed with every active secret, so that the bank may change its own at any moment."""
    sent_at = int(now.timestamp())
    return {
        "content-type": "application/json",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": " ".join(webhooks.sign(secret, delivery_id, sent_at, body) for secret in secrets),
    }


ADAPTER = BankAdapter(
    name="direct", namespace=CARD, verify=webhooks.verify, parse=parse, render=render, headers=headers
)
