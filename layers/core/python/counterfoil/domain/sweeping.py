"""A run of the sweep, as it is remembered: what it did, and where it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Self

from counterfoil.domain.retention import Place


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one class: records found due, and what became of them. `deleted` counts what went with them too.

    `held`: by a hold or a restriction, or since others of the customer's are still there. `failed`: others kept
    writing. What was held or failed is met again by the next run.
    """

    read: int = 0
    deleted: int = 0
    redacted: int = 0
    held: int = 0
    failed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.read + other.read,
            self.deleted + other.deleted,
            self.redacted + other.redacted,
            self.held + other.held,
            self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """What is due at `as_of` is swept, class by class; `rev` counts the steps.

    `due`: the class at which it is, `place` the last place it worked at there, and `after` the last row (partition and
    sort key) it was through with there, None once it was through with the place. `left`: something was left there.
    `purge`: bodies of receipts whose records are gone, which are deleted before anything else. `skipped`: classes that
    are held.
    """

    as_of: datetime
    rev: int = 0
    done: bool = False
    due: str | None = None
    place: Place | None = None
    after: tuple[str, str] | None = None
    left: bool = False
    purge: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    counts: Mapping[str, Counts] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.as_of.astimezone(UTC).isoformat(timespec="milliseconds")

    def is_through(self, place: Place) -> bool:
        """Whether nothing is left to do at that place of its class."""
        return self.place is not None and (place < self.place or (place == self.place and self.after is None))

    def stands_at(self, place: Place) -> bool:
        """Whether it was interrupted at that place."""
        return place == self.place and self.after is not None

    def total(self) -> Counts:
        return sum(self.counts.values(), Counts())

    def counted(self, due: str, counts: Counts) -> Self:
        return replace(self, counts={**self.counts, due: self.counts.get(due, Counts()) + counts})
