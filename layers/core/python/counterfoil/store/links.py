"""Linked accounts, and the path secrets at which their bank calls."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from counterfoil.domain.links import Holder, Link
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, Condition, Item, Put


def get(subject: str) -> Link | None:
    item = table.get(LEDGER, dict(keys.link(subject)))
    return _from_item(item) if item else None


def save_new(link: Link, known: Link | None) -> None:
    """Keeps a new linking and its current path secret, in place of the `known` one; both or none.

    Raises ConditionFailed where the link moved since it was read.
    """
    secret: Item = dict(keys.path_secret(link.secrets[0])) | {"subject": link.subject, "bank": link.bank}
    unmoved = table.still_at(known.rev) if known else table.nothing_there()
    table.transact([Put(LEDGER, _to_item(link), unmoved), Put(LEDGER, secret, table.nothing_there())])


def save(link: Link) -> None:
    """Keeps the next `rev` of a link. Raises ConditionFailed where it moved since it was read."""
    table.write(Put(LEDGER, _to_item(link), table.still_at(link.rev - 1)))


def holder(hashed: str) -> Holder | None:
    """Whose calls come at the path secret with this hash."""
    item = table.get(LEDGER, dict(keys.path_secret(hashed)))
    return Holder(item["subject"], item["bank"]) if item else None


def forget_secret(hashed: str, subject: str) -> None:
    table.delete(LEDGER, dict(keys.path_secret(hashed)), _still_held_by(subject))


def erase(link: Link) -> None:
    """Deletes a link with its path secrets, unless it moved since it was read. It goes last: it names the others."""
    for hashed in link.secrets:
        forget_secret(hashed, link.subject)
    table.delete(LEDGER, dict(keys.link(link.subject)), table.still_at(link.rev))


def _still_held_by(subject: str) -> Condition:
    return Condition("subject = :whose", {":whose": subject})


def _to_item(link: Link) -> Item:
    return dict(keys.link(link.subject)) | {
        "subject": link.subject,
        "bank": link.bank,
        "id": link.id,
        "linked": to_millis(link.linked_at),
        "expires": to_millis(link.expires_at),
        "sealed": link.sealed,
        "secrets": list(link.secrets),
        "rev": link.rev,
        "state": link.state,
        "lease": to_millis(link.lease_until) if link.lease_until else None,
    }


def _from_item(item: Mapping[str, Any]) -> Link:
    return Link(
        subject=item["subject"],
        bank=item["bank"],
        id=item["id"],
        linked_at=from_millis(item["linked"]),
        expires_at=from_millis(item["expires"]),
        sealed=item["sealed"],
        secrets=tuple(item["secrets"]),
        rev=item["rev"],
        state=item["state"],
        lease_until=_moment(item.get("lease")),
    )


def _moment(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)
