"""The real handlers on the embedded engine, every AWS call of theirs written down with what it consumed.

The engine counts capacity units; receives and deletes of the event source mappings, which are not the handlers' own
calls, are counted one of each a batch.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

import boto3
import time_machine
from botocore.client import BaseClient

from counterfoil.runtime import http, queues, secrets
from counterfoil.store import learned, objects, registry, table
from infra.sandbox.engine import ACCOUNT, Engine
from tests.account import ENVIRONMENT, create_buckets, create_secrets, create_tables, register
from tests.world import Message, World, forget_everything

KINDS = {
    ("ledger", "T#", "T"): "transaction",
    ("ledger", "R#", "T#"): "card tender",
    ("ledger", "D#", "D"): "receipt body",
    ("ledger", "C#", "C"): "customer",
    ("ledger", "K#", "K"): "till's clock",
    ("rendezvous", "rate#", ""): "partner's rate",
    ("rendezvous", "", ""): "pointers",
    ("salts", "", ""): "salt",
}
CLIENTS = (table._client, table._hasty_client, queues._client, secrets._client, objects.client)


@dataclass(frozen=True)
class Spent:
    """One AWS call: in which step it was made, on what, and the units or messages it cost."""

    step: str
    operation: str
    on: str
    reads: float = 0
    writes: float = 0
    index_writes: Mapping[str, float] = field(default_factory=dict)
    messages: int = 0
    delayed: int = 0

    @property
    def on_indexes(self) -> float:
        return sum(self.index_writes.values())


@dataclass
class Meter(World):
    """`step` names what is being done, for what is written down meanwhile."""

    step: str = "preparing"
    spent: list[Spent] = field(default_factory=list)

    def api_call(self, client: BaseClient, operation: str, arguments: Mapping[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        if service == "dynamodb" and operation != "Scan":
            arguments = {**arguments, "ReturnConsumedCapacity": "INDEXES"}
        answer = super().api_call(client, operation, arguments)
        if service == "dynamodb":
            self.spent += _database(self.step, operation, arguments, answer)
        elif service == "sqs":
            self.spent.append(_queue(self.step, operation, arguments))
        else:
            self.spent.append(Spent(self.step, operation, service))
        return answer

    def work_on(self, name: str, batch: list[Message]) -> None:
        for operation in ("ReceiveMessage", "DeleteMessageBatch"):
            self.spent.append(Spent(self.step, operation, f"{_queue_kind(name)} queue", messages=len(batch)))
        super().work_on(name, batch)


def _database(step: str, operation: str, arguments: Mapping[str, Any], answer: Mapping[str, Any]) -> list[Spent]:
    consumed = answer["ConsumedCapacity"]
    entries = consumed if isinstance(consumed, list) else [consumed]
    return [_units(step, operation, _kinds(entry["TableName"], arguments), entry) for entry in entries]


def _units(step: str, operation: str, on: str, consumed: Mapping[str, Any]) -> Spent:
    indexes = consumed.get("GlobalSecondaryIndexes", {})
    on_indexes = {name: units["CapacityUnits"] for name, units in indexes.items()}
    on_table = consumed["CapacityUnits"] - sum(on_indexes.values())
    if operation in ("GetItem", "BatchGetItem", "Query"):
        return Spent(step, operation, on, reads=on_table)
    return Spent(step, operation, on, writes=on_table, index_writes=on_indexes)


def _kinds(table_name: str, arguments: Mapping[str, Any]) -> str:
    """What a call is about, in the words of `store/keys.py`."""
    kinds = [_kind(table_name, key) for name, key in _keys(arguments) if name == table_name]
    return " + ".join(dict.fromkeys(kinds))


def _keys(arguments: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for request in arguments.get("TransactItems", ()):
        for change in request.values():
            yield from _keys(change)
    for name, request in arguments.get("RequestItems", {}).items():
        for key in request["Keys"]:
            yield name, key
    if "TableName" in arguments:
        key = arguments.get("Item") or arguments.get("Key") or {"pk": arguments["ExpressionAttributeValues"][":pk"]}
        yield arguments["TableName"], key


def _kind(table_name: str, key: Mapping[str, Any]) -> str:
    pk, sk = key["pk"]["S"], key.get("sk", {"S": ""})["S"]
    for (name, pk_start, sk_start), kind in KINDS.items():
        if name == table_name and pk.startswith(pk_start) and sk.startswith(sk_start):
            return kind
    return f"{table_name} {pk[:2]}"


def _queue(step: str, operation: str, arguments: Mapping[str, Any]) -> Spent:
    entries = arguments.get("Entries", ())
    return Spent(
        step,
        operation,
        f"{_queue_kind(arguments['QueueUrl'].rpartition('/')[2])} queue",
        messages=len(entries),
        delayed=sum(1 for entry in entries if entry.get("DelaySeconds")),
    )


def _queue_kind(name: str) -> str:
    return name if name == "match" else "delivery"


@contextmanager
def metered(engine: Engine) -> Iterator[Meter]:
    """Everything registered on an engine that holds nothing yet; time stands still."""
    original = BaseClient._make_api_call
    settings = ENVIRONMENT | {
        "AWS_ENDPOINT_URL": engine.endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
    with ExitStack() as until_the_end:
        enter = until_the_end.enter_context
        enter(mock.patch.dict(os.environ, settings))
        enter(mock.patch.object(boto3, "DEFAULT_SESSION", None))
        clock = enter(time_machine.travel(datetime.now(UTC), tick=False))
        for remembering in (registry, learned, secrets):
            # However slow the machine is, nothing that is remembered grows old while it is counted.
            enter(mock.patch.object(remembering, "time", SimpleNamespace(monotonic=lambda: 1.0, time=time.time)))
        _forget()
        until_the_end.callback(_forget)
        create_tables()
        create_buckets()
        made = Meter(clock, original, create_secrets())
        register()
        enter(mock.patch.object(BaseClient, "_make_api_call", lambda *call: made.api_call(*call)))
        enter(mock.patch.object(http, "call", made.send))
        yield made


def _forget() -> None:
    """Clients made before would talk to another endpoint."""
    forget_everything()
    for client in CLIENTS:
        client.cache_clear()
