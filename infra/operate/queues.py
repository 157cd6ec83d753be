"""What could not be worked on: counted, and sent again."""

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from infra.operate import deployment, erasures
from infra.operate.deployment import Orders, Refused


def add_orders(orders: Orders) -> None:
    order = orders.add_parser(
        "dead-letters",
        help="how many messages each queue has given up on",
        description="One line a queue: the number of its dead letters, and its name.",
    )
    order.set_defaults(carry_out=dead_letters)

    order = orders.add_parser(
        "redrive",
        help="send a queue's dead letters again",
        description="Moves what lies in the dead letters now back into their queue. "
        "Sending twice does no harm: a receipt keeps its delivery id. "
        "Mend the cause first, or they come back. The erasure ledger is applied before.",
    )
    order.add_argument("queue", metavar="QUEUE", help="a bank's name, match or files")
    order.add_argument("--limit", type=int, default=10_000, metavar="N", help="at most so many (10000)")
    order.set_defaults(carry_out=redrive)


def dead_letters(_: argparse.Namespace) -> None:
    for name, url in _queues().items():
        print(f"{_depth(_dead_letters_of(url)):>6} {name}")


def redrive(order: argparse.Namespace) -> None:
    """Receive, send again, delete: what this dies on is sent twice, which does no harm, and never lost."""
    queues = _queues()
    if order.queue not in queues:
        raise Refused(f"redrive: no such queue; there are {', '.join(queues)}")
    # What lies there may be of somebody who was erased, and whom a restore brought back.
    print(erasures.apply())
    moved = failed = 0
    source = _dead_letters_of(queues[order.queue])
    # Only what lies there now: what fails again meanwhile comes back to the same dead letters.
    limit = min(order.limit, _depth(source))
    deployment.record("ops action", order="redrive", queue=order.queue, at_most=limit)
    while moved + failed < limit:
        messages = _receive(source, min(10, limit - moved - failed))
        if not messages:
            break
        done = _send_again(source, queues[order.queue], messages)
        moved, failed = moved + done, failed + len(messages) - done
    print(f"{moved} moved from the dead letters of {order.queue}, {failed} failed, {_depth(source)} left")
    if failed:
        raise Refused("Those that failed are still in the dead letters.")


def _send_again(source: str, target: str, messages: Sequence[Mapping[str, Any]]) -> int:
    """How many were sent and then deleted."""
    sqs = deployment.client("sqs")
    again = [
        {
            "Id": str(index),
            "MessageBody": message["Body"],
            "MessageAttributes": {
                name: {key: value[key] for key in ("DataType", "StringValue", "BinaryValue") if key in value}
                for name, value in message.get("MessageAttributes", {}).items()
            },
        }
        for index, message in enumerate(messages)
    ]
    sent = sqs.send_message_batch(QueueUrl=target, Entries=again).get("Successful", [])
    if not sent:
        return 0
    handles = [{"Id": each["Id"], "ReceiptHandle": messages[int(each["Id"])]["ReceiptHandle"]} for each in sent]
    return len(sqs.delete_message_batch(QueueUrl=source, Entries=handles).get("Successful", []))


def _receive(url: str, count: int) -> list[dict[str, Any]]:
    answer = deployment.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=count, MessageAttributeNames=["All"], WaitTimeSeconds=1
    )
    return answer.get("Messages", [])


def _queues() -> dict[str, str]:
    """The work queues' addresses: `match`, and one a bank."""
    return json.loads(deployment.outputs()["Queues"])


def _dead_letters_of(url: str) -> str:
    sqs = deployment.client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    arn = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
    return sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[1])["QueueUrl"]


def _depth(url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(deployment.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])
