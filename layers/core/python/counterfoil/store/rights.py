"""Requests under data protection law. Each write brings its entry of the audit trail, and the hold that the request
places on what its customer has, or the end of it.

An open request is in the index by the day on which its clocks ask for something next (`rights#<day>`), a closed one by
the day on which it was closed, as the sweep finds everything.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from counterfoil.domain.audit import OPS, Detail
from counterfoil.domain.legal_clocks import day_of
from counterfoil.domain.rights import Event, PrivacyRequest, Wait
from counterfoil.domain.rights_clock import next_look
from counterfoil.domain.rights_holds import of_request
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.errors import ConditionFailed
from counterfoil.store import audit, holds, keys, lists, table
from counterfoil.store.table import LEDGER, SALTS, Change, Condition, Delete, Item, Put, Write

PAGE = 500


def get(request_id: str) -> PrivacyRequest | None:
    item = table.get(LEDGER, dict(keys.privacy_request(request_id)))
    return _from_item(item) if item else None


def put_new(request: PrivacyRequest, now: datetime, own_salt: bytes | None = None) -> None:
    """Keeps a new request and, of a stranger's, the salt under which their words are sealed; both or none.

    Raises ConditionFailed where it is there already, or another write of this customer's came in between.
    """
    writes: list[Write] = [Put(LEDGER, _to_item(request, now), table.nothing_there())]
    writes += [*_told(request, now), *_held(request)]
    if own_salt:
        writes.append(Put(SALTS, dict(keys.request_salt(request.id)) | {"salt": own_salt}, table.nothing_there()))
    table.transact(writes)


def move(moved: PrivacyRequest, known: PrivacyRequest, now: datetime) -> None:
    """Keeps a request, some steps further. Raises ConditionFailed where it moved since it was `known`."""
    told = _told(moved, now, since=len(known.history))
    table.transact([Put(LEDGER, _to_item(moved, now), table.still_at(known.rev)), *told, *_held(moved)])


def file_again(request: PrivacyRequest, day: date, now: datetime) -> bool:
    """Its clocks were looked at, as they were to be on `day`: files it under the next one.

    False where it moved meanwhile, or was filed by another.
    """
    unmoved = Condition("#rev = :was AND due = :filed", {":was": request.rev, ":filed": keys.rights_on(day)})
    try:
        table.write(Change(LEDGER, dict(keys.privacy_request(request.id)), {"due": _due(request, now)}, unmoved))
    except ConditionFailed:
        return False
    return True


def looked_at_on(day: date) -> Iterator[list[str]]:
    """The ids of the requests whose clocks ask for something on a day, a page at a time."""
    for page in table.query_index(LEDGER, "by_due", "due", keys.rights_on(day)):
        yield [item["pk"].removeprefix("Q#") for item in page]


def of_customer(subject: str) -> list[PrivacyRequest]:
    """A customer's requests, the latest first; not always one that was made just now."""
    ids: list[str] = []
    last, more = None, True
    while more:
        page, more = lists.index_page(LEDGER, "by_subject", ("subject", subject), (0, 0), after=last, limit=PAGE)
        ids += [row["pk"].removeprefix("Q#") for row in page if row["pk"].startswith("Q#")]
        last = page[-1] if page else None
    items = lists.get_many(LEDGER, [dict(keys.privacy_request(request_id)) for request_id in ids])
    return sorted((_from_item(item) for item in items if item), key=lambda one: one.received_at, reverse=True)


def own_salt(request_id: str) -> bytes | None:
    """The salt of a stranger's words; None once they are a customer's, or the request is closed."""
    item = table.get(SALTS, dict(keys.request_salt(request_id)))
    return item["salt"] if item else None


def forget_salt(request_id: str) -> None:
    table.delete(SALTS, dict(keys.request_salt(request_id)), Condition("attribute_exists(pk)"))


def _told(request: PrivacyRequest, now: datetime, since: int = 0) -> list[Put]:
    detail: Detail = {
        "request": request.id,
        "kind": request.kind,
        "steps": [step.what for step in request.history[since:]],
        "state": request.state,
        "number": request.rev,
    }
    return audit.entry(request.subject or OPS, "rights request", detail, now)


def _held(request: PrivacyRequest) -> list[Put | Delete]:
    """What is to be written for there to be the hold that belongs to a request, or none."""
    if request.subject is None:
        return []
    hold = of_request(request)
    if hold is None:
        lifted = holds.lifted(request.subject, request.id)
        return [lifted] if lifted else []
    is_there = any(one.reference == request.id for one in holds.of(request.subject))
    return [] if is_there else [holds.placed(request.subject, hold)]


def _due(request: PrivacyRequest, now: datetime) -> str:
    look = next_look(request, day_of(now))
    return keys.rights_on(look) if look else keys.due("request", request.closed_at or now, request.id)


def _to_item(request: PrivacyRequest, now: datetime) -> Item:
    return {
        **keys.privacy_request(request.id),
        "subject": request.subject,
        "due": _due(request, now),
        "kind": request.kind,
        "origin": request.origin,
        "received": to_millis(request.received_at),
        "language": request.language,
        "state": request.state,
        "token": request.token,
        "sealed": request.sealed,
        "rev": request.rev,
        "waits": [_wait_to_list(wait) for wait in request.waits],
        "extension": request.extension,
        "phases": dict(request.phases),
        "history": [[to_millis(event.at), event.what, event.detail] for event in request.history],
        "closed": to_millis(request.closed_at) if request.closed_at else None,
        "export_until": to_millis(request.export_until) if request.export_until else None,
    }


def _from_item(item: Mapping[str, Any]) -> PrivacyRequest:
    return PrivacyRequest(
        id=item["pk"].removeprefix("Q#"),
        kind=item["kind"],
        origin=item["origin"],
        received_at=from_millis(item["received"]),
        language=item["language"],
        state=item["state"],
        subject=item.get("subject"),
        token=item.get("token"),
        sealed=item.get("sealed"),
        rev=item["rev"],
        waits=tuple(Wait(wanted, *map(from_millis, ends)) for wanted, *ends in item["waits"]),
        extension=item.get("extension"),
        phases=item["phases"],
        history=tuple(Event(from_millis(at), what, detail) for at, what, detail in item["history"]),
        export_until=from_millis(item["export_until"]) if "export_until" in item else None,
    )


def _wait_to_list(wait: Wait) -> list[str | int]:
    return [wait.wanted, to_millis(wait.since), *([to_millis(wait.until)] if wait.until else [])]
