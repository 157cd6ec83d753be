"""The whole of Counterfoil in one process: the real handlers on moto, a list as queue, a bank that is a function.

Time stands still but where the world moves it. Every AWS and HTTP call of the handlers is recorded, and can be
made the last thing that its Lambda does: `deaths` says before or after which call of the queues' handlers.
"""

import copy
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import time_machine
from botocore.client import BaseClient
from moto import mock_aws
from standardwebhooks import Webhook

from counterfoil.runtime import http, observe, secrets
from counterfoil.store import bank_health, clocks, habits, rates, registry, table
from functions import deliver_receipt, linked_accounts, match_receipts, receipt_file_rows, rights_worker
from infra.sandbox import event_files
from tests import edge
from tests.account import (
    BANKS,
    ENVIRONMENT,
    create_buckets,
    create_secrets,
    create_tables,
    register,
    remember_objects,
    remember_tables,
    restore_objects,
    restore_tables,
)
from tests.quick_moto import quick_moto, straight

VISIBILITY = 180
RECEIVES = {"match": 5, "files": 5, "links": 12, "rights": 12, **dict.fromkeys(BANKS, 12)}
HANDLERS = {
    "match": match_receipts.handler,
    "files": receipt_file_rows.handler,
    "links": linked_accounts.handler,
    "rights": rights_worker.handler,
}


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
    """One request that a bank's callback got. `seconds`: how long its answer is waited for."""

    at: datetime
    url: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"
    seconds: float = 15

    @property
    def notice(self) -> dict[str, Any]:
        return json.loads(self.body)


def accepts(wire: Wire) -> http.Answer:
    return http.Answer(200)


def no_queues() -> dict[str, list[Message]]:
    return {name: [] for name in RECEIVES}


