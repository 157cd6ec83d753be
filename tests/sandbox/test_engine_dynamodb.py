"""The engine's DynamoDB does what the store and the budgets count on."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.sandbox.engine import Engine
from tests.sandbox.engine_parts import mended, table


def item(key: str, **attributes: str) -> dict[str, Any]:
    """A customer's stands in the index by its time."""
    timed = {"at": {"N": "0"}} if "subject" in attributes else {}
    return {"pk": {"S": key}, "sk": {"S": "a"}} | timed | {field: {"S": text} for field, text in attributes.items()}


def key(value: str) -> dict[str, Any]:
    return {"pk": {"S": value}, "sk": {"S": "a"}}


def refusal(call: Any, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return dict(refused.value.response)


def test_conditional_put_is_refused_and_shows_the_item_in_the_way(engine: Engine) -> None:
    dynamodb, name = engine.client("dynamodb"), table(engine)
    once: dict[str, Any] = {
        "TableName": name,
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    dynamodb.put_item(Item=item("k", body="first"), **once)
    answer = refusal(dynamodb.put_item, Item=item("k", body="second"), **once)
    assert answer["Error"]["Code"] == "ConditionalCheckFailedException"
    assert answer["Item"] == item("k", body="first")


def test_conditional_update_and_delete_leave_the_item_as_it_was(engine: Engine) -> None:
    dynamodb, name = engine.client("dynamodb"), table(engine)
    dynamodb.put_item(TableName=name, Item=item("k", rev="1"))
    stale: dict[str, Any] = {
        "TableName": name,
        "Key": key("k"),
        "ConditionExpression": "rev = :read",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    update = {"UpdateExpression": "SET rev = :next"}
    values = {":read": {"S": "0"}, ":next": {"S": "2"}}
    answer = refusal(dynamodb.update_item, **stale, **update, ExpressionAttributeValues=values)
    assert answer["Item"] == item("k", rev="1")
    refusal(dynamodb.delete_item, **stale, ExpressionAttributeValues={":read": {"S": "0"}})
    assert dynamodb.get_item(TableName=name, Key=key("k"))["Item"] == item("k", rev="1")


def test_transaction_is_all_or_nothing_and_gives_each_reason_with_its_item(engine: Engine) -> None:
    dynamodb, name, other = engine.client("dynamodb"), table(engine), table(engine)
    dynamodb.put_item(TableName=name, Item=item("taken", state="matched"))
    claim = {
        "TableName": name,
        "Item": item("taken", state="mine"),
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    answer = refusal(
        dynamodb.transact_write_items,
        TransactItems=[{"Put": {"TableName": other, "Item": item("new")}}, {"Put": claim}],
    )
    assert answer["Error"]["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in answer["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert answer["CancellationReasons"][1]["Item"] == item("taken", state="matched")
    assert "Item" not in dynamodb.get_item(TableName=other, Key=key("new"))


def test_condition_check_guards_a_transaction(engine: Engine) -> None:
    dynamodb, name = engine.client("dynamodb"), table(engine)
    guard = {"TableName": name, "Key": key("gone"), "ConditionExpression": "attribute_exists(pk)"}
    write = {"Put": {"TableName": name, "Item": item("new")}}
    answer = refusal(dynamodb.transact_write_items, TransactItems=[{"ConditionCheck": guard}, write])
    assert [reason["Code"] for reason in answer["CancellationReasons"]] == ["ConditionalCheckFailed", "None"]


def test_of_parallel_transactions_on_one_item_exactly_one_wins(engine: Engine) -> None:
    dynamodb, name = engine.client("dynamodb"), table(engine)

    def claim(who: str, at: str) -> bool:
        put = {
            "TableName": name,
            "Item": item(at, owner=who),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        own = {"TableName": name, "Item": item(f"{at}-{who}")}
        try:
            dynamodb.transact_write_items(TransactItems=[{"Put": put}, {"Put": own}])
        except dynamodb.exceptions.TransactionCanceledException:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            wins = list(pool.map(claim, ("one", "two", "three", "four"), [f"round-{number}"] * 4))
            assert wins.count(True) == 1


def test_repeated_transaction_token_writes_once(engine: Engine) -> None:
    dynamodb, name = engine.client("dynamodb"), table(engine)
    count = {
        "TableName": name,
        "Key": key("counter"),
        "UpdateExpression": "ADD hits :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    for _ in range(2):
        dynamodb.transact_write_items(TransactItems=[{"Update": count}], ClientRequestToken="the-same-token-0001")
    assert dynamodb.get_item(TableName=name, Key=key("counter"))["Item"]["hits"] == {"N": "1"}


def test_consistent_range_query_sees_every_write_in_order_page_by_page(engine: Engine) -> None:
    dynamodb, name = engine.client("dynamodb"), table(engine)
    query = {
        "TableName": name,
        "ConsistentRead": True,
        "KeyConditionExpression": "pk = :p AND sk BETWEEN :low AND :high",
        "ExpressionAttributeValues": {":p": {"S": "p"}, ":low": {"S": "T#02"}, ":high": {"S": "T#08"}},
    }
    for number in (9, 2, 5, 8, 1):
        dynamodb.put_item(TableName=name, Item={"pk": {"S": "p"}, "sk": {"S": f"T#{number:02}"}})
        found = dynamodb.query(**query)["Items"]
        assert (f"T#{number:02}" in [row["sk"]["S"] for row in found]) == (2 <= number <= 8)
    page = dynamodb.query(**query, Limit=2)
    rest = dynamodb.query(**query, ExclusiveStartKey=page["LastEvaluatedKey"])
    assert [row["sk"]["S"] for row in page["Items"] + rest["Items"]] == ["T#02", "T#05", "T#08"]


def test_index_holds_keys_only_and_only_items_that_have_its_key(engine: Engine) -> None:
    dynamodb, name = engine.client("dynamodb"), table(engine, "subject")
    dynamodb.put_item(TableName=name, Item=item("with", subject="s", body="sealed"))
    dynamodb.put_item(TableName=name, Item=item("without", body="sealed"))
    query = {
        "TableName": name,
        "IndexName": "by_subject",
        "KeyConditionExpression": "subject = :s",
        "ExpressionAttributeValues": {":s": {"S": "s"}},
    }
    assert dynamodb.query(**query)["Items"] == [item("with", subject="s")]
    assert refusal(dynamodb.query, **query, ConsistentRead=True)["Error"]["Code"] == "ValidationException"


def test_index_sorted_by_a_number_is_read_backwards_and_in_pages(engine: Engine) -> None:
    dynamodb, name = engine.client("dynamodb"), table(engine, "subject")
    for number in (9, 100, 20, 3, 1000):
        dynamodb.put_item(TableName=name, Item=item(f"k{number}", subject="s") | {"at": {"N": str(number)}})
    query: dict[str, Any] = {
        "TableName": name,
        "IndexName": "by_subject",
        "KeyConditionExpression": "subject = :s AND #at BETWEEN :low AND :high",
        "ExpressionAttributeNames": {"#at": "at"},
        "ExpressionAttributeValues": {":s": {"S": "s"}, ":low": {"N": "5"}, ":high": {"N": "100"}},
        "ScanIndexForward": False,
    }
    page = dynamodb.query(**query, Limit=2)
    assert [row["at"]["N"] for row in page["Items"]] == ["100", "20"]
    place = {"subject": {"S": "s"}, "at": {"N": "20"}, **key("k20")}
    assert page["LastEvaluatedKey"] == place
    rest = dynamodb.query(**query, ExclusiveStartKey=place)
    assert [row["at"]["N"] for row in rest["Items"]] == ["9"]
    assert "LastEvaluatedKey" not in rest


def test_one_batch_reads_two_tables(engine: Engine) -> None:
    dynamodb, ledger, salts = engine.client("dynamodb"), table(engine), table(engine, sort_key=False)
    dynamodb.put_item(TableName=ledger, Item=item("consent", state="granted"))
    dynamodb.put_item(TableName=salts, Item={"pk": {"S": "c"}, "salt": {"B": b"\x00\xff"}})
    answer = dynamodb.batch_get_item(
        RequestItems={
            ledger: {"Keys": [key("consent"), key("missing")], "ConsistentRead": True},
            salts: {"Keys": [{"pk": {"S": "c"}}]},
        }
    )
    assert answer["Responses"] == {
        ledger: [item("consent", state="granted")],
        salts: [{"pk": {"S": "c"}, "salt": {"B": b"\x00\xff"}}],
    }


def units(capacity: dict[str, Any]) -> tuple[float, dict[str, float]]:
    """Units on the table, and by index."""
    indexes = capacity.get("GlobalSecondaryIndexes", {})
    on_indexes = {index: counted["CapacityUnits"] for index, counted in indexes.items()}
    return capacity["CapacityUnits"] - sum(on_indexes.values()), on_indexes


def test_writes_count_by_kilobyte_and_by_what_they_change_in_each_index(engine: Engine) -> None:
    dynamodb, name = engine.client("dynamodb"), table(engine, "subject", "due")
    counted = {"TableName": name, "ReturnConsumedCapacity": "INDEXES"}

    def update(expression: str, **values: str) -> tuple[float, dict[str, float]]:
        given = {f":{field}": {"S": text} for field, text in values.items()}
        more = {"ExpressionAttributeValues": given} if given else {}
        answer = dynamodb.update_item(Key=key("k"), UpdateExpression=expression, **more, **counted)
        return units(answer["ConsumedCapacity"])

    created = dynamodb.put_item(Item=item("k", subject="s", body="x" * 1500), **counted)
    assert units(created["ConsumedCapacity"]) == (2, {"by_subject": 1})
    assert update("SET body = :b", b="y") == (2, {}), "the larger of old and new, and no index key changed"
    assert update("SET due = :d", d="2026-11-22") == (1, {"by_due": 1})
    assert update("SET due = :d", d="2026-11-23") == (1, {"by_due": 2}), "one entry out, one in"
    assert update("REMOVE due") == (1, {"by_due": 1})
    deleted = dynamodb.delete_item(Key=key("k"), **counted)
    assert units(deleted["ConsumedCapacity"]) == (1, {"by_subject": 1})


def test_transactions_count_twice_on_the_table_and_once_on_indexes(engine: Engine) -> None:
    dynamodb, name = engine.client("dynamodb"), table(engine, "subject")
    dynamodb.put_item(TableName=name, Item=item("guard"))
    answer = dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": name, "Item": item("k", subject="s", body="x" * 1500)}},
            {
                "ConditionCheck": {
                    "TableName": name,
                    "Key": key("guard"),
                    "ConditionExpression": "attribute_exists(pk)",
                }
            },
        ],
        ReturnConsumedCapacity="INDEXES",
    )
    (capacity,) = answer["ConsumedCapacity"]
    assert units(capacity) == (4 + 2, {"by_subject": 1})


@mended("a read of any size counts as one of 4 KB")
def test_reads_count_by_4_kilobytes_and_half_when_eventually_consistent(engine: Engine) -> None:
    dynamodb, name = engine.client("dynamodb"), table(engine, "subject")
    dynamodb.put_item(TableName=name, Item=item("k", subject="s", body="x" * 9000))
    total = {"TableName": name, "ReturnConsumedCapacity": "TOTAL"}

    def get(pk: str, **options: Any) -> float:
        return float(dynamodb.get_item(Key=key(pk), **total, **options)["ConsumedCapacity"]["CapacityUnits"])

    def query(condition: str, value: str, **options: Any) -> float:
        values = {":v": {"S": value}}
        found = dynamodb.query(KeyConditionExpression=condition, ExpressionAttributeValues=values, **total, **options)
        return float(found["ConsumedCapacity"]["CapacityUnits"])

    assert [get("none"), get("none", ConsistentRead=True)] == [0.5, 1]
    assert [get("k"), get("k", ConsistentRead=True)] == [1.5, 3]
    assert get("k", ProjectionExpression="pk") == 1.5, "the whole item is read"
    assert [query("pk = :v", "none"), query("pk = :v", "k", ConsistentRead=True)] == [0.5, 3]
    filtered = {"FilterExpression": "attribute_not_exists(pk)", "Limit": 5}
    assert query("pk = :v", "k", **filtered) == 1.5, "what a filter drops was read"
    assert query("subject = :v", "s", IndexName="by_subject") == 0.5, "an index entry holds keys only"


@mended("a query's items are not summed up")
def test_query_rounds_up_once_over_all_its_items(engine: Engine) -> None:
    dynamodb, name = engine.client("dynamodb"), table(engine)
    for number in range(10):
        body = {"S": "x" * 1000}
        dynamodb.put_item(TableName=name, Item={"pk": {"S": "p"}, "sk": {"S": str(number)}, "body": body})
    found = dynamodb.query(
        TableName=name,
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": "p"}},
        ReturnConsumedCapacity="TOTAL",
    )
    assert found["ConsumedCapacity"]["CapacityUnits"] == 1.5


@mended("BatchGetItem reports no capacity")
def test_batch_read_counts_each_item_by_itself(engine: Engine) -> None:
    dynamodb, ledger, salts = engine.client("dynamodb"), table(engine), table(engine, sort_key=False)
    dynamodb.put_item(TableName=ledger, Item=item("k", body="x" * 5000))
    answer = dynamodb.batch_get_item(
        RequestItems={
            ledger: {"Keys": [key("k"), key("missing")], "ConsistentRead": True},
            salts: {"Keys": [{"pk": {"S": "c"}}]},
        },
        ReturnConsumedCapacity="TOTAL",
    )
    consumed = {entry["TableName"]: entry["CapacityUnits"] for entry in answer.get("ConsumedCapacity", [])}
    assert consumed == {ledger: 3, salts: 0.5}
