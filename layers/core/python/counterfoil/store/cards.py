"""A customer's cards: one sealed record of all of them, and of each card the way to the customer in whose name it is.

The ways stand beside the salts, whose copies last a day: they must not outlive an erased customer in a backup.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, SALTS, Item, Put, Write


@dataclass(frozen=True, slots=True)
class Kept:
    """All the cards of a customer: `sealed`, and in `names` the opaque name of each."""

    rev: int
    sealed: bytes
    names: tuple[str, ...]


def get(subject: str) -> Kept | None:
    item = table.get(LEDGER, dict(keys.cards(subject)))
    return Kept(item["rev"], item["sealed"], tuple(item["names"])) if item else None


def save(subject: str, kept: Kept, name: str, along: Sequence[Write]) -> None:
    """Keeps the cards, with the way from `name`, the changed card's; all or none, and `along` with them.

    Raises ConditionFailed where the cards changed since they were read, or that card is in another's name.
    """
    unchanged = table.still_at(kept.rev - 1) if kept.rev > 1 else table.nothing_there()
    item: Item = {"subject": subject, "rev": kept.rev, "sealed": kept.sealed, "names": list(kept.names)}
    way: Item = dict(keys.card_holder(name)) | {"subject": subject}
    table.transact(
        [
            Put(LEDGER, dict(keys.cards(subject)) | item, unchanged),
            Put(SALTS, way, table.nothing_there_or_of(subject)),
            *along,
        ]
    )


def holder(name: str) -> str | None:
    """In whose name the card is: their subject, as it was a moment ago."""
    item = table.get(SALTS, dict(keys.card_holder(name)))
    return item["subject"] if item else None


def forget(subject: str) -> None:
    """Deletes the ways, then the record that names them: a death in between leaves the record, to begin again."""
    kept = get(subject)
    if kept is None:
        return
    forget_ways(subject, kept.names)
    table.delete(LEDGER, dict(keys.cards(subject)), table.still_at(kept.rev))


def forget_ways(subject: str, names: Iterable[str]) -> None:
    """Deletes the ways from these cards to this customer; those to others stay."""
    for name in names:
        table.delete(SALTS, dict(keys.card_holder(name)), table.nothing_there_or_of(subject))
