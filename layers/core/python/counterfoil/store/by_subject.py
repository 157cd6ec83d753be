"""All that the ledger has of one customer, by the index by_subject, each record with its row of the data map.

What hangs on a record without a row of the index (a payment's tender and receipt, its pointers, the holders of cards)
is found through that record: see `REACHED`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from counterfoil.domain.erasures import Place
from counterfoil.domain.record import Keep, Record
from counterfoil.domain.records import RECORDS
from counterfoil.store import lists, table
from counterfoil.store.table import LEDGER, Condition, Item

THE_END_OF_TIME: Final = 10**15
"""Later than any `at`, in ms."""

REACHED: Final[Mapping[str, str]] = {
    "matched card tender": "matched transaction",
    "receipt body": "matched transaction",
    "large receipt body": "matched transaction",
    "undecided side": "undecided transaction",
    "customer's salt": "customer's choices",
    "card's holder": "cards",
}
"""A customer's records that are in no index of theirs, and the record through which each is reached."""

ELSEWHERE: Final[Mapping[str, str]] = {
    "salt of a stranger's words": "its request, once it is a customer's or closed",
    "archive for its customer": "the erasure, at its end",
}
"""What no record leads to, and what deletes it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A record as it stands, and its row of the data map."""

    record: Record
    item: Item

    @property
    def goes(self) -> bool:
        """Whether the erasure of its customer does something to it beyond taking its key away."""
        return not isinstance(self.record.erasure, Keep) and self.record.erasure != "unreadable"


def page(subject: str, after: Place | None, limit: int) -> tuple[list[Found], Place | None]:
    """Up to `limit` of a customer's records, strongly consistent; the place after which there may be more.

    The index may miss what was written a moment ago. Raises LookupError for a record without a row.
    """
    start = {"subject": subject, "at": after.at, "pk": after.pk, "sk": after.sk} if after else None
    rows, more = lists.index_page(
        LEDGER, "by_subject", ("subject", subject), (0, THE_END_OF_TIME), after=start, limit=limit
    )
    named = [{"pk": row["pk"], "sk": row["sk"]} for row in rows]
    found = [Found(record_of(item), item) for item in lists.get_many(LEDGER, named, consistent=True) if item]
    last = rows[-1] if rows and more else None
    return found, Place(last["at"], last["pk"], last["sk"]) if last else None


def delete(item: Item) -> None:
    """Deletes a record that nothing hangs on."""
    table.delete(LEDGER, {"pk": item["pk"], "sk": item["sk"]}, Condition("attribute_exists(pk)"))


def record_of(item: Item) -> Record:
    """The row of a ledger's item. Raises LookupError where it has none."""
    for record in RECORDS:
        partition, _, sort = record.key.partition("/")
        is_its = record.place == "ledger" and item["pk"].startswith(partition) and item["sk"].startswith(sort)
        if is_its and (partition != "T#" or record.name == _payment(item)):
            return record
    raise LookupError("a record without a row in the data map")


def _payment(item: Item) -> str:
    return "matched transaction" if "match" in item else "undecided transaction"
