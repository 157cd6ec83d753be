"""The deployed stack, as the orders reach it: its outputs, its functions, and the services it uses."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

import boto3

from infra.names import APP_STACK, REGION

type Orders = argparse._SubParsersAction[argparse.ArgumentParser]


DESK = "AuditDeskFunction"


class Refused(Exception):
    """An order that cannot be carried out; the text says why."""


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def outputs() -> dict[str, str]:
    stacks = client("cloudformation").describe_stacks(StackName=APP_STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}


def invoke(output: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What the function that this output of the stack names answers. Raises Refused where it fails."""
    answer = client("lambda").invoke(FunctionName=outputs()[output], Payload=json.dumps(payload).encode())
    if "FunctionError" in answer:
        raise Refused("The function failed; its log says why.")
    return json.loads(answer["Payload"].read())


def record(what: str, **detail: str | int) -> None:
    """What is about to be done by hand, in the audit trail before it is done."""
    invoke(DESK, {"did": {"what": what, "detail": detail}})
