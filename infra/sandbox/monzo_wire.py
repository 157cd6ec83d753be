"""How Monzo's API spells things: form-encoded or JSON in, JSON out, times with milliseconds."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl


def decoded(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """A request's arguments, as its content type says."""
    kind = {name.lower(): value for name, value in headers.items()}.get("content-type", "")
    if not body:
        return {}
    if kind.startswith("application/json"):
        value = json.loads(body)
        return value if isinstance(value, dict) else {"": value}
    return dict(parse_qsl(body.decode()))


def rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def webhook_body(kind: str, transaction: Mapping[str, Any]) -> bytes:
    return json.dumps({"type": kind, "data": transaction}, ensure_ascii=False).encode()
