"""Events of events/ told anew: of the present, and with a `take` as another payment's, its ids and codes differing."""

import hashlib
import json
from datetime import datetime
from typing import Any

from infra.sandbox import event_files

IDS = ("transaction_id", "original_transaction_id", "receipt_id", "original_receipt_id")
CODES = ("auth_code", "rrn")


def retold(name: str, now: datetime, take: str = "") -> dict[str, Any]:
    """The body of the event `<function>.<case>`, as it would be sent at `now`. The same take gives the same ids and
    codes to all events, so that a payment and its receipt still belong together."""
    body = json.loads(event_files.load(name, now).body)
    return _with(body, take) if take else body


def _with(value: Any, take: str, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _with(part, take, key) for key, part in value.items()}
    if isinstance(value, list):
        return [_with(part, take, name) for part in value]
    if value is not None and name in IDS:
        return f"{value}-{take}"
    if value is not None and name in CODES:
        return hashlib.sha256(f"{take} {value}".encode()).hexdigest().upper()[: len(value)]
    return value
