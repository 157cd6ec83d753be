"""A request as its person is told of it: how it stands, in figures and in words, and where its archive is."""

from datetime import datetime
from typing import Any

from counterfoil.domain.letters import letter
from counterfoil.domain.rights import PrivacyRequest
from counterfoil.domain.times import rfc3339
from counterfoil.flows.rights import question_of
from counterfoil.sealing import Sealer
from counterfoil.store import exports


def told(request: PrivacyRequest, sealer: Sealer, now: datetime, *, may_fetch: bool) -> dict[str, Any]:
    """`may_fetch`: whether who asks is whose data it is. The address of an archive is good for five minutes."""
    due, subject, until = request.due_on(), request.subject, request.export_until
    ready = until is not None and until > now and may_fetch
    return {
        "request_id": request.id,
        "kind": request.kind,
        "state": request.state,
        "received_at": rfc3339(request.received_at),
        "due_by": due.isoformat() if due else None,
        "message": letter(request, question_of(request, sealer)),
        "history": [{"at": rfc3339(each.at), "what": each.what, "detail": each.detail} for each in request.history],
        "export": {"until": rfc3339(until), "url": exports.link(subject, request.id)}
        if ready and until and subject
        else None,
    }
