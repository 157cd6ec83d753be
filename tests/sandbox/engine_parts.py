"""What the conformance tests put into an engine: functions, queues, tables, each under a name of its own."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from infra.sandbox.engine import Engine

ASSUMED_BY_LAMBDA = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
        ],
    }
)


def mended(gap: str) -> pytest.MarkDecorator:
    """Runs a test with the launcher's patches, and on the plain engine, where an assertion must fail."""
    plain = pytest.mark.xfail(strict=True, raises=AssertionError, reason=f"plain ministack: {gap}")
    return pytest.mark.parametrize("engine", ["mended", pytest.param("plain", marks=plain)], indirect=True)


def name(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


def eventually[T](read: Callable[[], T | None], seconds: float = 15) -> T:
    """The first true value of `read`; fails when none came in `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := read():
            return value
        time.sleep(0.05)
    raise AssertionError(f"nothing came within {seconds} s")


def role(engine: Engine, *statements: dict[str, Any]) -> str:
    """The ARN of a new role that may do what `statements` allow."""
    iam, role_name = engine.client("iam"), name("role")
    made = iam.create_role(RoleName=role_name, AssumeRolePolicyDocument=ASSUMED_BY_LAMBDA)
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_role_policy(RoleName=role_name, PolicyName="may", PolicyDocument=document)
    return str(made["Role"]["Arn"])


def allow(actions: str | list[str], resources: str | list[str] = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def zipped(**files: str) -> bytes:
    """A zip of Python modules by name (`__` stands for a folder)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for module, source in files.items():
            archive.writestr(f"{module.replace('__', '/')}.py", source)
    return packed.getvalue()


def function(engine: Engine, source: str, *statements: dict[str, Any], **config: Any) -> str:
    """The name of a new function of `source`, whose handler is `app.handler`."""
    made = engine.client("lambda").create_function(
        FunctionName=name("function"),
        Runtime="python3.13",
        Handler="app.handler",
        Role=role(engine, *statements),
        Code={"ZipFile": zipped(app=source)},
        **{"Timeout": 10, **config},
    )
    return str(made["FunctionName"])


def invoke(engine: Engine, function_name: str, event: Any = None) -> Any:
    """What the function returned, or its error object."""
    answer = engine.client("lambda").invoke(FunctionName=function_name, Payload=json.dumps(event or {}))
    return json.loads(answer["Payload"].read())


def queue(engine: Engine, **attributes: str) -> tuple[str, str]:
    """URL and ARN of a new queue."""
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName=name("queue"), Attributes=attributes)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def table(engine: Engine, *indexes: str, sort_key: bool = True) -> str:
    """The name of a new table with `pk` (and `sk`), and a keys-only index for each attribute of `indexes`: `subject`'s
    is sorted by the number `at`, the others by `pk`."""
    keys = ["pk", "sk"] if sort_key else ["pk"]
    made: dict[str, Any] = {"GlobalSecondaryIndexes": [_index(attribute) for attribute in indexes]}
    table_name = name("table")
    engine.client("dynamodb").create_table(
        TableName=table_name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_key_schema(keys),
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": "N" if key == "at" else "S"}
            for key in [*keys, *indexes, *(["at"] if "subject" in indexes else [])]
        ],
        **(made if indexes else {}),
    )
    return table_name


def _index(attribute: str) -> dict[str, Any]:
    return {
        "IndexName": f"by_{attribute}",
        "KeySchema": _key_schema([attribute, "at" if attribute == "subject" else "pk"]),
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


def _key_schema(keys: list[str]) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
