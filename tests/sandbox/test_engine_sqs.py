"""The engine's queues, and how they feed functions: what matching and delivery rest on."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.sandbox.engine import Engine
from tests.sandbox.engine_parts import allow, eventually, function, mended, queue

# Blocks while the other end of the line is silent; fails, delays or reports what the message says.
CONSUMER = """
import json, os, socket
import boto3

def handler(event, context):
    failures = []
    for record in event["Records"]:
        told = json.loads(record["body"])
        if port := told.get("silent"):
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.recv(1)
        if told.get("raise"):
            raise ValueError("poison")
        sqs = boto3.client("sqs")
        source = sqs.get_queue_url(QueueName=record["eventSourceARN"].rsplit(":", 1)[1])["QueueUrl"]
        if "again_after" in told and record["attributes"]["ApproximateReceiveCount"] == "1":
            failures.append({"itemIdentifier": record["messageId"]})
            handle = record["receiptHandle"]
            sqs.change_message_visibility(
                QueueUrl=source, ReceiptHandle=handle, VisibilityTimeout=told["again_after"]
            )
        seen = {
            "name": told.get("name"),
            "records": len(event["Records"]),
            "count": record["attributes"]["ApproximateReceiveCount"],
            "kind": record["messageAttributes"].get("kind", {}).get("stringValue"),
        }
        sqs.send_message(QueueUrl=os.environ["SEEN"], MessageBody=json.dumps(seen))
    return {"batchItemFailures": failures}
"""


class Consumer:
    """A function fed by mappings, and what it says that it has seen."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.sqs = engine, engine.client("sqs")
        self.seen_url, _ = queue(engine)
        self.name = function(
            engine, CONSUMER, allow("sqs:*"), Timeout=20, Environment={"Variables": {"SEEN": self.seen_url}}
        )

    def feed_from(self, queue_arn: str, **options: Any) -> None:
        self.engine.client("lambda").create_event_source_mapping(
            EventSourceArn=queue_arn,
            FunctionName=self.name,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            **options,
        )

    def seen(self, count: int, seconds: float = 15) -> list[dict[str, Any]]:
        """The next `count` messages worked on."""
        found: list[dict[str, Any]] = []

        def enough() -> bool:
            answer = self.sqs.receive_message(QueueUrl=self.seen_url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.seen_url, ReceiptHandle=message["ReceiptHandle"])
            return len(found) >= count

        eventually(enough, seconds)
        return found


