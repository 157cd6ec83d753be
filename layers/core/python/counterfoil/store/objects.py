"""The objects of S3, whichever their bucket: put, listed, and deleted with all their versions."""

import functools
from collections.abc import Iterator
from itertools import batched
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from counterfoil.errors import TryAgain

MOST_A_DELETE = 1000
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "max_attempts": 4},
    signature_version="s3v4",
)


@functools.cache
def client() -> Any:
    return boto3.client("s3", config=_CONFIG)


def put(bucket: str, name: str, content: bytes) -> None:
    client().put_object(Bucket=bucket, Key=name, Body=content)


def get(bucket: str, name: str) -> bytes | None:
    """None where it is gone."""
    try:
        content: bytes = client().get_object(Bucket=bucket, Key=name)["Body"].read()
    except client().exceptions.NoSuchKey:
        return None
    return content


def names(bucket: str, prefix: str, after: str, limit: int) -> tuple[list[str], str]:
    """The current objects' names, in order, after `after`; the last of them where there are more, else empty."""
    answer = client().list_objects_v2(Bucket=bucket, Prefix=prefix, StartAfter=after, MaxKeys=limit)
    found = [each["Key"] for each in answer.get("Contents", [])]
    return found, found[-1] if answer["IsTruncated"] else ""


def delete_all_versions(bucket: str, prefix: str) -> int:
    """Deletes what starts with `prefix` for good: every version, and every mark of a deletion. How many there were.

    Raises TryAgain where S3 did not do it all.
    """
    deleted = 0
    try:
        for batch in batched(_versions(bucket, prefix), MOST_A_DELETE, strict=False):
            answer = client().delete_objects(Bucket=bucket, Delete={"Objects": list(batch), "Quiet": True})
            if answer.get("Errors"):
                raise TryAgain("objects could not be deleted")
            deleted += len(batch)
    except (BotoCoreError, ClientError):
        raise TryAgain("objects could not be deleted") from None
    return deleted


def _versions(bucket: str, prefix: str) -> Iterator[dict[str, str]]:
    for page in client().get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for each in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            yield {"Key": each["Key"], "VersionId": each["VersionId"]}
