"""A receipt as JSON, as the bank is told it."""

import json
from typing import Any

from counterfoil.domain.history import Entry
from counterfoil.domain.times import rfc3339


def told(entry: Entry) -> dict[str, Any]:
    return {
        "match_id": entry.match_id,
        "version": entry.version,
        "transaction_id": entry.transaction_id,
        "paid_at": rfc3339(entry.paid_at),
        "card": entry.card,
        "paid": entry.paid,
        "receipt": entry.receipt,
    }


def json_of(entry: Entry) -> bytes:
    """The same for people: indented."""
    return json.dumps(told(entry), ensure_ascii=False, indent=2).encode()