@pytest.fixture
def silent_line() -> Iterator[socket.socket]:
    """A listener that takes calls and says nothing, like a bank that hangs."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as line:
        yield line


def attribute(engine: Engine, url: str, name: str) -> str:
    found = engine.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return str(found["Attributes"][name])


def receive(engine: Engine, url: str, **options: Any) -> list[dict[str, Any]]:
    answer = engine.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"], **options
    )
    return list(answer.get("Messages", []))


def test_a_batch_is_taken_message_by_message(engine: Engine) -> None:
    sqs, (url, _) = engine.client("sqs"), queue(engine)
    control_character = {"Id": "b", "MessageBody": "\x00"}
    answer = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "yes"}, control_character])
    assert [entry["Id"] for entry in answer["Successful"]] == ["a"]
    assert [entry["Id"] for entry in answer["Failed"]] == ["b"]
    entries = [{"Id": str(number), "MessageBody": "x"} for number in range(11)]
    with pytest.raises(ClientError, match="TooManyEntries"):
        sqs.send_message_batch(QueueUrl=url, Entries=entries)


@mended("longer waits than SQS has are taken")
def test_waits_beyond_the_limits_are_refused(engine: Engine) -> None:
    sqs, (url, _) = engine.client("sqs"), queue(engine)
    delayed = [{"Id": str(seconds), "MessageBody": "x", "DelaySeconds": seconds} for seconds in (900, 901)]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=delayed)
    assert [entry["Id"] for entry in answer.get("Failed", [])] == ["901"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = receive(engine, url)
    hide = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    sqs.change_message_visibility(**hide, VisibilityTimeout=43200)
    with pytest.raises(ClientError, match="VisibilityTimeout"):
        sqs.change_message_visibility(**hide, VisibilityTimeout=43201)


def test_a_delayed_message_comes_after_one_sent_later(engine: Engine) -> None:
    sqs, (url, _) = engine.client("sqs"), queue(engine)
    sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=1)
    sqs.send_message(QueueUrl=url, MessageBody="at once")
    assert [message["Body"] for message in receive(engine, url)] == ["at once"]
    assert attribute(engine, url, "ApproximateNumberOfMessagesDelayed") == "1"
    (late,) = eventually(lambda: receive(engine, url))
    assert late["Body"] == "delayed"


def test_visibility_hides_and_shows_again_and_counts_receipts(engine: Engine) -> None:
    sqs, (url, _) = engine.client("sqs"), queue(engine, VisibilityTimeout="60")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (first,) = receive(engine, url)
    assert receive(engine, url) == []
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    (second,) = receive(engine, url)
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])
    assert attribute(engine, url, "ApproximateNumberOfMessagesNotVisible") == "0"


def test_a_failed_item_comes_back_when_its_function_said_and_its_neighbours_do_not(engine: Engine) -> None:
    consumer, (url, arn) = Consumer(engine), queue(engine, VisibilityTimeout="120")
    bodies = [{"name": "good"}, {"name": "bad", "again_after": 1}, {"name": "fine"}]
    entries = [{"Id": str(number), "MessageBody": json.dumps(body)} for number, body in enumerate(bodies)]
    entries[1]["MessageAttributes"] = {"kind": {"DataType": "String", "StringValue": "kept"}}  # type: ignore[assignment]
    consumer.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    consumer.feed_from(arn, BatchSize=10)
    seen = consumer.seen(4)
    assert {message["records"] for message in seen[:3]} == {3}, "one batch"
    assert seen[3] == {"name": "bad", "records": 1, "count": "2", "kind": "kept"}
    eventually(lambda: attribute(engine, url, "ApproximateNumberOfMessagesNotVisible") == "0")
    assert attribute(engine, url, "ApproximateNumberOfMessages") == "0"


def test_a_poison_message_ends_in_the_dead_letters_with_its_attributes(engine: Engine) -> None:
    consumer, (dead_url, dead_arn) = Consumer(engine), queue(engine)
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = queue(engine, VisibilityTimeout="0", RedrivePolicy=redrive)
    consumer.feed_from(arn)
    consumer.sqs.send_message(
        QueueUrl=url,
        MessageBody=json.dumps({"raise": True}),
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "kept"}},
    )
    (dead,) = eventually(lambda: receive(engine, dead_url))
    assert json.loads(dead["Body"]) == {"raise": True}
    assert dead["MessageAttributes"]["kind"]["StringValue"] == "kept"
    assert receive(engine, url) == []


def test_a_silent_bank_holds_up_neither_its_function_nor_other_queues(
    engine: Engine, silent_line: socket.socket
) -> None:
    consumer, (silent_url, silent_arn), (other_url, other_arn) = (
        Consumer(engine),
        queue(engine),
        queue(engine),
    )
    for arn in (silent_arn, other_arn):
        consumer.feed_from(arn, BatchSize=1, ScalingConfig={"MaximumConcurrency": 3})
    hanging = json.dumps({"name": "silent", "silent": silent_line.getsockname()[1]})
    for _ in range(8):
        consumer.sqs.send_message(QueueUrl=silent_url, MessageBody=hanging)
    silent_line.settimeout(15)
    calls = [silent_line.accept()[0] for _ in range(3)]
    for number in range(6):
        consumer.sqs.send_message(QueueUrl=other_url, MessageBody=json.dumps({"name": number}))
    assert {message["name"] for message in consumer.seen(6)} == set(range(6)), "while three calls hang"
    silent_line.settimeout(0.5)
    with pytest.raises(TimeoutError):
        calls.append(silent_line.accept()[0])  # MaximumConcurrency holds
    silent_line.settimeout(15)
    for _ in range(5):
        calls.pop(0).close()
        calls.append(silent_line.accept()[0])
    for call in calls:
        call.close()
    assert {message["name"] for message in consumer.seen(8)} == {"silent"}
