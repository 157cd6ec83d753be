"""A partner's secret is changed with an overlap: how soon each step is seen, and that nothing is lost between."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from standardwebhooks import Webhook

from counterfoil.domain import webhooks
from counterfoil.runtime import secrets
from counterfoil.store import registry
from functions import register_partners
from tests.account import SANDBOX
from tests.flows.scenarios import payment
from tests.world import World

OLD, NEW = "counterfoil/webhooks/openbank/2026-11", "counterfoil/webhooks/openbank/2026-12"
SEEN_WITHIN = 60
VALUE_SEEN_WITHIN = 300


class Elapsed:
    """The clock that caches go by, which stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def elapsed(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elapsed]:
    """Every other process keeps what it read for as long as its caches allow: a registration tells them nothing."""
    made = Elapsed()
    registry.forget()
    secrets.forget()
    monkeypatch.setattr(registry, "time", made)
    monkeypatch.setattr(secrets, "time", made)
    forget = registry.forget
    monkeypatch.setattr(registry, "forget", lambda: None)
    before = counterfoil.remember()
    yield made
    counterfoil.restore(before)
    forget()
    secrets.forget()


@pytest.fixture
def new(counterfoil: World) -> Iterator[str]:
    """The second secret, named NEW in Secrets Manager and not listed yet."""
    client, made = boto3.client("secretsmanager"), webhooks.new_secret()
    client.create_secret(Name=NEW, SecretString=made)
    yield made
    client.delete_secret(SecretId=NEW, ForceDeleteWithoutRecovery=True)


def register(*names: str) -> None:
    banks = json.loads((SANDBOX / "banks.json").read_text())
    entry = next(bank for bank in banks["banks"] if bank["bank"] == "openbank")
    entry["secrets"] = list(names)
    assert "registered" in register_partners.handler({"banks": json.dumps({"banks": [entry]})}, None)


def status(world: World, secret: str) -> int:
    """Of a payment that is signed so."""
    body = json.dumps(payment(world)).encode()
    signature = Webhook(secret).sign("msg_1", world.now, body.decode())
    stamp = str(int(world.now.timestamp()))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}
    return int(world.request("POST", "/v1/banks/openbank/transactions", body, headers)["statusCode"])


def signed_by(wire: Any, secret: str) -> bool:
    headers = copy.deepcopy(wire.headers)
    return webhooks.sign(secret, headers["webhook-id"], int(headers["webhook-timestamp"]), wire.body) in headers[
        "webhook-signature"
    ].split(" ")


def test_both_secrets_are_good_in_the_overlap_and_one_before_and_after(
    counterfoil: World, elapsed: Elapsed, new: str
) -> None:
    old = counterfoil.secrets["openbank"]
    assert (status(counterfoil, old), status(counterfoil, new)) == (202, 401)

    register(OLD, NEW)
    elapsed.seconds += SEEN_WITHIN - 1
    assert (status(counterfoil, old), status(counterfoil, new)) == (202, 401)
    elapsed.seconds += 1
    assert (status(counterfoil, old), status(counterfoil, new)) == (202, 202)

    register(NEW)
    elapsed.seconds += SEEN_WITHIN - 1
    assert (status(counterfoil, old), status(counterfoil, new)) == (202, 202)
    elapsed.seconds += 1
    assert (status(counterfoil, old), status(counterfoil, new)) == (401, 202)


def test_deliveries_are_signed_with_every_secret_that_is_named(counterfoil: World, elapsed: Elapsed, new: str) -> None:
    old = counterfoil.secrets["openbank"]
    counterfoil.consent()
    counterfoil.play("bank_webhook.authorised")
    counterfoil.play("retailer_receipt.sale")
    counterfoil.run(0)
    register(OLD, NEW)
    elapsed.seconds += SEEN_WITHIN
    counterfoil.sells(counterfoil.body_of("retailer_receipt.correction"))
    counterfoil.run(0)
    before, during = counterfoil.wires
    assert (signed_by(before, old), signed_by(before, new)) == (True, False)
    assert (signed_by(during, old), signed_by(during, new)) == (True, True)


def test_a_deleted_secret_is_refused_within_five_minutes(counterfoil: World, elapsed: Elapsed) -> None:
    """A name that is still listed: what is remembered is its value."""
    old = counterfoil.secrets["openbank"]
    assert status(counterfoil, old) == 202
    client = boto3.client("secretsmanager")
    client.delete_secret(SecretId=OLD)
    try:
        elapsed.seconds += VALUE_SEEN_WITHIN - 1
        assert status(counterfoil, old) == 202
        elapsed.seconds += 1
        assert status(counterfoil, old) == 401
    finally:
        client.restore_secret(SecretId=OLD)
