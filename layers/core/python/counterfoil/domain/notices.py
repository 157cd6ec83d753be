"""The published privacy notices, and what a later one means for a grant that rests on an earlier one.

A later notice that changes the meaning of a purpose says so when it is published, and from which day the new meaning
applies. Until that day a grant on an earlier notice holds as it was given, and the customer is to be asked again; from
that day on it allows nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from counterfoil.domain.purposes import Purpose


@dataclass(frozen=True, slots=True)
class Notice:
    """One version. `news`: what changed since the one before, in words.

    `new_meaning`: the purposes whose meaning it changed, and from when the new one applies (UTC).
    """

    version: str
    published_at: datetime
    news: tuple[str, ...] = ()
    new_meaning: Mapping[Purpose, datetime] = field(default_factory=dict)


NOTICES: tuple[Notice, ...] = (Notice("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),)
"""Oldest first. What was published stays: consents rest on it."""


def current() -> Notice:
    return NOTICES[-1]


def find(version: str) -> Notice | None:
    return next((notice for notice in NOTICES if notice.version == version), None)


def is_published(version: str | None) -> bool:
    return version is not None and find(version) is not None


def lapses_at(version: str | None, purpose: Purpose) -> datetime | None:
    """From when a grant of this purpose that rests on that version allows nothing; None where nothing changed since."""
    versions = [notice.version for notice in NOTICES]
    later = NOTICES[versions.index(version) + 1 :] if version in versions else NOTICES
    return min((notice.new_meaning[purpose] for notice in later if purpose in notice.new_meaning), default=None)
