"""What ops do about requests under data protection law, by order; each in the audit trail."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from counterfoil.domain import rights
from counterfoil.domain.audit import OPS
from counterfoil.domain.legal_clocks import day_of
from counterfoil.domain.letters import letter
from counterfoil.domain.rights import PrivacyRequest
from counterfoil.domain.times import rfc3339
from counterfoil.errors import Conflict, NotFound
from counterfoil.flows.consent import Announce
from counterfoil.flows.rights import assign, change, question_of, to_pursue, with_words, words_of
from counterfoil.flows.rights_clock import LOOKED_BACK
from counterfoil.sealing import Sealer
from counterfoil.store import audit
from counterfoil.store import rights as store

LOOKED_AHEAD = 250
"""Days: an extended request that waited several times is in sight."""

Answer = dict[str, Any]


def carry_out(order: Mapping[str, Any], sealer: Sealer, now: datetime, announce: Announce) -> Answer:
    """`{"order": "list"}` to `{"requests"}`, by deadline; all others `{"order", "request", …}` to the request as it
    stands then, or `{"problem"}`."""
    if order["order"] == "list":
        return {"requests": _open(now)}
    try:
        return _show(_carried_out(order, sealer, now, announce), sealer)
    except (Conflict, NotFound) as refused:
        return {"problem": refused.detail}


def _open(now: datetime) -> list[Answer]:
    today = day_of(now)
    days = (today + timedelta(days=number) for number in range(-LOOKED_BACK, LOOKED_AHEAD))
    ids = [request_id for day in days for found in store.looked_at_on(day) for request_id in found]
    found = [request for request_id in dict.fromkeys(ids) if (request := store.get(request_id)) and request.is_open]
    rows = [_row(request, now) for request in found]
    return sorted(rows, key=lambda row: row["due_by"] or "~")


def _row(request: PrivacyRequest, now: datetime) -> Answer:
    due = request.due_on()
    return {
        "request": request.id,
        "kind": request.kind,
        "state": request.state,
        "origin": request.origin,
        "received_at": rfc3339(request.received_at),
        "due_by": due.isoformat() if due else None,
        "overdue": due is not None and day_of(now) > due,
    }


def _show(request: PrivacyRequest, sealer: Sealer) -> Answer:
    words = words_of(request, sealer)
    return {
        "request": request.id,
        "kind": request.kind,
        "state": request.state,
        "due_by": due.isoformat() if (due := request.due_on()) else None,
        "message": letter(request, question_of(request, sealer)),
        "words": {name: said for name, said in asdict(words).items() if said} if words else {},
        "phases": dict(request.phases),
        "history": [[rfc3339(each.at), each.what, each.detail] for each in request.history],
    }


def _carried_out(order: Mapping[str, Any], sealer: Sealer, now: datetime, announce: Announce) -> PrivacyRequest:
    request_id = order["request"]
    match order["order"]:
        case "show":
            # Somebody of ops reads what a person wrote: that is told first.
            audit.append(OPS, "ops action", {"order": "rights show", "request": request_id}, now)
            return change(request_id, lambda request: request, now)
        case "prove":
            subject = sealer.subject(order["bank"], order["customer"])
            return assign(request_id, subject, "documents", sealer, now, announce)
        case _:
            announce(to_pursue(request_id))
            return change(request_id, lambda request: _decide(request, order, sealer, now), now)


def _decide(request: PrivacyRequest, order: Mapping[str, Any], sealer: Sealer, now: datetime) -> PrivacyRequest:
    match order["order"]:
        case "ask-identity":
            return rights.ask(request, "identity", now)
        case "ask-clarification":
            return with_words(rights.ask(request, "clarification", now), sealer, question=order["question"])
        case "clarified":
            return with_words(rights.clarify(request, now), sealer, answer=order["answer"])
        case "extend":
            return rights.extend(request, order["reason"], now)
        case "refuse":
            return rights.refuse(request, order["reason"], now)
        case "withdraw":
            return rights.withdraw(request, now)
        case "done" if request.kind == "rectification":
            return rights.finish(request, now)
        case _:
            raise Conflict("only what people do by hand is done by an order")
