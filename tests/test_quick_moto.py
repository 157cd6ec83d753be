"""What is quick answers as moto does: the same calls, drawn at random, on both."""

from collections.abc import Mapping
from random import Random
from typing import Any
from unittest import mock

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws

from counterfoil.store import table
from tests.account import ENVIRONMENT, create_tables
from tests.quick_moto import quick_moto, straight

type Call = tuple[str, Mapping[str, Any]]


def key(dice: Random) -> dict[str, Any]:
    return {"pk": {"S": f"p{dice.randrange(3)}"}, "sk": {"S": f"s{dice.randrange(3)}"}}


def condition(dice: Random) -> dict[str, Any]:
    """That an item is there, or is not, or nothing."""
    say = dice.choice(["attribute_exists(pk)", "attribute_not_exists(pk)", None])
    return {"ConditionExpression": say, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if say else {}


def write(dice: Random) -> Call:
    kind, where = dice.choice(["Put", "Delete", "Update"]), {"TableName": "ledger"} | condition(dice)
    values = {"n": {"N": str(dice.randrange(9))}, "b": {"B": b"\x00\xff"}, "l": {"L": [{"S": "x"}, {"BOOL": True}]}}
    if kind == "Put":
        return kind, where | {"Item": key(dice) | values | {"subject": {"S": "who"}, "at": {"N": "1"}}}
    if kind == "Delete":
        return kind, where | {"Key": key(dice)}
    value = {":n": values["n"], ":l": values["l"]}
    return kind, where | {
        "Key": key(dice),
        "UpdateExpression": "SET l = :l ADD n :n",
        "ExpressionAttributeValues": value,
    }


def call(dice: Random) -> Call:
    which = dice.randrange(6)
    if which == 0:
        return "GetItem", {"TableName": "ledger", "Key": key(dice), "ConsistentRead": True}
    if which == 1:
        say = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": key(dice)["pk"]}}
        return "Query", {"TableName": "ledger", "ScanIndexForward": dice.random() < 0.5, "Limit": 2} | say
    if which == 2:
        say = {"KeyConditionExpression": "subject = :p", "ExpressionAttributeValues": {":p": {"S": "who"}}}
        return "Query", {"TableName": "ledger", "IndexName": "by_subject"} | say
    if which == 3:
        writes = [write(dice) for _ in range(dice.randint(1, 3))]
        return "TransactWriteItems", {"TransactItems": [{kind: said} for kind, said in writes]}
    kind, said = write(dice)
    return f"{kind}Item", said


def answers(seed: int) -> list[Any]:
    """What 120 calls are answered, without what tells of the wire; and in the end, all items."""
    dice, client, told = Random(seed), table._client(), []
    everything = ("Scan", {"TableName": "ledger"})
    for operation, arguments in [*(call(dice) for _ in range(120)), everything]:
        try:
            answer = client._make_api_call(operation, arguments)
        except ClientError as error:
            answer = error.response
        answer.pop("ResponseMetadata", None)
        answer["Items"] = sorted(answer.get("Items", []), key=str) if operation == "Scan" else answer.get("Items")
        told.append((operation, answer))
    return told


@pytest.mark.parametrize("seed", range(4))
def test_the_quick_way_answers_alike(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        create_tables()
        slow = answers(seed)
    with mock_aws(), quick_moto():
        create_tables()
        with mock.patch.object(BaseClient, "_make_api_call", straight(BaseClient._make_api_call)):
            quick = answers(seed)
    assert quick == slow
    assert {answer["Error"]["Code"] for _, answer in slow if "Error" in answer} >= {
        "ConditionalCheckFailedException",
        "TransactionCanceledException",
    }
