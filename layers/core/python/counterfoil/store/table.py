"""The only caller of DynamoDB, but for `lists`.

Items are plain dicts of str, int, bytes, bool, list and dict. A conditional write that does not hold raises
ConditionFailed with what stands there; conditions are made by the functions that name them in words.
"""

import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import boto3
from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import ClientError

from counterfoil.errors import ConditionFailed, TryAgain

Item = dict[str, Any]

CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "max_attempts": 4},
    tcp_keepalive=True,
)
# For what may fail without harm, and must not hold anything up.
_HASTY = Config(connect_timeout=0.5, read_timeout=0.5, retries={"mode": "standard", "max_attempts": 1})
_LOST_TO_ANOTHER = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


@functools.cache
def _client() -> Any:
    return boto3.client("dynamodb", config=CONFIG)


@functools.cache
def _hasty_client() -> Any:
    return boto3.client("dynamodb", config=_HASTY)


@dataclass(frozen=True, slots=True)
class Table:
    """A table, named by the setting that holds its name."""

    setting: str

    @property
    def name(self) -> str:
        return os.environ[self.setting]


LEDGER = Table("LEDGER_TABLE")
RENDEZVOUS = Table("RENDEZVOUS_TABLE")
SALTS = Table("SALTS_TABLE")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition expression over attribute names as they are, with its values by placeholder."""

    expression: str
    values: Mapping[str, Any] = field(default_factory=dict)


def nothing_there() -> Condition:
    return Condition("attribute_not_exists(pk)")


def still_at(rev: int) -> Condition:
    """Nobody moved the record since it was read at this `rev`."""
    return Condition("#rev = :was", {":was": rev})


def nothing_there_or_written_by(owner: str) -> Condition:
    return Condition("attribute_not_exists(pk) OR #owner = :me", {":me": owner})


def nothing_there_or_of(subject: str) -> Condition:
    """What stands there, if anything, is this customer's."""
    return Condition("attribute_not_exists(pk) OR subject = :me", {":me": subject})


def nothing_newer_than(rev: int) -> Condition:
    """What stands there, if anything, is of this `rev` or an earlier one."""
    return Condition("attribute_not_exists(pk) OR #rev <= :mine", {":mine": rev})


@dataclass(frozen=True, slots=True)
class Put:
    """A whole item, written if the condition holds."""

    table: Table
    item: Item
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Attributes set and removed of an item that is there, if the condition holds."""

    table: Table
    key: Item
    values: Item
    condition: Condition
    remove: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Delete:
    """An item gone, if the condition holds."""

    table: Table
    key: Item
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Nothing written: only that the condition holds of an item, or of there being none."""

    table: Table
    key: Item
    condition: Condition


type Write = Put | Change | Delete | Check

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def _outward(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in item.items() if value is not None}


