"""A payment without a receipt on the deployed engine: decided once more after a day, closed after a week."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.sandbox.engine_parts import eventually
from tests.sandbox.live import Live


def visit(live: Live, **order: Any) -> dict[str, int]:
    """Has the open payments visited, as each quarter of an hour does, or early as ops may."""
    answer = live.client("lambda").invoke(
        FunctionName=live.deployment.outputs["RevisitFunction"], Payload=json.dumps(order)
    )
    told: dict[str, int] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    return told


def opened(live: Live) -> dict[str, str]:
    """The state of each transaction, by its key in the ledger."""
    pages = live.client("dynamodb").get_paginator("scan").paginate(TableName=live.deployment.ledger_table)
    items = [item for page in pages for item in page["Items"]]
    return {item["pk"]["S"]: item["state"]["S"] for item in items if item["pk"]["S"].startswith("T#")}


def waits(live: Live, key: str) -> int:
    """How many pointers the transaction has."""
    return sum(key.removeprefix("T#") in item for item in live.items()[live.deployment.rendezvous_table])


def age(live: Live, key: str, by: timedelta) -> None:
    """Moves the time at which a transaction was seen, in its record and in the due index."""
    dynamodb, table = live.client("dynamodb"), live.deployment.ledger_table
    name = {"pk": {"S": key}, "sk": {"S": "T"}}
    item = dynamodb.get_item(TableName=table, Key=name, ConsistentRead=True)["Item"]
    seen = datetime.fromtimestamp(int(item["seen"]["N"]) / 1000, UTC) - by
    shard = item["due"]["S"].rpartition("#")[2]
    dynamodb.update_item(
        TableName=table,
        Key=name,
        UpdateExpression="SET seen = :seen, due = :due",
        ExpressionAttributeValues={
            ":seen": {"N": str(int(seen.timestamp() * 1000))},
            ":due": {"S": f"open#{seen:%Y-%m-%dT%H}#{shard}"},
        },
    )


def made_long_ago(live: Live) -> None:
    """Moves the time since when each customer is one: what is older than that is not theirs."""
    dynamodb, table = live.client("dynamodb"), live.deployment.ledger_table
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    for item in (item for page in pages for item in page["Items"] if item["sk"]["S"] == "C" and "made" in item):
        key = {name: item[name] for name in ("pk", "sk")}
        long_ago = {":then": {"N": str(int(item["made"]["N"]) - 2 * 86_400_000)}}
        dynamodb.update_item(
            TableName=table, Key=key, UpdateExpression="SET made = :then", ExpressionAttributeValues=long_ago
        )


def test_a_payment_without_a_receipt_is_visited_after_a_day_and_after_a_week(live: Live) -> None:
    live.consent("revisit_1")
    made_long_ago(live)
    visit(live)
    known = opened(live)
    payment, _ = live.sale("alone", "revisit_1")
    assert live.stage.pay("openbank", payment).status_code == 202
    (key,) = eventually(lambda: opened(live).keys() - known.keys(), 10)
    assert waits(live, key) == 1
    age(live, key, timedelta(seconds=20))  # the sandbox's day has ten seconds, its week an hour
    assert visit(live, early=True)["AskedAfterADay"] >= 1
    eventually(lambda: opened(live)[key] == "unmatched", 10)
    assert waits(live, key) == 1
    age(live, key, timedelta(hours=1))
    assert visit(live, early=True)["Expired"] >= 1
    assert opened(live)[key] == "expired"
    assert waits(live, key) == 0


def test_the_schedule_comes_by_every_quarter_of_an_hour(live: Live) -> None:
    schedules = live.client("scheduler").list_schedules()["Schedules"]
    (schedule,) = (each for each in schedules if "Revisit" in each["Name"])
    found = live.client("scheduler").get_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
    assert (found["ScheduleExpression"], found["State"]) == ("rate(15 minutes)", "ENABLED")
    assert live.deployment.outputs["RevisitFunction"] in found["Target"]["Arn"]
