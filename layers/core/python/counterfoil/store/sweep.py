"""What the sweep remembers: its run, through which day each class was swept, what was left, and certificates."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from counterfoil.domain import retention
from counterfoil.domain.retention import Place, Swept
from counterfoil.domain.sweeping import Counts, Run
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.store import keys, lists, sweep_keys, table
from counterfoil.store.table import LEDGER, Check, Condition, Delete, Item, Put

EVER = (0, 2**53)
LOOKED_AT = 100
MOST_LEFT = 10_000
MOST_CERTIFICATES = 10_000


def run() -> Run | None:
    """The run as it stands, the last one where none is under way."""
    item = table.get(LEDGER, dict(sweep_keys.sweep_run()))
    return _run_from_item(item) if item else None


def moved(run: Run) -> Put:
    """The write of a run's next step: it holds while nobody else makes one."""
    unmoved = table.still_at(run.rev - 1) if run.rev > 1 else table.nothing_there()
    return Put(LEDGER, dict(sweep_keys.sweep_run()) | _run_to_item(run), unmoved)


def page(due: str, place: Place, after: tuple[str, str] | None, limit: int) -> tuple[list[Item], bool]:
    """The keys of what stands at a place, in order, after this row; whether there may be more."""
    value = keys.due_in(due, place.day, place.shard)
    start = {"due": value, "pk": after[0], "sk": after[1]} if after else None
    return lists.due_page(LEDGER, value, after=start, limit=limit)


def still_due(due: str) -> Condition:
    """It is there, and its anchor is of the same day as when it was read."""
    return Condition("due = :due", {":due": due})


def still_of(transaction_key: str) -> Condition:
    """The tender is matched to this transaction."""
    return Condition("matched_to = :payer", {":payer": transaction_key})


def still_there(key: Item) -> Check:
    return Check(LEDGER, key, Condition("attribute_exists(pk)"))


def owns_more(subject: str) -> bool:
    """Whether a customer has more than what stands under their own key, in the audit trail, or as a hold."""
    after, more = None, True
    while more:
        rows, more = lists.index_page(LEDGER, "by_subject", ("subject", subject), EVER, after=after, limit=LOOKED_AT)
        if any(row["pk"][0] not in "CAO" for row in rows):
            return True
        after = rows[-1] if rows else None
    return False


def swept(due: str) -> Swept:
    """How far a class was swept."""
    item = table.get(LEDGER, dict(sweep_keys.swept(due)))
    partition, between = sweep_keys.all_left(due)
    left, more = table.query(LEDGER, partition, between, limit=MOST_LEFT, consistent=True)
    assert not more, "places that were left are few: a class of which much is held is held as a class"
    places = frozenset(Place(*sweep_keys.left_at(one["sk"])) for one in left)
    return Swept(date.fromisoformat(item["through"]) if item else retention.before_all(), places)


def swept_through(due: str, through: date) -> Put:
    return Put(LEDGER, dict(sweep_keys.swept(due)) | {"through": through.isoformat()})


def left(due: str, place: Place) -> Put:
    """Something is still there."""
    return Put(LEDGER, dict(sweep_keys.left(due, place.day, place.shard)))


def cleared(due: str, place: Place) -> Delete:
    """Nothing is there any more."""
    return Delete(LEDGER, dict(sweep_keys.left(due, place.day, place.shard)))


def certificate(run: Run) -> Put:
    """What a finished run did; one a run."""
    item = dict(sweep_keys.certificate(run.name)) | {
        "as_of": to_millis(run.as_of),
        "due": keys.due("certificate", run.as_of, run.name),
        "skipped": list(run.skipped),
        "counts": _counts_to_item(run.counts),
    }
    return Put(LEDGER, item, table.nothing_there())


def certificates() -> list[Run]:
    """Every certificate that is kept, the oldest first, as the finished run that it is of."""
    partition, between = sweep_keys.certificates()
    items, _ = table.query(LEDGER, partition, between, limit=MOST_CERTIFICATES, consistent=True)
    return [
        Run(
            from_millis(item["as_of"]),
            done=True,
            skipped=tuple(item["skipped"]),
            counts=_counts_from_item(item["counts"]),
        )
        for item in items
    ]


def _run_to_item(run: Run) -> Item:
    return {
        "as_of": to_millis(run.as_of),
        "rev": run.rev,
        "done": run.done,
        "class": run.due,
        "place": [run.place.day.isoformat(), run.place.shard] if run.place else None,
        "after": list(run.after) if run.after else None,
        "left": run.left,
        "purge": list(run.purge),
        "skipped": list(run.skipped),
        "counts": _counts_to_item(run.counts),
    }


def _run_from_item(item: Mapping[str, Any]) -> Run:
    place, after = item.get("place"), item.get("after")
    return Run(
        as_of=from_millis(item["as_of"]),
        rev=item["rev"],
        done=item["done"],
        due=item.get("class"),
        place=Place(date.fromisoformat(place[0]), place[1]) if place else None,
        after=(after[0], after[1]) if after else None,
        left=item["left"],
        purge=tuple(item["purge"]),
        skipped=tuple(item["skipped"]),
        counts=_counts_from_item(item["counts"]),
    )


def _counts_to_item(counts: Mapping[str, Counts]) -> Item:
    return {due: asdict(one) for due, one in counts.items()}


def _counts_from_item(item: Mapping[str, Any]) -> dict[str, Counts]:
    return {due: Counts(**one) for due, one in item.items()}
