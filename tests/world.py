"""The whole of Counterfoil in one process: the real handlers on moto, a list as queue, a bank that is a function.

Time stands still but where the world moves it. Every AWS and HTTP call of the handlers is recorded, and can be
made the last thing that its Lambda does: `deaths` says before or after which call of the run.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import time_machine
from botocore.client import BaseClient
from moto import mock_aws
from standardwebhooks import Webhook

from counterfoil.domain import webhooks
from counterfoil.runtime import http, secrets
from counterfoil.store import clocks, registry
from functions import (
    bank_webhook,
    consent_update,
    deliver_receipt,
    delivery_status,
    match_receipts,
    merchant_api,
    register_partners,
    retailer_receipt,
)
from infra.sandbox import event_files

SANDBOX = Path(__file__).parents[1] / "infra" / "sandbox"
VISIBILITY = 180
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "LEDGER_TABLE": "ledger",
    "RENDEZVOUS_TABLE": "rendezvous",
    "SALTS_TABLE": "salts",
    "PAYLOADS_BUCKET": "payloads",
    "MATCH_QUEUE_URL": "https://queues.test/1/match",
    "DELIVERY_QUEUE_URLS": json.dumps(
        {bank: f"https://queues.test/1/{bank}" for bank in ("openbank", "harbourbank")}
    ),
    "SEALING_SECRET": "counterfoil/sealing",
    "MATCH_WAITS": "15,60,600",
    "DELIVERY_WAITS": "5,300,1800,7200,18000,36000,43200,43200,43200,43200,43200",
    "ALLOW_LOOPBACK_CALLBACKS": "true",
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "Counterfoil",
}
ROUTES = [
    ("POST", r"/v1/banks/(?P<bank>[^/]+)/transactions", bank_webhook),
    ("POST", r"/v1/retailers/(?P<retailer>[^/]+)/receipts", retailer_receipt),
    ("PUT", r"/v1/banks/(?P<bank>[^/]+)/customers/(?P<customer_id>[^/]+)/consents/(?P<purpose>[^/]+)", consent_update),
    ("GET", r"/v1/banks/(?P<bank>[^/]+)/customers/(?P<customer_id>[^/]+)/consents", consent_update),
    ("GET", r"/v1/banks/(?P<bank>[^/]+)/deliveries/(?P<delivery_id>[^/]+)", delivery_status),
    ("GET", r"/v1/merchants", merchant_api),
]


class Death(BaseException):
    """The Lambda is gone: nothing after this point ran."""


@dataclass
class Message:
    id: str
    body: str
    visible_at: datetime
    receives: int = 0


@dataclass
class Wire:
    """One request that a bank's callback got."""

    at: datetime
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def notice(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class World:
    """`answer(wire)` is the bank's callback. `deaths`: by number of the call, "before" or "after" it."""

    clock: Any
    original_call: Callable[..., Any]
    secrets: dict[str, str]
    queues: dict[str, list[Message]] = field(default_factory=lambda: {"match": [], "openbank": [], "harbourbank": []})
    dead: dict[str, list[Message]] = field(default_factory=dict)
    wires: list[Wire] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    deaths: dict[int, str] = field(default_factory=dict)
    answer: Callable[[Wire], http.Answer] = lambda wire: http.Answer(200)
    units: Counter[str] = field(default_factory=Counter)
    mortal: bool = False
    passed: int = 0
    lifetimes: int = 0

    # time

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def pass_time(self, seconds: float) -> None:
        self.clock.shift(timedelta(seconds=seconds))

    # calls of the handlers

    def api_call(self, client: BaseClient, operation: str, arguments: Mapping[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        with self.call(f"{service}.{operation}"):
            if service == "sqs":
                return self._queue_call(operation, arguments)
            return self.original_call(client, operation, arguments)

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        self.calls.append(name)
        if not self.mortal:
            yield
            return
        number = self.passed
        self.passed += 1
        if self.deaths.get(number) == "before":
            raise Death
        yield
        if self.deaths.get(number) == "after":
            raise Death

    def _queue_call(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        name = arguments["QueueUrl"].rpartition("/")[2]
        if operation == "SendMessageBatch":
            for entry in arguments["Entries"]:
                at = self.now + timedelta(seconds=entry.get("DelaySeconds", 0))
                self.lifetimes += 1
                self.queues[name].append(Message(f"m{self.lifetimes}", entry["MessageBody"], at))
            return {"Successful": [{"Id": entry["Id"]} for entry in arguments["Entries"]]}
        assert operation == "ChangeMessageVisibility", operation
        message = next(one for one in self.queues[name] if one.id == arguments["ReceiptHandle"])
        message.visible_at = self.now + timedelta(seconds=arguments["VisibilityTimeout"])
        return {}

    def post(self, url: str, headers: dict[str, str], body: bytes, seconds: float, *, allow_loopback: bool) -> http.Answer:
        with self.call("http.post"):
            wire = Wire(self.now, url, dict(headers), body)
            self.wires.append(wire)
            return self.answer(wire)

    # requests

    def request(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None,
                scope: str = "") -> dict[str, Any]:  # fmt: skip
        for verb, pattern, module in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                event = {
                    "requestContext": {"http": {"method": method}, "authorizer": {"jwt": {"claims": {"scope": scope}}}},
                    "headers": dict(headers or {}),
                    "pathParameters": found.groupdict(),
                    "body": body.decode("latin-1"),
                    "isBase64Encoded": False,
                }
                if body:
                    import base64

                    event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
                answer = module.handler(event, None)
                return {**answer, "json": json.loads(answer["body"])}
        raise LookupError(path)

    def signed(self, who: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        raw = json.dumps(body).encode()
        message_id = f"msg_{len(self.calls)}"
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(self.now.timestamp())),
            "webhook-signature": Webhook(self.secrets[who]).sign(message_id, self.now, raw.decode()),
        }
        return self.request("POST", path, raw, headers)

    def play(self, name: str) -> dict[str, Any]:
        """Sends an event of `events/` as it would be sent now."""
        event = event_files.load(name, self.now)
        scope = f"counterfoil/{event.token}.consents counterfoil/{event.token}.deliveries" if event.token else ""
        return self.request(event.method, event.path, event.body, event.signed(self.secrets, self.now), scope)

    def body_of(self, name: str) -> dict[str, Any]:
        return json.loads(event_files.load(name, self.now).body)

    def consent(self, customer_id: str = "cust_42", *, bank: str = "openbank", granted: bool = True,
                version: int = 0) -> dict[str, Any]:  # fmt: skip
        wish = {"granted": granted, "expected_version": version, "notice_version": "2026-11"}
        path = f"/v1/banks/{bank}/customers/{customer_id}/consents/receipts"
        return self.request("PUT", path, json.dumps(wish).encode(), scope=f"counterfoil/{bank}.consents")

    # queues

    def run(self, seconds: float = 86_400) -> None:
        """Works off every queue, moving time to the next message, until nothing comes within `seconds`."""
        until = self.now + timedelta(seconds=seconds)
        while True:
            waiting = [message for queue in self.queues.values() for message in queue]
            next_at = min((message.visible_at for message in waiting), default=None)
            if next_at is None or next_at > until:
                return
            if next_at > self.now:
                self.clock.move_to(next_at)
            for name in list(self.queues):
                self._work_off(name)

    def _work_off(self, name: str) -> None:
        batch = [message for message in self.queues[name] if message.visible_at <= self.now][:10]
        if not batch:
            return
        for message in batch:
            message.receives += 1
            message.visible_at = self.now + timedelta(seconds=VISIBILITY)
        handler = match_receipts.handler if name == "match" else deliver_receipt.handler
        self.mortal = True
        try:
            failures = handler({"Records": [self._record(name, message) for message in batch]}, None)
        except Death:
            return
        finally:
            self.mortal = False
        failed = {item["itemIdentifier"] for item in failures["batchItemFailures"]}
        self.queues[name] = [one for one in self.queues[name] if one not in batch or one.id in failed]
        most = 5 if name == "match" else 12
        gone = [one for one in self.queues[name] if one.receives >= most]
        self.dead.setdefault(name, []).extend(gone)
        self.queues[name] = [one for one in self.queues[name] if one not in gone]

    def _record(self, name: str, message: Message) -> dict[str, Any]:
        return {
            "messageId": message.id,
            "receiptHandle": message.id,
            "body": message.body,
            "attributes": {"ApproximateReceiveCount": str(message.receives)},
            "eventSourceARN": f"arn:aws:sqs:eu-west-1:111122223333:{name}",
        }

    # looking

    def items(self, table: str) -> list[dict[str, Any]]:
        client = boto3.client("dynamodb")
        return self.original_call(client, "Scan", {"TableName": table})["Items"]

    def notices(self) -> list[dict[str, Any]]:
        return [wire.notice for wire in self.wires]


def create_tables() -> None:
    dynamodb = boto3.client("dynamodb")
    for name in ("ledger", "rendezvous"):
        indexes = [("by_subject", "subject"), ("by_due", "due")] if name == "ledger" else []
        attributes = {"pk", "sk", *(attribute for _, attribute in indexes)}
        extra = {"GlobalSecondaryIndexes": [_index(*index) for index in indexes]} if indexes else {}
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in sorted(attributes)],
            BillingMode="PAY_PER_REQUEST",
            **extra,
        )
    dynamodb.create_table(
        TableName="salts",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _index(name: str, attribute: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


def create_secrets() -> dict[str, str]:
    client = boto3.client("secretsmanager")
    client.create_secret(Name="counterfoil/sealing", SecretString="s" * 64)
    made = {who: webhooks.new_secret() for who in ("openbank", "harbourbank", "kite", "fern", "stranger")}
    for who, secret in made.items():
        if who != "stranger":
            client.create_secret(Name=f"counterfoil/webhooks/{who}/2026-11", SecretString=secret)
    return made


def register() -> None:
    texts = {name: (SANDBOX / f"{name}.json").read_text() for name in ("merchants", "banks")}
    answer = register_partners.handler(texts, None)
    assert "registered" in answer, answer


def forget_everything() -> None:
    registry.forget()
    clocks.forget()
    secrets.forget()


@contextmanager
def world(at: datetime = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)) -> Iterator[World]:
    """A fresh world: tables, queues, secrets, and the sandbox's banks and retailers registered."""
    original = BaseClient._make_api_call
    with mock.patch.dict(os.environ, ENVIRONMENT), mock_aws(), time_machine.travel(at, tick=False) as clock:
        forget_everything()
        create_tables()
        boto3.client("s3").create_bucket(
            Bucket="payloads", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        made = World(clock, original, create_secrets())
        register()
        with (
            mock.patch.object(BaseClient, "_make_api_call", lambda *call: made.api_call(*call)),
            mock.patch.object(http, "post", made.post),
        ):
            yield made
        forget_everything()
