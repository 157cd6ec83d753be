"""Every request of events/ over real HTTP gets the answer its file documents; what is refused leaves nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from infra.sandbox import event_files
from infra.sandbox.event_files import Event
from tests.sandbox.live import Live

NOT_KEPT = {
    "bank_webhook.merchant_coming_soon",
    "bank_webhook.merchant_not_live",
    "bank_webhook.without_consent",
    "bank_webhook.zero_amount",
}
"""Taken with 202, and nothing of it is kept."""

Answer = tuple[int, list[str], list[str]]


def documented(event: Event) -> Answer:
    expect = event.expect
    return expect["status"], sorted(expect.get("fields", [])), expect.get("accepted", [])


def answered(response: httpx.Response) -> Answer:
    """Status, the fields of the problems, and the accepted receipts."""
    body = response.json() if "json" in response.headers["content-type"] else {}
    fields = [problem["field"] for problem in body.get("errors", [])]
    for refused in body.get("refused", []):
        fields += [f"refused[{refused['index']}].{problem['field']}" for problem in refused["errors"]]
    return response.status_code, sorted(set(fields)), body.get("accepted", [])


def load(live: Live, name: str) -> Event:
    """An event whose customers are this module's own: others have consents of theirs."""
    event = live.event(name)
    return replace(
        event,
        path=event.path.replace("/cust_", "/docu_").replace("/H-", "/D-"),
        body=event.body.replace(b'"cust_', b'"docu_').replace(b'"H-', b'"D-'),
    )


def leaves_nothing(name: str) -> bool:
    return name in NOT_KEPT or event_files.load(name, datetime.now(UTC)).expect["status"] >= 400


ALL = event_files.played()
NOTHING = [name for name in ALL if leaves_nothing(name)]
# Consents first, so that the rest finds them, and the withdrawal last.
TAKEN = sorted(set(ALL) - set(NOTHING), key=lambda name: ("withdraw" in name, "consent_update.grant" not in name, name))


def test_what_is_refused_gets_its_documented_answer_and_leaves_nothing_behind(live: Live) -> None:
    live.consent("docu_42")
    assert live.secrets  # an account is linked for Monzo's events
    live.settle()
    before = live.kept()

    answers = {name: answered(live.play(load(live, name))) for name in NOTHING}

    assert answers == {name: documented(load(live, name)) for name in NOTHING}
    live.settle()
    assert live.kept() == before


def test_what_is_taken_gets_its_documented_answer(live: Live) -> None:
    answers = {name: answered(live.play(load(live, name))) for name in TAKEN}
    assert answers == {name: documented(load(live, name)) for name in TAKEN}
    live.settle()


def test_refusals_are_problems_that_repeat_no_value(live: Live) -> None:
    event = load(live, "retailer_receipt.unknown_field")
    answer = live.play(replace(event, body=event.body.replace(b"Flat white", b"Canary Tweetie")))
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code == 422
    assert "Tweetie" not in answer.text


# What no JSON file can hold


Headers = dict[str, str | bytes]

BROKEN_HEADERS: dict[str, Headers] = {
    "signature not UTF-8": {"webhook-signature": b"v1,\xff\xfe\x80"},
    "signature not ASCII": {"webhook-signature": "v1,ünïcode"},
    "signature not base64": {"webhook-signature": "v1,!!!!"},
    "signature of nobody": {"webhook-signature": "v1," + "A" * 43 + "="},
    "signature empty": {"webhook-signature": ""},
    "timestamp not a number": {"webhook-timestamp": "soon"},
    "timestamp of other digits": {"webhook-timestamp": "\u0661\u0662\u0663"},
    "timestamp endless": {"webhook-timestamp": "9" * 400},
    "id not UTF-8": {"webhook-id": b"\xc3\x28"},
    "another id": {"webhook-id": "msg_2"},
}
BROKEN_BODIES = {
    "300 KiB": (b" " * 300 * 1024, 413),
    "100,000 brackets": (b"[" * 100_000, 400),
    "100,000 brackets, closed": (b"[" * 100_000 + b"]" * 100_000, 400),
    "nothing": (b"", 400),
}


def signed(live: Live, body: bytes) -> Headers:
    now = datetime.now(UTC)
    return {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(live.secrets["openbank"]).sign("msg_1", now, body.decode()),
    }


def test_broken_requests_are_refused_and_leave_nothing_behind(live: Live) -> None:
    live.settle()
    before = live.kept()
    path, body = "/v1/banks/openbank/transactions", load(live, "bank_webhook.authorised").body
    broken = {name: live.post(path, body, signed(live, body) | headers) for name, headers in BROKEN_HEADERS.items()}
    broken["no headers"] = live.post(path, body, {})
    broken["another body"] = live.post(path, body + b" ", signed(live, body))
    broken |= {name: live.post(path, other, signed(live, other)) for name, (other, _) in BROKEN_BODIES.items()}

    statuses = {name: answer.status_code for name, answer in broken.items()}

    other_bodies = {name: status for name, (_, status) in BROKEN_BODIES.items()}
    assert statuses == dict.fromkeys([*BROKEN_HEADERS, "no headers", "another body"], 401) | other_bodies
    live.settle()
    assert live.kept() == before


def test_a_token_that_is_none_opens_nothing(live: Live) -> None:
    url = f"{live.deployment.api_url}/v1/banks/openbank/customers/docu_42/consents"
    for token in ("", "Bearer", "Bearer x.y.z", f"Bearer {live.access_token('openbank')}x"):
        assert live.http.get(url, headers={"authorization": token}).status_code == 401


def test_both_secrets_of_a_rotation_are_good_and_a_retired_one_is_not(live: Live) -> None:
    """Of three registered secrets, two are active and one was deleted before the first request."""
    names = [f"counterfoil/webhooks/larch/{number}" for number in (1, 2, 3)]
    values = {name: live.deployed_secret(name) for name in names}
    live.client("secretsmanager").delete_secret(SecretId=names[2])
    live.register({"merchants": larch(names)})

    statuses = [_send_receipt(live, secret) for secret in values.values()]

    assert statuses == [202, 202, 401]


def larch(secrets: list[str]) -> list[dict[str, Any]]:
    store = {
        "store_id": "ely",
        "name": "Larch Tools Ely",
        "address": "1 Market Place, Ely",
        "postcode": "CB7 4NP",
        "merchant_ids": ["MID000900"],
    }
    return [
        {"retailer": "larch", "name": "Larch Tools", "status": "live", "vat_number": "GB365918221",
         "secrets": secrets, "stores": [store]}
    ]  # fmt: skip


def _send_receipt(live: Live, secret: str) -> int:
    event = live.event("retailer_receipt.cash")
    body = event.body.replace(b'"soho"', b'"ely"')
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, body.decode()),
    }
    return live.post("/v1/retailers/larch/receipts", body, headers).status_code


@pytest.mark.parametrize("path", ["/v1/banks/nobank/transactions", "/v1/retailers/nobody/receipts"])
def test_a_partner_unknown_to_us_is_404(path: str, live: Live) -> None:
    assert live.post(path, b"{}", signed(live, b"{}")).status_code == 404