def _inward(item: Mapping[str, Any]) -> Item:
    return {name: _plain(_deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:
    """Numbers are whole here, and bytes are bytes."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, Binary):
        return value.value
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def get(table: Table, key: Item, *, consistent: bool = True) -> Item | None:
    answer = _client().get_item(TableName=table.name, Key=_outward(key), ConsistentRead=consistent)
    return _inward(answer["Item"]) if "Item" in answer else None


def query(table: Table, pk: str, between: tuple[str, str], *, limit: int, consistent: bool) -> tuple[list[Item], bool]:
    """The items of a partition with sort keys in a closed range, at most `limit`; whether there were more."""
    answer = _client().query(
        TableName=table.name,
        KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
        ExpressionAttributeValues=_outward({":pk": pk, ":low": between[0], ":high": between[1]}),
        Limit=limit,
        ConsistentRead=consistent,
    )
    return [_inward(item) for item in answer["Items"]], "LastEvaluatedKey" in answer


def query_index(table: Table, index: str, attribute: str, value: str) -> Iterator[list[Item]]:
    """What an index has under a value, a page at a time: the keys only, and not always what was written just now."""
    pages = (
        _client()
        .get_paginator("query")
        .paginate(
            TableName=table.name,
            IndexName=index,
            KeyConditionExpression="#key = :pk",
            ExpressionAttributeNames={"#key": attribute},
            ExpressionAttributeValues=_outward({":pk": value}),
        )
    )
    for page in pages:
        yield [_inward(item) for item in page["Items"]]


def write(change: Put | Change | Delete) -> None:
    """One write. Raises ConditionFailed with the item that stands there."""
    try:
        getattr(_client(), _OPERATION[type(change)])(**_request(change))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        there = error.response.get("Item")
        raise ConditionFailed([_inward(there) if there else {}]) from None


def add(table: Table, key: Item, numbers: Mapping[str, int], values: Item) -> Item:
    """Adds to numbers of an item and sets its values; made where there is none. The item as it is then.

    Unconditional, since adding commutes. Gives up within a second: for counts that may be missed.
    """
    names = {f"#{name}": name for name in (*numbers, *values)}
    adds = ", ".join(f"#{name} :{name}" for name in numbers)
    sets = ", ".join(f"#{name} = :{name}" for name in values)
    answer = _hasty_client().update_item(
        TableName=table.name,
        Key=_outward(key),
        UpdateExpression=f"ADD {adds} SET {sets}",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=_outward({f":{name}": value for name, value in {**numbers, **values}.items()}),
        ReturnValues="ALL_NEW",
    )
    return _inward(answer["Attributes"])


def transact(changes: Sequence[Write]) -> None:
    """All or none, a hundred at most.

    Raises ConditionFailed (an item or None a change), or TryAgain where another was writing.
    """
    writes = [{_IN_TRANSACTION[type(change)]: _request(change)} for change in changes]
    try:
        _client().transact_write_items(TransactItems=writes)
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise
        reasons = error.response.get("CancellationReasons", [])
        if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
            raise ConditionFailed([_item_of(reason) for reason in reasons]) from None
        if any(reason.get("Code") in _LOST_TO_ANOTHER for reason in reasons):
            raise TryAgain("another writer was faster", after=2) from None
        raise


def delete(table: Table, key: Item, condition: Condition) -> None:
    """Deletes an item, or leaves it where the condition does not hold."""
    try:
        write(Delete(table, key, condition))
    except ConditionFailed:
        return


_OPERATION = {Put: "put_item", Change: "update_item", Delete: "delete_item"}
_IN_TRANSACTION = {Put: "Put", Change: "Update", Delete: "Delete", Check: "ConditionCheck"}


def _item_of(reason: Mapping[str, Any]) -> Item | None:
    if reason.get("Code") != "ConditionalCheckFailed":
        return None
    return _inward(reason.get("Item", {}))


def _request(change: Write) -> dict[str, Any]:
    request: dict[str, Any] = {"TableName": change.table.name}
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    if isinstance(change, Put):
        request["Item"] = _outward(_placed(change))
    else:
        request["Key"] = _outward(change.key)
    if isinstance(change, Change):
        request["UpdateExpression"] = _update_expression(change, names, values)
    if change.condition:
        _add_condition(change.condition, request, names, values)
    if names:
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = _outward(values)
    return request


def _placed(put: Put) -> Item:
    """What is a customer's stands in the index by_subject by its time `at`; what has none stands before all else."""
    return {"at": 0, **put.item} if put.table == LEDGER and "subject" in put.item else put.item


def _update_expression(change: Change, names: dict[str, str], values: dict[str, Any]) -> str:
    names |= {f"#{name}": name for name in (*change.values, *change.remove)}
    values |= {f":{name}": value for name, value in change.values.items()}
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in change.values)
    if change.remove:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in change.remove)
    return expression


def _add_condition(
    condition: Condition, request: dict[str, Any], names: dict[str, str], values: dict[str, Any]
) -> None:
    request["ConditionExpression"] = condition.expression
    request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    names |= {f"#{name}": name for name in ("rev", "owner") if f"#{name}" in condition.expression}
    values |= condition.values
