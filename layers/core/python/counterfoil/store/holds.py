"""Holds, as write conditions: whoever deletes takes a check into the transaction, so that no hold comes too late.

    table.transact([Delete(LEDGER, …), *holds.unstopped(subject)])    # ConditionFailed: held, restricted, or moved

All holds on one target stand in one item, which goes with the last of them.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from counterfoil.domain.holds import Hold
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.store import keys, lists, sweep_keys, table
from counterfoil.store.table import LEDGER, Check, Condition, Delete, Item, Put


def not_held(target: str) -> Check:
    """Nothing holds this subject's records, or this class."""
    return Check(LEDGER, dict(sweep_keys.hold(target)), table.nothing_there())


def not_restricted(subject: str) -> Check:
    """The customer's data is not restricted to being stored."""
    return Check(LEDGER, dict(keys.customer(subject)), Condition("attribute_not_exists(restricted)"))


def unstopped(subject: str) -> list[Check]:
    """Nothing stops the sweep of this customer's records."""
    return [not_held(subject), not_restricted(subject)]


def erasable(subject: str) -> Check:
    """No hold stops this customer's erasure."""
    return Check(LEDGER, dict(sweep_keys.hold(subject)), Condition("attribute_not_exists(by_law)"))


def stopped(subjects: list[str]) -> set[str]:
    """Which of these customers' records are held or restricted, as it was a moment ago: to look, not to act on."""
    held = lists.get_many(LEDGER, [dict(sweep_keys.hold(subject)) for subject in subjects])
    known = lists.get_many(LEDGER, [dict(keys.customer(subject)) for subject in subjects])
    return {
        subject
        for subject, hold, customer in zip(subjects, held, known, strict=True)
        if hold or (customer and customer.get("restricted"))
    }


def of(target: str) -> list[Hold]:
    """The holds on a target, the oldest first."""
    return _from_item(table.get(LEDGER, dict(sweep_keys.hold(target))) or {})


def placed(target: str, hold: Hold) -> Put:
    """The write that adds a hold, if nobody else changes them meanwhile. A hold of that reference stays as it is."""
    item = table.get(LEDGER, dict(sweep_keys.hold(target)))
    holds = {one.reference: one for one in _from_item(item or {})}
    return Put(LEDGER, _to_item(target, {hold.reference: hold} | holds, item), _unmoved(item))


def lifted(target: str, reference: str) -> Put | Delete | None:
    """The write that ends a hold, if nobody else changes them meanwhile; None where there is none of that reference."""
    item = table.get(LEDGER, dict(sweep_keys.hold(target)))
    holds = {one.reference: one for one in _from_item(item or {})}
    if holds.pop(reference, None) is None:
        return None
    if not holds:
        return Delete(LEDGER, dict(sweep_keys.hold(target)), _unmoved(item))
    return Put(LEDGER, _to_item(target, holds, item), _unmoved(item))


def listed() -> Iterator[tuple[str, list[Hold]]]:
    """Every target that is held, as it was a moment ago."""
    for page in table.query_index(LEDGER, "by_due", "due", sweep_keys.HOLDS):
        for item in lists.get_many(LEDGER, [{"pk": row["pk"], "sk": row["sk"]} for row in page]):
            if item:
                yield item["target"], _from_item(item)


def _unmoved(item: Mapping[str, Any] | None) -> Condition:
    return table.still_at(item["rev"]) if item else table.nothing_there()


def _to_item(target: str, holds: Mapping[str, Hold], standing: Mapping[str, Any] | None) -> Item:
    return dict(sweep_keys.hold(target)) | {
        "target": target,
        "subject": None if target.startswith("class/") else target,
        "due": sweep_keys.HOLDS,
        "rev": (standing or {}).get("rev", 0) + 1,
        "by_law": any(hold.stops_erasure for hold in holds.values()) or None,
        "holds": {one.reference: {"ground": one.ground, "since": to_millis(one.since)} for one in holds.values()},
    }


def _from_item(item: Mapping[str, Any]) -> list[Hold]:
    found = [Hold(name, one["ground"], from_millis(one["since"])) for name, one in item.get("holds", {}).items()]
    return sorted(found, key=_since)


def _since(hold: Hold) -> tuple[datetime, str]:
    return hold.since, hold.reference
