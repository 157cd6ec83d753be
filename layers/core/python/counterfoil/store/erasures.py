"""Erasures: how far each came, and the erasure ledger.

The ledger is one small object an erasure in S3: an opaque name and a time, and the customer's cards, sealed under the
salt that goes next. It outlives a restore of the tables, which bring erased customers back: applied again, it erases
them again.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from counterfoil.domain.erasures import Erasure, Place
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.store import audit, keys, objects, table
from counterfoil.store.table import LEDGER, Check, Item, Put, Write

PREFIX = "erasures/"


@dataclass(frozen=True, slots=True)
class Entry:
    """Of the erasure ledger: all that was `subject`'s before `at` is gone."""

    subject: str
    at: datetime


def get(subject: str) -> Erasure | None:
    """The latest erasure of a customer, strongly consistent."""
    item = table.get(LEDGER, dict(keys.erasure(subject)))
    return _from_item(item) if item else None


def save(erasure: Erasure, was: Erasure | None, now: datetime, checks: Sequence[Check] = ()) -> None:
    """Keeps an erasure in place of what it `was`; where its phase changed, with an entry of the audit trail.

    Raises ConditionFailed where it moved since it was read (the first of its items), or one of `checks` does not hold.
    """
    unmoved = table.still_at(was.rev) if was else table.nothing_there()
    writes: list[Write] = [Put(LEDGER, _to_item(erasure), unmoved), *checks]
    if was is None or was.phase != erasure.phase:
        detail = {"phase": erasure.phase, "reason": erasure.reason, "begun": to_millis(erasure.begun_at)}
        writes += audit.entry(erasure.subject, "erasure", detail, now)
    table.transact(writes)


def enter(entry: Entry, cards: bytes | None) -> None:
    """Into the erasure ledger, with the `cards` as they are sealed; the same entry again is the same object."""
    told = {"subject": entry.subject, "at": to_millis(entry.at)}
    sealed = {"cards": b64encode(cards).decode()} if cards else {}
    objects.put(os.environ["PAYLOADS_BUCKET"], _name(entry), json.dumps(told | sealed).encode())


def cards_of(entry: Entry) -> bytes | None:
    """The cards of an entry, sealed; None where there were none."""
    content = objects.get(os.environ["PAYLOADS_BUCKET"], _name(entry))
    sealed = json.loads(content).get("cards") if content else None
    return b64decode(sealed) if sealed else None


def entered(after: str, limit: int) -> tuple[list[Entry], str]:
    """Entries of the erasure ledger, the oldest first; the name after which to go on, empty at the end."""
    names, last = objects.names(os.environ["PAYLOADS_BUCKET"], PREFIX, after, limit)
    return [_entry(name) for name in names], last


def _name(entry: Entry) -> str:
    return f"{PREFIX}{to_millis(entry.at):014d}-{entry.subject}"


def _entry(name: str) -> Entry:
    millis, _, subject = name.removeprefix(PREFIX).partition("-")
    return Entry(subject, from_millis(int(millis)))


def _to_item(erasure: Erasure) -> Item:
    place = erasure.place
    return {
        **keys.erasure(erasure.subject),
        "due": keys.due("erasure", erasure.since, erasure.subject) if erasure.is_done else None,
        "begun": to_millis(erasure.begun_at),
        "reason": erasure.reason,
        "since": to_millis(erasure.since),
        "phase": erasure.phase,
        "rev": erasure.rev,
        "place": [place.at, place.pk, place.sk] if place else None,
        "requests": list(erasure.requests) or None,
        "counts": dict(erasure.counts),
        "failed": list(erasure.failed) or None,
        "held": erasure.held,
        "moved_at": erasure.moved_at,
    }


def _from_item(item: Mapping[str, Any]) -> Erasure:
    return Erasure(
        subject=item["pk"].removeprefix("E#"),
        begun_at=from_millis(item["begun"]),
        reason=item["reason"],
        since=from_millis(item["since"]),
        phase=item["phase"],
        rev=item["rev"],
        place=Place(*item["place"]) if "place" in item else None,
        requests=tuple(item.get("requests", ())),
        counts=item["counts"],
        failed=tuple(item.get("failed", ())),
        held=item.get("held"),
        moved_at=item.get("moved_at"),
    )
