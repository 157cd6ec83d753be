"""A bank that keeps failing is paused on the deployed engine, probed, and resumed; nothing is lost."""

import json
from typing import Any

import pytest

from infra.sandbox.bank import Trouble
from tests.sandbox.engine_parts import eventually
from tests.sandbox.live import Live

BANK = "harbourbank"
HEALTH = {"pk": {"S": f"B#{BANK}"}, "sk": {"S": "H"}}
TWO_MINUTES = 120_000


def look(live: Live, **order: Any) -> dict[str, Any]:
    """Has the banks tended, as each minute does, or as ops order; how the bank is then."""
    answer = live.client("lambda").invoke(
        FunctionName=live.deployment.outputs["ProbeFunction"], Payload=json.dumps(order)
    )
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    return next(bank for bank in told["banks"] if bank["bank"] == BANK)


def noted(live: Live) -> dict[str, int]:
    """The numbers in the bank's health record."""
    found = live.client("dynamodb").get_item(TableName=live.deployment.ledger_table, Key=HEALTH, ConsistentRead=True)
    return {name: int(value["N"]) for name, value in found.get("Item", {}).items() if "N" in value}


def fail_since_earlier(live: Live) -> None:
    """The clock of the stretch of failures is moved on by two minutes."""
    live.client("dynamodb").update_item(
        TableName=live.deployment.ledger_table,
        Key=HEALTH,
        UpdateExpression="SET failing_since = failing_since - :earlier",
        ExpressionAttributeValues={":earlier": {"N": str(TWO_MINUTES)}},
    )


def state_of_mapping(live: Live) -> str:
    sqs, functions = live.client("sqs"), live.client("lambda")
    url = live.deployment.delivery_queue_urls[BANK]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    (mapping,) = functions.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
    return str(mapping["State"])


def sell(live: Live, tag: str) -> dict[str, Any]:
    live.stage.begin(0, tag)
    payment = live.stage.event("bank_webhook.authorised_harbourbank", tag)
    payment["data"]["customer_id"] = "H-paused"
    live.stage.pay(BANK, payment)
    live.stage.print_receipt("fern", live.stage.event("retailer_receipt.weighed_goods", tag))
    return payment


def test_a_failing_bank_is_paused_probed_and_resumed(live: Live) -> None:
    live.consent("H-paused", bank=BANK)
    bank = live.stage.bank(BANK)
    bank.behave(Trouble(500))
    early = sell(live, "early")
    eventually(lambda: noted(live).get("failures", 0) >= 3, 40)
    fail_since_earlier(live)

    assert look(live)["state"] == "paused"

    assert state_of_mapping(live) in ("Disabled", "Disabling")
    late = sell(live, "late")
    queue = live.deployment.delivery_queue_urls[BANK]
    eventually(lambda: live._depth(queue) == 2, 20)
    assert live.stage.attempts(BANK, late) == []
    assert look(live, look=True)["reason"] == "failing"

    bank.behave(None)
    # The minute's own run may have probed in vain just before: then the next is due in a minute.
    eventually(lambda: look(live)["state"] == "well", 75)

    assert state_of_mapping(live) in ("Enabled", "Enabling")
    for payment in (early, late):
        assert live.stage.shown(BANK, payment)["state"] == "matched"
    assert [attempt.status for attempt in live.stage.attempts(BANK, late)] == [204]
    assert live._depth(live.dead_letters_of(queue)) == 0


@pytest.mark.parametrize("order", ["pause", "resume"])
def test_ops_pause_and_resume_a_bank(order: str, live: Live) -> None:
    told = look(live, **{order: BANK})
    assert (told["state"], told["reason"]) == (("paused", "by hand") if order == "pause" else ("well", None))
    assert state_of_mapping(live).startswith("Disabl" if order == "pause" else "Enabl")


def test_the_schedule_comes_by_every_minute(live: Live) -> None:
    schedules = live.client("scheduler").list_schedules()["Schedules"]
    (schedule,) = (each for each in schedules if "Probe" in each["Name"])
    found = live.client("scheduler").get_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
    assert (found["ScheduleExpression"], found["State"]) == ("rate(1 minute)", "ENABLED")
    assert live.deployment.outputs["ProbeFunction"] in found["Target"]["Arn"]