@dataclass
class World:
    """`answer(wire)` is the bank's callback. `deaths`: by number of the call, "before" or "after" it.

    `gate()` is called before and after every call of a queue's handler, and may raise Death.
    `held`: the queues whose mapping is disabled.
    `lives`: the number of the first call of each batch that was worked off.
    """

    clock: Any
    original_call: Callable[..., Any]
    secrets: dict[str, str]
    queues: dict[str, list[Message]] = field(default_factory=no_queues)
    dead: dict[str, list[Message]] = field(default_factory=no_queues)
    wires: list[Wire] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    deaths: dict[int, str] = field(default_factory=dict)
    gate: Callable[[], None] = lambda: None
    answer: Callable[[Wire], http.Answer] = accepts
    lives: list[int] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    mortal: int = 0
    passed: int = 0
    sent: int = 0

    # time

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def pass_time(self, seconds: float) -> None:
        self.clock.shift(timedelta(seconds=seconds))

    def remember(self) -> tuple[Any, ...]:
        """All that lasts, as it is now, for `restore`."""
        stored = remember_tables(), remember_objects()
        return stored, copy.deepcopy(self.queues), copy.deepcopy(self.dead), self.now

    def restore(self, memory: tuple[Any, ...]) -> None:
        """Back to that moment, with nothing recorded yet."""
        (tables, objects), queues, dead, now = memory
        restore_tables(tables)
        restore_objects(objects)
        self.queues, self.dead = copy.deepcopy(queues), copy.deepcopy(dead)
        self.clock.move_to(now)
        self.wires, self.calls, self.deaths, self.lives = [], [], {}, []
        self.gate, self.answer, self.mortal, self.passed, self.held = lambda: None, accepts, 0, 0, set()
        clocks.forget()
        habits.forget()
        rates.forget()
        bank_health.forget()

    # calls of the handlers

    def api_call(self, client: BaseClient, operation: str, arguments: Mapping[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        with self.call(f"{service}.{operation}"):
            if service == "sqs":
                return self._queue_call(operation, arguments)
            if service == "lambda":
                return self._mapping_call(operation, arguments)
            return self.original_call(client, operation, arguments)

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        self.calls.append(name)
        if not self.mortal:
            yield
            return
        number = self.passed
        self.passed += 1
        self.gate()
        if self.deaths.get(number) == "before":
            raise Death
        yield
        if self.deaths.get(number) == "after":
            raise Death
        self.gate()

    def _queue_call(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        name = arguments["QueueUrl"].rpartition("/")[2]
        if operation == "SendMessageBatch":
            for entry in arguments["Entries"]:
                at = self.now + timedelta(seconds=entry.get("DelaySeconds", 0))
                self.put(name, entry["MessageBody"], at)
            return {"Successful": [{"Id": entry["Id"]} for entry in arguments["Entries"]]}
        if operation == "ReceiveMessage":
            return {"Messages": self._by_hand(name, arguments["MaxNumberOfMessages"])}
        if operation == "DeleteMessage":
            self.queues[name] = [one for one in self.queues[name] if one.id != arguments["ReceiptHandle"]]
            return {}
        assert operation == "ChangeMessageVisibility", operation
        message = next(one for one in self.queues[name] if one.id == arguments["ReceiptHandle"])
        message.visible_at = self.now + timedelta(seconds=arguments["VisibilityTimeout"])
        return {}

    def _by_hand(self, name: str, most: int) -> list[dict[str, Any]]:
        """What a receive finds; what was received too often goes to the dead letters now."""
        for message in [one for one in self.queues[name] if one.visible_at <= self.now]:
            if message.receives >= RECEIVES[name]:
                self.queues[name].remove(message)
                self.dead[name].append(message)
        return [
            {
                "Body": message.body,
                "ReceiptHandle": message.id,
                "Attributes": {"ApproximateReceiveCount": str(message.receives)},
            }
            for message in self.receive(name, most)
        ]

    def _mapping_call(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        bank = arguments["UUID"].removeprefix("mapping-of-")
        if operation == "UpdateEventSourceMapping":
            (self.held.discard if arguments["Enabled"] else self.held.add)(bank)
        return {"State": "Disabled" if bank in self.held else "Enabled"}

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes, seconds: float, *,
             allow_loopback: bool, most_bytes: int = http.MOST_BYTES_READ) -> http.Answer:  # fmt: skip
        with self.call("http.call"):
            if seconds <= 0:
                return http.Answer(None)
            wire = Wire(self.now, url, dict(headers), body, method, seconds)
            self.wires.append(wire)
            return self.answer(wire)

    # requests

    def request(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None,
                scope: str = "") -> dict[str, Any]:  # fmt: skip
        return edge.call(method, path, body, headers or {}, scope)

    def signed(self, who: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        raw = json.dumps(body).encode()
        message_id = f"msg_{len(self.calls)}"
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(self.now.timestamp())),
            "webhook-signature": Webhook(self.secrets[who]).sign(message_id, self.now, raw.decode()),
        }
        return self.request("POST", path, raw, headers)

    def pays(self, body: Mapping[str, Any], bank: str = "openbank") -> None:
        assert self.signed(bank, f"/v1/banks/{bank}/transactions", body)["statusCode"] == 202

    def sells(self, body: Mapping[str, Any], retailer: str = "kite") -> None:
        answer = self.signed(retailer, f"/v1/retailers/{retailer}/receipts", body)
        assert answer["statusCode"] == 202, answer

    def play(self, name: str) -> dict[str, Any]:
        """Sends an event of `events/` as it would be sent now."""
        event = event_files.load(name, self.now)
        names = ("consents", "customers", "deliveries", "rights")
        scope = " ".join(f"counterfoil/{event.token}.{name}" for name in names) if event.token else ""
        path = event.address(self.secrets)
        return self.request(event.method, path, event.body, event.signed(self.secrets, self.now), scope)

    def body_of(self, name: str) -> dict[str, Any]:
        return json.loads(event_files.load(name, self.now).body)

    def consent(self, customer_id: str = "cust_42", *, bank: str = "openbank", granted: bool = True,
                version: int = 0) -> dict[str, Any]:  # fmt: skip
        wish = {"granted": granted, "expected_version": version, "notice_version": "2026-11"}
        path = f"/v1/banks/{bank}/customers/{customer_id}/consents/receipts"
        return self.request("PUT", path, json.dumps(wish).encode(), scope=f"counterfoil/{bank}.consents")

    # queues

    def put(self, queue: str, body: str, at: datetime | None = None) -> None:
        self.sent += 1
        self.queues[queue].append(Message(f"m{self.sent}", body, at or self.now))

    def next_at(self) -> datetime | None:
        """When the next message comes."""
        waiting = [queue for name, queue in self.queues.items() if name not in self.held]
        return min((message.visible_at for queue in waiting for message in queue), default=None)

    def run(self, seconds: float = 86_400) -> None:
        """Works off every queue, moving time to the next message, until nothing comes within `seconds`."""
        until = self.now + timedelta(seconds=seconds)
        while (next_at := self.next_at()) is not None and next_at <= until:
            if next_at > self.now:
                self.clock.move_to(next_at)
            for name in self.queues:
                self._work_off(name)

    def _work_off(self, name: str) -> None:
        if name not in self.held and (batch := self.receive(name)):
            self.work_on(name, batch)

    def receive(self, name: str, most: int = 10) -> list[Message]:
        batch = [message for message in self.queues[name] if message.visible_at <= self.now][:most]
        for message in batch:
            message.receives += 1
            message.visible_at = self.now + timedelta(seconds=VISIBILITY)
        return batch

    def work_on(self, name: str, batch: list[Message]) -> None:
        handler = HANDLERS.get(name, deliver_receipt.handler)
        self.mortal += 1
        self.lives.append(self.passed)
        failed = {message.id for message in batch}
        try:
            failures = handler({"Records": [self._record(name, message) for message in batch]}, None)
            failed = {item["itemIdentifier"] for item in failures["batchItemFailures"]}
        except Death:
            clocks.forget()
            habits.forget()
        finally:
            self.mortal -= 1
        for message in batch:
            if message not in self.queues[name]:
                continue  # a second Lambda had it too, and was done before
            if message.id not in failed:
                self.queues[name].remove(message)
            elif message.receives >= RECEIVES[name]:
                self.queues[name].remove(message)
                self.dead[name].append(message)

    def _record(self, name: str, message: Message) -> dict[str, Any]:
        return {
            "messageId": message.id,
            "receiptHandle": message.id,
            "body": message.body,
            "attributes": {"ApproximateReceiveCount": str(message.receives)},
            "eventSourceARN": f"arn:aws:sqs:eu-west-1:111122223333:{name}",
        }

    # looking

    def items(self, name: str) -> list[dict[str, Any]]:
        return self.original_call(table._client(), "Scan", {"TableName": name})["Items"]

    def notices(self) -> list[dict[str, Any]]:
        return [wire.notice for wire in self.wires]


def forget_everything() -> None:
    registry.forget()
    clocks.forget()
    habits.forget()
    rates.forget()
    bank_health.forget()
    secrets.forget()
    observe.forget()


@contextmanager
def world(at: datetime = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)) -> Iterator[World]:
    """A fresh world: tables, queues, secrets, and the sandbox's banks and retailers registered."""
    original = straight(BaseClient._make_api_call)
    with (
        mock.patch.dict(os.environ, ENVIRONMENT),
        mock_aws(),
        quick_moto(),
        time_machine.travel(at, tick=False) as clock,
    ):
        forget_everything()
        create_tables()
        create_buckets()
        made = World(clock, original, create_secrets())
        register()
        with (
            mock.patch.object(BaseClient, "_make_api_call", lambda *call: made.api_call(*call)),
            mock.patch.object(http, "call", made.send),
        ):
            yield made
        forget_everything()
