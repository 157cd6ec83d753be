"""Checkpoints of the audit trail in a bucket whose objects are locked (compliance mode) until their time is over.

`checkpoints/<number>` is written once: a second writer of the same number is refused by S3, so that the checkpoints
make one chain. What counts is the first version of each; another one, or a mark of deletion, was put there later.
"""

import functools
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from counterfoil.domain import checkpoints
from counterfoil.domain.checkpoints import Checkpoint
from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, Put

_CONFIG = Config(
    connect_timeout=2, read_timeout=10, retries={"mode": "standard", "max_attempts": 4}, signature_version="s3v4"
)
_PREFIX = "checkpoints/"
_ROUND = "checkpoints"


@dataclass(frozen=True, slots=True)
class Stored:
    """A checkpoint as it was written first, and whether anything was put over it since."""

    checkpoint: Checkpoint
    is_written_over: bool


@functools.cache
def _s3() -> Any:
    return boto3.client("s3", config=_CONFIG)


def put(made: Checkpoint, locked_until: datetime) -> bool:
    """Writes a checkpoint and locks it; False where another run was faster."""
    try:
        _s3().put_object(
            Bucket=_bucket(),
            Key=_key(made.number),
            Body=made.content(),
            ContentType="application/json",
            IfNoneMatch="*",
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=locked_until,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
            raise
        return False
    return True


def last() -> Checkpoint | None:
    """The latest checkpoint. Where it stands is remembered, and may lag behind by those that died noting it."""
    number = remembered()
    found = get(number) if number else None
    while following := get(found.number + 1 if found else 1):
        found = following
    return found


def remembered() -> int:
    """The number of the latest one, as it was noted last; 0 where none was."""
    item = table.get(LEDGER, dict(keys.round_of(_ROUND)))
    return item["rev"] if item else 0


def remember(number: int) -> None:
    """That this is the latest one; a hint alone, so that `last` need not go through all of them."""
    table.write(Put(LEDGER, dict(keys.round_of(_ROUND)) | {"rev": number}))


def get(number: int) -> Checkpoint | None:
    """A checkpoint as it stands."""
    try:
        answer = _s3().get_object(Bucket=_bucket(), Key=_key(number))
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return None
    return checkpoints.read(answer["Body"].read())


def every() -> Iterator[Stored]:
    """All checkpoints, oldest first, each as it was written first."""
    for page in _s3().get_paginator("list_object_versions").paginate(Bucket=_bucket(), Prefix=_PREFIX):
        versions = defaultdict(list)
        marked = {mark["Key"] for mark in page.get("DeleteMarkers", [])}
        for version in page.get("Versions", []):
            versions[version["Key"]].append(version)
        for key in sorted(versions):
            first = min(versions[key], key=lambda version: version["LastModified"])
            answer = _s3().get_object(Bucket=_bucket(), Key=key, VersionId=first["VersionId"])
            yield Stored(checkpoints.read(answer["Body"].read()), key in marked or len(versions[key]) > 1)


def _bucket() -> str:
    return os.environ["CHECKPOINTS_BUCKET"]


def _key(number: int) -> str:
    return f"{_PREFIX}{number:09d}"
