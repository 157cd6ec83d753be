"""Receipt files: their records in the ledger, the uploads and the error reports in a bucket of their own.

The bucket keeps versions: what is read is the version that was uploaded first, whatever comes after it.
"""

import functools
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from counterfoil.domain.receipt_files import KEPT, MOST_BYTES, UPLOAD_WITHIN, Counts, Place, ReceiptFile, RowProblem
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.errors import ConditionFailed
from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, Item, Put

BLOCK_BYTES = 1024 * 1024
LINK_SECONDS = 900
UPLOADS = "uploads/"

_CONFIG = Config(
    connect_timeout=2,
    read_timeout=20,
    retries={"mode": "standard", "max_attempts": 4},
    signature_version="s3v4",
    s3={"addressing_style": "virtual"},  # else a link leads to the global address, which answers with a redirect
)
_ONE_BY_ONE = TransferConfig(use_threads=False)


@functools.cache
def _s3() -> Any:
    return boto3.client("s3", config=_CONFIG)


def _bucket() -> str:
    return os.environ["FILES_BUCKET"]


# The record


def create(file: ReceiptFile) -> ReceiptFile:
    """The file as it is kept now: this one, or the one that an earlier request of the same name made.

    One whose time is over gives way, whether it is deleted yet or not.
    """
    condition = table.nothing_there()
    while True:
        try:
            table.write(Put(LEDGER, _to_item(file, writer=""), condition))
        except ConditionFailed as failed:
            there = failed.items[0]
            known = _from_item(file.id, there) if there else None
            if known is not None and not known.expired(file.created_at):
                return known
            condition = table.still_at(known.rev) if known else table.nothing_there()
        else:
            return file


def get(file_id: str, now: datetime) -> ReceiptFile | None:
    """None also where its time is over: DynamoDB deletes late."""
    item = table.get(LEDGER, dict(keys.receipt_file(file_id)))
    file = _from_item(file_id, item) if item else None
    return None if file is None or file.expired(now) else file


def save(file: ReceiptFile, writer: str) -> bool:
    """Sets a checkpoint, if nobody moved the file since it was read. Whether it is this writer's that stands."""
    try:
        table.write(Put(LEDGER, _to_item(file, writer), table.still_at(file.rev - 1)))
    except ConditionFailed as standing:
        # Written before, and the answer was lost on the way.
        there = standing.items[0] or {}
        return (there.get("rev"), there.get("writer")) == (file.rev, writer)
    return True


def _to_item(file: ReceiptFile, writer: str) -> Item:
    return dict(keys.receipt_file(file.id)) | {
        "retailer": file.retailer,
        "format": file.format,
        "state": file.state,
        "rev": file.rev,
        "writer": writer,
        "created": to_millis(file.created_at),
        "worked": to_millis(file.worked_at) if file.worked_at else None,
        "upload": file.upload,
        "size": file.size,
        "offset": file.place.offset,
        "line": file.place.line,
        "counts": asdict(file.counts),
        "errors": [asdict(problem) for problem in file.first_errors],
        "parts": list(file.parts),
        "due": keys.due("receipt file", file.created_at, file.id),
        "ttl": int((file.created_at + KEPT).timestamp()),
    }


def _from_item(file_id: str, item: Mapping[str, Any]) -> ReceiptFile:
    return ReceiptFile(
        id=file_id,
        retailer=item["retailer"],
        format=item["format"],
        created_at=from_millis(item["created"]),
        state=item["state"],
        rev=item["rev"],
        worked_at=from_millis(item["worked"]) if "worked" in item else None,
        upload=item.get("upload"),
        size=item["size"],
        place=Place(item["offset"], item["line"]),
        counts=Counts(**item["counts"]),
        first_errors=tuple(RowProblem(**problem) for problem in item["errors"]),
        parts=tuple(item["parts"]),
    )


# The upload


def upload_form(file_id: str) -> dict[str, Any]:
    """`url` and `fields` of a form that uploads this file, of 1 byte to MOST_BYTES, and nothing else."""
    form: dict[str, Any] = _s3().generate_presigned_post(
        Bucket=_bucket(),
        Key=UPLOADS + file_id,
        Conditions=[["content-length-range", 1, MOST_BYTES]],
        ExpiresIn=int(UPLOAD_WITHIN.total_seconds()),
    )
    return form


def first_upload(file_id: str) -> tuple[str, int] | None:
    """The version that was uploaded first, and its bytes; None where there is none."""
    # S3 lists the newest first, and dates them to the second.
    versions = reversed(_versions(file_id))
    first = min(versions, key=lambda version: version["LastModified"], default=None)
    return (first["VersionId"], first["Size"]) if first else None


def read(file: ReceiptFile, start: int) -> Iterator[bytes]:
    """The bytes of a file that has an upload, from `start`, a block at a time. Ends early where the upload is gone."""
    for offset in range(start, file.size, BLOCK_BYTES):
        last = min(offset + BLOCK_BYTES, file.size) - 1
        answer = _s3().get_object(
            Bucket=_bucket(), Key=UPLOADS + file.id, VersionId=file.upload, Range=f"bytes={offset}-{last}"
        )
        yield answer["Body"].read()


def remove_upload(file_id: str) -> None:
    """Deletes every version; what was removed stays so."""
    for version in _versions(file_id):
        _s3().delete_object(Bucket=_bucket(), Key=UPLOADS + file_id, VersionId=version["VersionId"])


def _versions(file_id: str) -> list[dict[str, Any]]:
    answer = _s3().list_object_versions(Bucket=_bucket(), Prefix=UPLOADS + file_id)
    return list(answer.get("Versions", []))


# The error report


def put_errors(file: ReceiptFile, errors: Sequence[RowProblem]) -> None:
    """The part of the report that starts at this file's place; written again, it is the same part."""
    lines = "".join(json.dumps(asdict(error), ensure_ascii=False) + "\n" for error in errors)
    _s3().put_object(Bucket=_bucket(), Key=_part(file.id, file.place.offset), Body=lines.encode())


def join_errors(file: ReceiptFile) -> None:
    """Makes one report of the parts."""
    parts = _Joined(_s3().get_object(Bucket=_bucket(), Key=_part(file.id, offset))["Body"] for offset in file.parts)
    _s3().upload_fileobj(parts, _bucket(), _report(file.id), Config=_ONE_BY_ONE)


def report_link(file: ReceiptFile) -> str:
    """Where its report can be read for LINK_SECONDS."""
    link: str = _s3().generate_presigned_url(
        "get_object", Params={"Bucket": _bucket(), "Key": _report(file.id)}, ExpiresIn=LINK_SECONDS
    )
    return link


def _part(file_id: str, offset: int) -> str:
    return f"reports/{file_id}/{offset:012d}.jsonl"


def _report(file_id: str) -> str:
    return f"reports/{file_id}.jsonl"


class _Joined(io.RawIOBase):
    """Several streams read as one."""

    def __init__(self, streams: Iterator[Any]) -> None:
        self._streams = streams
        self._current: Any = io.BytesIO()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = bytearray()
        while size < 0 or len(found) < size:
            part = self._current.read(size - len(found) if size >= 0 else None)
            found += part
            if not part and (following := next(self._streams, None)) is None:
                break
            if not part:
                self._current = following
        return bytes(found)
