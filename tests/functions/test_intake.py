"""What partners send over HTTP: every event of `events/` and much that no partner should send."""

import base64
import hmac
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from counterfoil.store import objects
from infra.sandbox import event_files
from tests import edge
from tests.account import stored
from tests.flows.scenarios import payment, receipt
from tests.world import World

PAYMENTS, RECEIPTS = "/v1/banks/openbank/transactions", "/v1/retailers/kite/receipts"
PAGES = tuple(f"{function}." for function in set(edge.PAGES.values()))  # a page tells people what was refused
LEAVES_NOTHING = (  # taken, and nothing of it is ours to keep
    "bank_webhook.merchant_not_live",
    "bank_webhook.merchant_coming_soon",
    "bank_webhook.without_consent",
    "bank_webhook.zero_amount",
)


def everything(world: World) -> Any:
    """All that lasts anywhere."""
    listed = world.original_call(objects.client(), "ListObjectsV2", {"Bucket": "payloads"}).get("Contents", [])
    tables = [sorted(map(repr, stored(name))) for name in ("ledger", "rendezvous", "salts")]
    queues = {name: [message.body for message in queue] for name, queue in world.queues.items()}
    return tables, queues, [one["Key"] for one in listed]


def send(world: World, who: str, path: str, raw: bytes) -> dict[str, Any]:
    at = world.now
    signature = Webhook(world.secrets[who]).sign("msg_1", at, raw.decode("utf-8"))
    headers = {"Webhook-Id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    return world.request("POST", path, raw, headers)


def granted(world: World) -> World:
    for bank, customer in (("openbank", "cust_42"), ("harbourbank", "h-7001")):
        world.consent(customer, bank=bank)
    return world


@pytest.mark.parametrize("name", event_files.played())
def test_every_event_gets_the_documented_answer(counterfoil: World, name: str) -> None:
    world = granted(counterfoil) if not name.startswith("consent_update") else counterfoil
    if name == "consent_update.stale_version":
        world.consent()
    if name == "consent_update.withdraw":
        world.play("consent_update.grant")
    before = everything(world)
    expect = event_files.load(name, world.now).expect
    if "status" not in expect:
        pytest.skip("not an HTTP request")
    answer = world.play(name)
    assert answer["statusCode"] == expect["status"], answer
    told = answer.get("json", {})  # a page for people tells no fields
    fields = {problem["field"] for problem in told.get("errors", [])}
    refused = told.get("refused", [])
    fields |= {f"refused[{one['index']}].{problem['field']}" for one in refused for problem in one["errors"]}
    assert fields == set(expect.get("fields", []))
    if "accepted" in expect:
        assert answer["json"]["accepted"] == expect["accepted"]
    if expect["status"] >= 400 and not name.startswith(PAGES):
        assert answer["headers"]["content-type"] == "application/problem+json"
        assert told["status"] == expect["status"]
    if expect["status"] >= 400 or name in LEAVES_NOTHING:
        assert everything(world) == before


@pytest.mark.parametrize("name", [*event_files.names("retailer_receipt"), *event_files.played("bank_webhook")])
def test_a_refusal_echoes_no_value(counterfoil: World, name: str) -> None:
    event = event_files.load(name, counterfoil.now)
    answer = counterfoil.play(name)
    if answer["statusCode"] < 400:
        assert answer["statusCode"] == 202
        return
    told = answer["body"]
    for value in _texts(event.body):
        assert f'"{value}"' not in told
        assert len(value) < 8 or value not in told


def _texts(raw: bytes) -> list[str]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return []
    found: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            for inner in part.values():
                walk(inner)
        elif isinstance(part, list):
            for inner in part:
                walk(inner)
        elif isinstance(part, str) and len(part) > 3 and any(map(str.isdigit, part)):
            found.append(part)

    walk(value)
    return found


@pytest.mark.parametrize(
    ("who", "path", "raw", "status"),
    [
        ("openbank", PAYMENTS, b" " * 300 * 1024, 413),
        ("kite", RECEIPTS, b" " * 300 * 1024, 413),
        ("openbank", PAYMENTS, b"[" * 100_000, 400),
        ("kite", RECEIPTS, b"[" * 100_000 + b"]" * 100_000, 400),
        ("kite", RECEIPTS, b'{"a":' * 50_000, 400),
        ("kite", RECEIPTS, b"", 400),
        ("kite", RECEIPTS, b"null", 422),
        ("openbank", PAYMENTS, b"[]", 422),
        ("kite", RECEIPTS, b'{"receipts": []}', 422),
        ("kite", RECEIPTS, b'{"receipts": {}}', 422),
        ("openbank", "/v1/banks/nobank/transactions", b"{}", 404),
        ("kite", "/v1/retailers/noshop/receipts", b"{}", 404),
        ("kite", "/v1/retailers/%2e%2e/receipts", b"{}", 404),
        ("kite", "/v1/retailers/fern/receipts", b"{}", 401),
        ("openbank", "/v1/banks/harbourbank/transactions", b"{}", 401),
    ],
)
def test_bodies_and_paths_that_are_refused_leave_nothing(
    counterfoil: World, who: str, path: str, raw: bytes, status: int
) -> None:
    before = everything(counterfoil)
    answer = send(counterfoil, who, path, raw)
    assert answer["statusCode"] == status
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert everything(counterfoil) == before


def test_what_is_not_utf_8_is_not_read(counterfoil: World) -> None:
    raw = b'{"receipt_id": "\xff\xfe"}'
    at = str(int(counterfoil.now.timestamp()))
    secret = base64.b64decode(counterfoil.secrets["kite"].removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(secret, f"msg_1.{at}.".encode() + raw, "sha256")).decode()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}
    assert counterfoil.request("POST", RECEIPTS, raw, headers)["statusCode"] == 400


