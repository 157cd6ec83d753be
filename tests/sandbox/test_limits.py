"""A partner with a low limit on the deployed engine: 429 with Retry-After, and taken again after that."""

import time
from datetime import UTC, datetime
from uuid import uuid4

import httpx
from standardwebhooks import Webhook

from tests.sandbox.engine_parts import eventually
from tests.sandbox.live import Live

LIMITS = {"per_second": 1, "burst": 3}
SECRET = "counterfoil/webhooks/slow/2026-11"


def send(live: Live, secret: str) -> httpx.Response:
    """A signed call with a body that is not taken: it counts like any other."""
    message_id, now = f"msg_{uuid4().hex}", datetime.now(UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, "{}"),
    }
    return live.post("/v1/retailers/slow/receipts", b"{}", headers)


def test_over_its_limit_a_retailer_is_told_to_wait_and_then_taken_again(live: Live) -> None:
    secret = live.deployed_secret(SECRET)
    slow = {"retailer": "slow", "name": "Slow Food", "status": "coming_soon", "vat_number": "GB123456782"}
    live.register({"merchants": [slow | {"stores": [], "secrets": [SECRET], "limits": LIMITS}]})

    answers = [send(live, secret) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {422}
    refused = eventually(lambda: next((one for one in [send(live, secret)] if one.status_code == 429), None), 10)

    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["status"] == 429
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 3
    began = time.monotonic()
    eventually(lambda: send(live, secret).status_code == 422, wait + 2)
    assert time.monotonic() - began <= wait + 1
