"""Standard Webhooks as the partners do it: with the reference library, so that ours is checked by another's."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import httpx
from standardwebhooks import Webhook


def signed_post(
    http: httpx.Client,
    url: str,
    secret: str,
    body: bytes,
    *,
    message_id: str | None = None,
    at: datetime | None = None,
) -> httpx.Response:
    """POST `body` (JSON bytes) signed with `secret` (whsec_…), stamped `at` (default: now)."""
    at = at or datetime.now(UTC)
    message_id = message_id or f"msg_{uuid4().hex}"
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body.decode()),
    }
    return http.post(url, content=body, headers=headers)


def is_genuine(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """Whether one of the `secrets` signed `body`, within the five minutes that the standard allows."""
    return any(_verifies(Webhook(secret), headers, body) for secret in secrets)


def _verifies(webhook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except Exception:  # the library raises errors of many kinds on malformed headers
        return False
    return True
