"""What receipt files and checkpoints ask of S3: forms with limits, versions read in ranges, events, locks."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from infra.sandbox.engine import Engine
from tests.sandbox.engine_parts import eventually, mended, name, queue


def bucket(engine: Engine) -> str:
    made = name("bucket")
    s3 = engine.client("s3")
    s3.create_bucket(Bucket=made, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=made, VersioningConfiguration={"Status": "Enabled"})
    return made


def form(engine: Engine, where: str) -> dict[str, Any]:
    limits = [["content-length-range", 1, 10]]
    return dict(engine.client("s3").generate_presigned_post(where, "uploads/one", Conditions=limits, ExpiresIn=60))


@mended("a range of a version is all of it")
def test_a_version_is_read_in_ranges(engine: Engine) -> None:
    s3, where = engine.client("s3"), bucket(engine)
    first = s3.put_object(Bucket=where, Key="one", Body=b"0123456789")["VersionId"]
    s3.put_object(Bucket=where, Key="one", Body=b"abc")
    answer = s3.get_object(Bucket=where, Key="one", VersionId=first, Range="bytes=2-4")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["Body"].read() == b"234"


@pytest.mark.parametrize(
    ("content", "changes", "status"),
    [(b"0123456789", {}, 204), (b"", {}, 400), (b"01234567890", {}, 400), (b"0", {"key": "uploads/two"}, 403)],
)
def test_a_form_uploads_what_it_says_and_nothing_else(
    engine: Engine, content: bytes, changes: dict[str, str], status: int
) -> None:
    made = form(engine, bucket(engine))
    answer = httpx.post(made["url"], data=made["fields"] | changes, files={"file": content})
    assert answer.status_code == status


def test_the_first_version_stays_the_first_and_every_version_can_be_deleted(engine: Engine) -> None:
    s3, where = engine.client("s3"), bucket(engine)
    made = [s3.put_object(Bucket=where, Key="one", Body=body)["VersionId"] for body in (b"a", b"b")]
    versions = s3.list_object_versions(Bucket=where, Prefix="one")["Versions"]
    assert min(versions, key=lambda version: version["LastModified"])["VersionId"] == made[0]
    for version in made:
        s3.delete_object(Bucket=where, Key="one", VersionId=version)
    answer = s3.list_object_versions(Bucket=where, Prefix="one")
    assert "Versions" not in answer
    assert "DeleteMarkers" not in answer


def test_an_upload_by_a_form_is_told_to_a_queue_as_the_rule_says(engine: Engine) -> None:
    s3, events, where = engine.client("s3"), engine.client("events"), bucket(engine)
    s3.put_bucket_notification_configuration(Bucket=where, NotificationConfiguration={"EventBridgeConfiguration": {}})
    url, arn = queue(engine)
    pattern = {
        "source": ["aws.s3"],
        "detail": {"bucket": {"name": [where]}, "object": {"key": [{"prefix": "uploads/"}]}},
    }
    rule = name("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    told = {"InputPathsMap": {"key": "$.detail.object.key"}, "InputTemplate": '{"uploaded":<key>}'}
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn, "InputTransformer": told}])
    s3.put_object(Bucket=where, Key="reports/one", Body=b"not this")
    made = form(engine, where)
    httpx.post(made["url"], data=made["fields"], files={"file": b"0123"}).raise_for_status()
    sqs = engine.client("sqs")
    (message,) = eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    assert json.loads(message["Body"]) == {"uploaded": "uploads/one"}


def test_a_locked_object_is_written_once_and_not_deleted_before_its_time(engine: Engine) -> None:
    """What the checkpoints of the audit trail rest on."""
    s3, where = engine.client("s3"), name("bucket")
    region = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket=where, CreateBucketConfiguration=region, ObjectLockEnabledForBucket=True)
    until = datetime.now(UTC) + timedelta(days=1)
    once: dict[str, Any] = {
        "Bucket": where, "Key": "one", "IfNoneMatch": "*",
        "ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until,
    }  # fmt: skip
    first = s3.put_object(**once, Body=b"first")["VersionId"]
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(**once, Body=b"second")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=where, Key="one", VersionId=first)
    s3.put_object(Bucket=where, Key="one", Body=b"over it")
    s3.delete_object(Bucket=where, Key="one")
    versions = s3.list_object_versions(Bucket=where)
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (2, 1)
    assert s3.get_object(Bucket=where, Key="one", VersionId=first)["Body"].read() == b"first"
