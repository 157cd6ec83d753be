"""Receipts as a file: POST …/{retailer}/receipt-files gives a form to upload it, GET …/{id} tells how it stands."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from counterfoil.domain import strict_json, webhooks
from counterfoil.domain.fields import is_id, validated
from counterfoil.domain.receipt_files import (
    MOST_BYTES,
    UPLOAD_WITHIN,
    ReceiptFile,
    ReceiptFileRequest,
    file_id,
)
from counterfoil.domain.times import rfc3339
from counterfoil.errors import Conflict, NotFound
from counterfoil.flows import pacing
from counterfoil.runtime import api, observe, secrets
from counterfoil.runtime.api import Reply, Request
from counterfoil.store import receipt_files, registry


def _answer(request: Request) -> Reply:
    now = datetime.now(UTC)
    name = request.path["retailer"]
    retailer = registry.retailer(name) if is_id(name) else None
    if retailer is None:
        raise NotFound("no such retailer")
    request_id = webhooks.verify(request.headers, request.body, secrets.active(retailer.secrets), now)
    observe.count(pacing.admit_retailer(retailer.retailer, now))
    return _create(request, request_id, now) if request.method == "POST" else _show(request, now)


def _create(request: Request, request_id: str, now: datetime) -> Reply:
    wish = validated(ReceiptFileRequest, strict_json.loads(request.body))
    retailer = request.path["retailer"]
    wanted = ReceiptFile(file_id(retailer, request_id), retailer, wish.format, now)
    file = receipt_files.create(wanted)
    if file.format != wish.format:
        raise Conflict("this webhook-id asked for a file of another format before")
    observe.count(["ReceiptFileAskedFor"])
    upload = receipt_files.upload_form(file.id) | {
        "expires_at": rfc3339(now + UPLOAD_WITHIN),
        "most_bytes": MOST_BYTES,
    }
    return Reply(201, {"id": file.id, "state": file.state, "format": file.format, "upload": upload})


def _show(request: Request, now: datetime) -> Reply:
    name = request.path["file_id"]
    file = receipt_files.get(name, now) if is_id(name) else None
    if file is None or file.retailer != request.path["retailer"]:
        raise NotFound("no such file")
    return Reply(200, _told(file))


def _told(file: ReceiptFile) -> dict[str, Any]:
    counts = file.counts
    return {
        "id": file.id,
        "state": file.state,
        "format": file.format,
        "created_at": rfc3339(file.created_at),
        "worked_at": rfc3339(file.worked_at) if file.worked_at else None,
        "bytes": {"done": file.place.offset, "total": file.size},
        "rows": counts.rows,
        "receipts": {"taken": counts.taken, "refused": counts.refused},
        "error_count": counts.errors,
        "errors": [asdict(problem) for problem in file.first_errors],
        "error_report": receipt_files.report_link(file) if file.finished and counts.errors else None,
    }


handler = api.endpoint(_answer)
