"""What a customer may ask of the receipts that they have: which, from when to when, and in which form."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from counterfoil.domain.fields import Wire, matching, refusing

LONDON = ZoneInfo("Europe/London")
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
USUAL = 50
_MATCH_ID = re.compile(r"match_([A-Za-z0-9_-]{22})_[A-Za-z0-9_-]{9}", re.ASCII)

Cursor = Annotated[str, matching(r"[A-Za-z0-9_-]{1,400}", "must be the `next` of a page before")]
BarcodeValue = Annotated[str, matching(r"[ -~]{1,256}", "must be 1 to 256 printable ASCII characters")]


def _is_no_date(text: str) -> bool:
    try:
        return not FIRST_DAY <= date.fromisoformat(text) <= LAST_DAY
    except ValueError:
        return True


Day = Annotated[
    str,
    matching(r"\d{4}-\d{2}-\d{2}", "must be a date, such as 2026-11-21"),
    refusing(_is_no_date, "is not a date from 2000 to 2099"),
]


class HistoryRequest(Wire):
    """Which receipts, as a query says it."""

    from_: Annotated[Day | None, Field(alias="from", description="The first day (in London) of the payments")] = None
    to: Annotated[Day | None, Field(description="The last day of the payments")] = None
    limit: Annotated[
        Annotated[str, matching(r"[1-9]\d?|100", "must be a number from 1 to 100")],
        Field(description="How many receipts a page holds at most"),
    ] = str(USUAL)
    cursor: Annotated[Cursor | None, Field(description="The `next` of the page before")] = None
    barcode: Annotated[BarcodeValue | None, Field(description="What the barcode of the receipt says")] = None

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> "HistoryRequest":
        if self.from_ and self.to and self.from_ > self.to:
            raise ValueError("`from` is after `to`")
        return self

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The closed span of time that the days are."""
        first, last = (date.fromisoformat(day) if day else None for day in (self.from_, self.to))
        return _midnight(first or FIRST_DAY), _midnight((last or LAST_DAY) + timedelta(days=1)) - timedelta(
            milliseconds=1
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LONDON)


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """A payment or refund of a customer, and the receipt that it has, as last corrected.

    `card`: what the bank told of it (`card_id`, `last4`, `scheme`; any may be missing). `paid`: what this payment
    paid of the receipt (minor units). `receipt` as it is delivered.
    """

    match_id: str
    version: int
    transaction_id: str
    paid_at: datetime
    card: dict[str, str]
    paid: int
    receipt: dict[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """`entries`, the latest payment first. `cursor` leads to the next page; None where there is none."""

    entries: tuple[Entry, ...]
    cursor: str | None


def transaction_of(match_id: str) -> str | None:
    """The opaque name of the transaction in a match id, or None where it is none of ours."""
    found = _MATCH_ID.fullmatch(match_id)
    return found[1] if found else None
