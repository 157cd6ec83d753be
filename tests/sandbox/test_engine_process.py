"""The engine as a process, and what is put back after a deployment."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.sandbox import restore
from infra.sandbox.engine import ACCOUNT, LAUNCHER, REGION, ROOT, Engine, EngineError, python, running
from tests.sandbox.engine_parts import eventually, name

HOLDER = """
import signal, time
from infra.sandbox.engine import running
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, where the tests run in the background
with running() as engine:
    print(engine.endpoint, engine.pid, flush=True)
    time.sleep(600)
"""


def listens(endpoint: str) -> bool:
    port = urlsplit(endpoint).port
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port or 0))) == 0


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_engine_ends_with_the_program_that_started_it(ended_by: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        endpoint, pid = holder.stdout.readline().split()
        assert listens(endpoint)
        holder.send_signal(ended_by)
        holder.wait(10)
    eventually(lambda: not listens(endpoint))
    eventually(lambda: not runs(int(pid)))


def test_a_taken_port_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EngineError, match=f"port {port} of 127.0.0.1 is taken"), running(port):
            pass


def test_another_version_of_the_engine_is_not_patched() -> None:
    newer = "import importlib.metadata as m; m.version = lambda name: '9.9.9'; import launcher; launcher.main(1, False)"
    started = subprocess.run([str(python()), "-c", newer], cwd=LAUNCHER.parent, capture_output=True, text=True)
    assert started.returncode == 1
    assert "written for ministack 1.5.33, but 9.9.9 is installed" in started.stderr


def test_nothing_but_loopback_is_ever_talked_to() -> None:
    for endpoint in ("https://sqs.eu-west-1.amazonaws.com", "http://10.0.0.1:4566", "http://localhost.example"):
        with pytest.raises(ValueError, match=r"127\.0\.0\.1 only"):
            Engine(endpoint, 0, Path("engine.log"))


def test_children_see_no_account_but_the_engines(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    fresh = Engine(engine.endpoint, engine.pid, engine.log).environment
    assert {key: value for key, value in fresh.items() if key.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": engine.endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}},
        "Ledger": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 1},
                "SSESpecification": {
                    "SSEEnabled": True,
                    "SSEType": "KMS",
                    "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
                },
            },
        },
        "Payloads": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {
                            "ServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]},
                            }
                        }
                    ]
                },
                "LifecycleConfiguration": {
                    "Rules": [
                        {"Status": "Enabled", "ExpirationInDays": 90},
                        {"Status": "Enabled", "ExpiredObjectDeleteMarker": True},
                    ]
                },
                "LoggingConfiguration": {"DestinationBucketName": {"Ref": "Payloads"}, "LogFilePrefix": "log/"},
            },
        },
        "Checkpoints": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "ObjectLockEnabled": True,
                "ObjectLockConfiguration": {
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 2557}},
                },
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        },
    }
}


def kept(engine: Engine, ids: dict[str, str]) -> dict[str, Any]:
    """What the engine says of the properties that it may have dropped."""
    dynamodb, s3 = engine.client("dynamodb"), engine.client("s3")
    table, bucket = {"TableName": ids["Ledger"]}, {"Bucket": ids["Payloads"]}
    backups = dynamodb.describe_continuous_backups(**table)["ContinuousBackupsDescription"]
    (rule,) = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    lifecycle = s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]
    return {
        "ttl": dynamodb.describe_time_to_live(**table)["TimeToLiveDescription"],
        "recovery": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "table key": dynamodb.describe_table(**table)["Table"]["SSEDescription"]["KMSMasterKeyArn"],
        "bucket key": rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"],
        "lifecycle": [found["Expiration"] for found in lifecycle],
        "logs": s3.get_bucket_logging(**bucket)["LoggingEnabled"]["TargetPrefix"],
        "lock": s3.get_object_lock_configuration(Bucket=ids["Checkpoints"])["ObjectLockConfiguration"]["Rule"],
    }


def test_what_a_deployment_drops_is_put_back_once_and_for_all(engine: Engine, tmp_path: Path) -> None:
    cloudformation, stack = engine.client("cloudformation"), name("stack")
    (tmp_path / f"{stack}.template.json").write_text(json.dumps(TEMPLATE))
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(TEMPLATE))
    status = {"StackStatus": "CREATE_COMPLETE"}
    eventually(lambda: status.items() <= cloudformation.describe_stacks(StackName=stack)["Stacks"][0].items())
    ids = restore.physical_ids(engine, stack)
    before = engine.client("dynamodb").describe_time_to_live(TableName=ids["Ledger"])
    assert before["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED", "kept by now: drop the step"
    for _ in range(2):
        restore.apply(engine, tmp_path)
        arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{ids['Key']}"
        assert kept(engine, ids) == {
            "ttl": {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"},
            "recovery": "ENABLED",
            "table key": arn,
            "bucket key": arn,
            "lifecycle": [{"Days": 90}, {"ExpiredObjectDeleteMarker": True}],
            "logs": "log/",
            "lock": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 2557}},
        }
