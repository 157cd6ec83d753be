"""The sealed bodies of receipts: in the ledger up to 8 KB, in S3 above."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from counterfoil.domain.times import to_millis
from counterfoil.errors import ConditionFailed
from counterfoil.store import keys, lists, objects, table
from counterfoil.store.table import LEDGER, Change, Condition, Delete, Item, Put

INLINE_BYTES = 8 * 1024


@dataclass(frozen=True, slots=True)
class SealedBody:
    """One version of a receipt's body: its ciphertext, or the name of the object that holds it."""

    inline: bytes | None = None
    stored_as: str | None = None


def keep_large(name: str, sealed: bytes) -> SealedBody:
    """Puts a body that is too large to travel and rest inline into S3; the same name again is the same object."""
    object_key = f"bodies/{name}"
    objects.put(os.environ["PAYLOADS_BUCKET"], object_key, sealed)
    return SealedBody(stored_as=object_key)


class Reprint(Exception):
    """The till printed this sale before, under another receipt id: as `receipt_key`."""

    def __init__(self, receipt_key: str) -> None:
        super().__init__()
        self.receipt_key = receipt_key


def put_once(body_key: str, receipt_key: str, digest: str, body: SealedBody, owner: str) -> str | None:
    """Keeps a version of a receipt. The name it is kept under, or None where another message brought it before.

    `body_key` is the same for all prints of one sale, so that only the first of them is kept: Reprint for the others.
    A later version of a receipt that is as like its first as a reprint gets a name of its own.
    """
    item: Item = {
        "owner": owner,
        "receipt": receipt_key,
        "digest": digest,
        "body": body.inline,
        "object": body.stored_as,
    }
    for name in (body_key, f"{body_key}.{digest}"):
        try:
            table.write(Put(LEDGER, dict(keys.body(name)) | item, table.nothing_there_or_written_by(owner)))
        except ConditionFailed as failed:
            standing = failed.items[0] or {}
            if standing["receipt"] != receipt_key:
                raise Reprint(standing["receipt"]) from None
            if standing["digest"] == digest:
                return None
        else:
            return name
    return None


def discard(body: SealedBody) -> None:
    """Deletes the object of a body that is not kept; one that travelled inline is gone with its message."""
    if body.stored_as is not None:
        objects.client().delete_object(Bucket=os.environ["PAYLOADS_BUCKET"], Key=body.stored_as)


def delete(receipt_key: str, body_keys: Sequence[str]) -> None:
    """Deletes a receipt's bodies for good: the objects with all their versions, then the records.

    Raises TryAgain where S3 did not do it.
    """
    objects.delete_all_versions(os.environ["PAYLOADS_BUCKET"], f"bodies/{receipt_key}/")
    for body_key in body_keys:
        table.delete(LEDGER, dict(keys.body(body_key)), Condition("receipt = :its", {":its": receipt_key}))


def overtaken(body_key: str, owner: str, now: datetime) -> None:
    """A body that came after its correction belongs to no card tender: it is kept for itself, against reprints."""
    due = {"due": keys.due("body", now, body_key), "overtaken": to_millis(now)}
    with suppress(ConditionFailed):
        table.write(Change(LEDGER, dict(keys.body(body_key)), due, _written_by(owner)))


def _written_by(owner: str) -> Condition:
    return Condition("#owner = :me", {":me": owner})


def remove(body_keys: Sequence[str]) -> None:
    """Deletes all bodies of receipts that are gone: first the objects with all their versions, then what leads there.

    May be repeated. Raises TryAgain where S3 did not do it.
    """
    names = [dict(keys.body(key)) for key in body_keys]
    for item in lists.get_many(LEDGER, names):
        if item and "object" in item:
            objects.delete_all_versions(os.environ["PAYLOADS_BUCKET"], item["object"])
    for name in names:
        table.write(Delete(LEDGER, name))


def read(body_key: str) -> bytes | None:
    """The ciphertext of a version, or None where it is gone."""
    key: Item = dict(keys.body(body_key))
    item = table.get(LEDGER, key, consistent=False) or table.get(LEDGER, key)
    return _content(item) if item else None


def read_many(body_keys: Sequence[str]) -> list[bytes | None]:
    """The ciphertexts of versions that were written a while ago, or None where one is gone."""
    items = lists.get_many(LEDGER, [dict(keys.body(key)) for key in body_keys])
    return [_content(item) if item else None for item in items]


def _content(item: Item) -> bytes:
    if "object" in item:
        answer = objects.client().get_object(Bucket=os.environ["PAYLOADS_BUCKET"], Key=item["object"])
        return bytes(answer["Body"].read())
    return bytes(item["body"])
