"""What the operators' commands find in an account, for tests: queues, and stand-ins for stacks and functions."""

import io
import json
from typing import Any

import boto3

from infra.names import APP_STACK, REGION

QUEUES = ("match", "openbank")


class Stacks:
    """CloudFormation as far as the commands ask it, which moto has only with much more to install."""

    def __init__(self, outputs: dict[str, str]) -> None:
        self.outputs = outputs

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        assert StackName == APP_STACK
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self.outputs.items()]
        return {"Stacks": [{"StackName": StackName, "Outputs": outputs}]}


class Desk:
    """Stands for the deployed functions; moto would need Docker to run one. What ops do is recorded first."""

    def __init__(self) -> None:
        self.recorded: list[dict[str, Any]] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        if FunctionName != "desk":
            return self.called(FunctionName, json.loads(Payload))
        self.recorded.append(json.loads(Payload)["did"])
        return {"Payload": io.BytesIO(b"{}")}

    def called(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        raise AssertionError(name)


class Erasing(Desk):
    """Stands for the deployed `apply_erasures` too: a ledger of two pages."""

    def __init__(self, **failure: str) -> None:
        super().__init__()
        self.failure, self.asked = failure, list[str]()

    def called(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        assert name == "erasures"
        self.asked.append(payload["after"])
        told = {"entries": 3, "again": 1, "after": "" if payload["after"] else "erasures/3"}
        return {"Payload": io.BytesIO(json.dumps(told).encode()), **self.failure}


class Registering(Desk):
    """Stands for the deployed `register_partners`."""

    def __init__(self, answer: dict[str, Any], **more: str) -> None:
        super().__init__()
        self.answer, self.more = answer, more
        self.calls: list[dict[str, Any]] = []

    def called(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        assert name == "register"
        self.calls.append(payload)
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode()), **self.more}


class Tending(Desk):
    """Stands for the deployed `probe_banks`."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[dict[str, Any]] = []

    def called(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        assert name == "probe"
        self.orders.append(payload)
        nothing = dict.fromkeys(("reason", "since", "last_status", "next_probe"))
        paused = {"reason": "failing", "since": "2026-11-22T09:00:00Z", "last_status": 503,
                  "next_probe": "2026-11-22T09:08:00Z"}  # fmt: skip
        told = [{"bank": "openbank", "state": "well"} | nothing, {"bank": "monzo", "state": "paused"} | paused]
        return {"Payload": io.BytesIO(json.dumps({"banks": told}).encode())}


def make_queues() -> dict[str, str]:
    """Each with its dead letters; their URLs by name."""
    sqs = boto3.client("sqs", region_name=REGION)
    urls = {}
    for name in QUEUES:
        dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
        urls[name] = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    return urls


def words(text: str) -> list[list[str]]:
    """Of each line that a command printed."""
    return [line.split() for line in text.splitlines()]
