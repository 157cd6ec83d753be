"""Archives of a customer's data, for a day, in the bucket of files: one a request."""

import os
from typing import IO

from counterfoil.store import objects

PREFIX = "exports/"
LINK_SECONDS = 300


def _name(subject: str, request_id: str) -> str:
    return f"{PREFIX}{subject}/{request_id}.zip"


def keep(subject: str, request_id: str, archive: IO[bytes]) -> None:
    """The same request again is the same object."""
    objects.client().upload_fileobj(archive, os.environ["FILES_BUCKET"], _name(subject, request_id))


def link(subject: str, request_id: str) -> str:
    """Where the archive can be fetched for five minutes, by whoever has the address."""
    where = {"Bucket": os.environ["FILES_BUCKET"], "Key": _name(subject, request_id)}
    address: str = objects.client().generate_presigned_url("get_object", Params=where, ExpiresIn=LINK_SECONDS)
    return address


def delete(subject: str, request_id: str = "") -> None:
    """Deletes a request's archive, or all of a customer's, with every version. Raises TryAgain where S3 did not."""
    prefix = _name(subject, request_id) if request_id else f"{PREFIX}{subject}/"
    objects.delete_all_versions(os.environ["FILES_BUCKET"], prefix)
