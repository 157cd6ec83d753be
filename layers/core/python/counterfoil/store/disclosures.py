"""Disclosures to authorities, each beside its customer and in the audit trail, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from counterfoil.domain.disclosures import Disclosure
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.store import keys, lists, table
from counterfoil.store.table import LEDGER, Item, Put

DUE = {True: "disclosure", False: "quiet disclosure"}
"""By whether the customer may be told."""
MOST = 1000


def put_once(subject: str, made: Disclosure, recorded: Sequence[Put]) -> None:
    """Raises ConditionFailed where it is there already, or the audit trail went on meanwhile."""
    table.transact([Put(LEDGER, _to_item(subject, made), table.nothing_there()), *recorded])


def get(subject: str, made: Disclosure) -> Disclosure | None:
    item = table.get(LEDGER, dict(keys.disclosure(subject, made.id, is_told=made.is_told)))
    return _from_item(item) if item else None


def of_customer(subject: str) -> list[Disclosure]:
    """All of them, oldest first."""
    partition, between = keys.disclosures(subject)
    items, _ = table.query(LEDGER, partition, between, limit=MOST, consistent=True)
    return sorted(map(_from_item, items), key=lambda made: made.at)


def of_days(since: datetime, until: datetime) -> list[Disclosure]:
    """Those of the days from `since` to `until`, oldest first; one of just now may be missing."""
    found: list[Item] = []
    for day in range((until.date() - since.date()).days + 1):
        for shard in range(keys.SHARDS):
            for due in DUE.values():
                value = keys.due_in(due, since + timedelta(days=day), shard)
                for page in table.query_index(LEDGER, "by_due", "due", value):
                    found += [{"pk": item["pk"], "sk": item["sk"]} for item in page]
    return sorted((_from_item(item) for item in lists.get_many(LEDGER, found) if item), key=lambda made: made.at)


def _to_item(subject: str, made: Disclosure) -> Item:
    return {
        **keys.disclosure(subject, made.id, is_told=made.is_told),
        "subject": subject,
        "due": keys.due(DUE[made.is_told], made.at, subject),
        "at": to_millis(made.at),
        "authority": made.authority,
        "ground": made.ground,
        "reference": made.reference,
        "records": list(made.records),
    }


def _from_item(item: Mapping[str, Any]) -> Disclosure:
    return Disclosure(
        id=keys.disclosure_id(item["sk"]),
        at=from_millis(item["at"]),
        authority=item["authority"],
        ground=item["ground"],
        reference=item["reference"],
        records=tuple(item["records"]),
    )