HEADER = st.text(alphabet=st.characters(), max_size=60)
SIGNATURE = st.one_of(HEADER, HEADER.map(lambda text: f"v1,{text}"), st.binary(max_size=40).map(
    lambda raw: "v1," + base64.b64encode(raw).decode()
), st.lists(HEADER, max_size=5).map(" ".join))  # fmt: skip
STAMP = st.one_of(HEADER, st.integers().map(str), st.floats().map(str), st.just("1795252500"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), HEADER), STAMP, SIGNATURE
)
def test_malformed_signature_headers_are_401_and_nothing_else(
    counterfoil: World, headers: dict[str, str], stamp: str, signature: str
) -> None:
    for tried in (headers, {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}):
        answer = counterfoil.request("POST", PAYMENTS, b"{}", tried)
        assert answer["statusCode"] == 401


def test_a_batch_of_a_hundred(counterfoil: World) -> None:
    receipts = [receipt(counterfoil, f"soho-{number}") for number in range(100)]
    receipts[7]["total"] += 1
    answer = counterfoil.signed("kite", RECEIPTS, {"receipts": receipts})
    assert answer["statusCode"] == 202
    assert len(answer["json"]["accepted"]) == 99
    assert [refused["index"] for refused in answer["json"]["refused"]] == [7]
    assert len(counterfoil.queues["match"]) == 99


def test_a_batch_of_more_than_a_hundred_or_of_none_that_can_be_taken(counterfoil: World) -> None:
    before = everything(counterfoil)
    wrong = [receipt(counterfoil, f"soho-{number}", total=1) for number in range(3)]
    for body in (wrong, [receipt(counterfoil, f"soho-{number}") for number in range(101)]):
        answer = counterfoil.signed("kite", RECEIPTS, {"receipts": body})
        assert answer["statusCode"] == 422
    assert everything(counterfoil) == before


def test_poison_goes_to_the_dead_letters_alone(counterfoil: World) -> None:
    counterfoil.consent()
    for number in range(3):
        counterfoil.pays(payment(counterfoil, f"tx_{number}", amount=500 + number))
        counterfoil.sells(receipt(counterfoil, f"soho-{number}", amount=500 + number))
    poison = ["[]", "not json", '{"id": "x"}', '{"id": "x", "transaction": {"pk": 5}}', "[" * 5_000,
              '{"id": "x", "receipt": {"body": {"b64": "!"}}}', '{"id": "x", "look_again": 1}']  # fmt: skip
    for body in poison:
        counterfoil.put("match", body)
    counterfoil.run()
    assert sorted(message.body for message in counterfoil.dead["match"]) == sorted(poison)
    assert len(counterfoil.notices()) == 3


def test_an_old_event_is_refused(counterfoil: World) -> None:
    counterfoil.consent()
    old = payment(counterfoil, authorised_at="2026-08-01T09:00:00Z")
    answer = counterfoil.signed("openbank", PAYMENTS, old)
    assert (answer["statusCode"], answer["json"]["errors"][0]["field"]) == (422, "data.authorised_at")
    answer = counterfoil.signed("kite", RECEIPTS, receipt(counterfoil, issued_at="2026-08-01T09:00:00Z"))
    assert (answer["statusCode"], answer["json"]["errors"][0]["field"]) == (422, "issued_at")
