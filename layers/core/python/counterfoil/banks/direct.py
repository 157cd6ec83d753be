"""A bank that integrates directly: the canonical event, Standard Webhooks in both directions."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from counterfoil.banks.adapter import Arrival, BankAdapter, Call, Credentials, Proof
from counterfoil.domain import webhooks
from counterfoil.domain.deliveries import Notice
from counterfoil.domain.fields import validated
from counterfoil.domain.merchants import Bank
from counterfoil.domain.times import rfc3339
from counterfoil.domain.transactions import TransactionEvent


def parse(value: object) -> TransactionEvent:
    return validated(TransactionEvent, value)


def render(notice: Notice, bank: Bank, credentials: Credentials, now: datetime) -> Call:
    """To the bank's callback, signed with every active secret, so that the bank may change its own at any moment."""
    body, sent_at = body_of(notice), int(now.timestamp())
    signatures = (webhooks.sign(secret, notice.delivery_id, sent_at, body) for secret in credentials.secrets)
    headers = {
        "content-type": "application/json",
        "webhook-id": notice.delivery_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": " ".join(signatures),
    }
    return Call("POST", bank.callback_url, headers, body)


def body_of(notice: Notice) -> bytes:
    """The same bytes at every try."""
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


def _verify(arrival: Arrival, credentials: Credentials, now: datetime) -> None:
    webhooks.verify(arrival.headers, arrival.body, credentials.secrets, now)


def _sign(arrival: Arrival, key: str, now: datetime) -> Arrival:
    message_id, sent_at = f"msg_{uuid4().hex}", int(now.timestamp())
    proof = {
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": webhooks.sign(key, message_id, sent_at, arrival.body),
    }
    return replace(arrival, headers={**arrival.headers, **proof})


def _new_keys() -> tuple[str, Credentials]:
    secret = webhooks.new_secret()
    return secret, Credentials(secrets=(secret,))


STANDARD_WEBHOOKS = Proof(_verify, _sign, _new_keys, headers=webhooks.HEADERS)

ADAPTER = BankAdapter(name="direct", proof=STANDARD_WEBHOOKS, parse=parse, render=render, requires=("secrets",))
