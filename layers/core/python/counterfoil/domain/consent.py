"""What a bank's customer agreed to: off until granted, withdrawn at once, every change kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from counterfoil.domain.fields import Wire, matching
from counterfoil.errors import Conflict

Purpose = Literal["receipts"]
PURPOSES: tuple[Purpose, ...] = ("receipts",)

WITHDRAWAL_TAKES_EFFECT = timedelta(seconds=20)
"""A delivery finishes within 15 s of its consent check, so after 20 s nothing of it is under way any more."""


class ConsentRequest(Wire):
    """What the bank says its customer chose. A grant names the notice that was shown."""

    granted: bool
    expected_version: Annotated[int, Field(ge=0)] | None = None
    notice_version: (
        Annotated[str, matching(r"\d{4}-\d{2}(\.\d+)?", "must be a year and month, such as 2026-11")] | None
    ) = None
    origin: Literal["bank_app", "bank_support", "our_support", "our_page"] = "bank_app"
    language: Annotated[
        str, matching(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", "must be a language tag, such as en-GB")
    ] = "en-GB"

    @model_validator(mode="after")
    def _a_grant_names_its_notice(self) -> "ConsentRequest":
        if self.granted and self.notice_version is None:
            raise ValueError("a grant must say which notice_version was shown")
        return self


@dataclass(frozen=True, slots=True)
class Choice:
    """One purpose's state, and the history entry that led to it."""

    purpose: Purpose
    version: int
    granted: bool
    changed_at: datetime
    effective_at: datetime
    notice_version: str | None
    origin: str
    language: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A bank's customer, as an opaque subject and choices. `rev` rises with every change."""

    subject: str
    rev: int = 0
    choices: Mapping[str, Choice] = field(default_factory=dict)
    restricted: bool = False

    def allows(self, purpose: Purpose) -> bool:
        """Whether anything may be done for this purpose now. A withdrawal counts at once."""
        choice = self.choices.get(purpose)
        return choice is not None and choice.granted and not self.restricted


def decide(
    customer: Customer, purpose: Purpose, request: ConsentRequest, now: datetime
) -> tuple[Customer, Choice, bool]:
    """The customer after the request, the choice that stands, and whether anything changed.

    The same request again changes nothing and gets the same answer. A grant that expects another version than the
    current one is a Conflict; a withdrawal never is.
    """
    standing = customer.choices.get(purpose)
    version = standing.version if standing else 0
    if standing and _repeats(standing, request):
        return customer, standing, False
    if request.granted and (request.expected_version or 0) != version:
        raise Conflict(f"the current version is {version}")
    choice = Choice(
        purpose=purpose,
        version=version + 1,
        granted=request.granted,
        changed_at=now,
        effective_at=now if request.granted else now + WITHDRAWAL_TAKES_EFFECT,
        notice_version=request.notice_version,
        origin=request.origin,
        language=request.language,
    )
    choices = {**customer.choices, purpose: choice}
    return replace(customer, rev=customer.rev + 1, choices=choices), choice, True


def _repeats(standing: Choice, request: ConsentRequest) -> bool:
    if standing.granted != request.granted:
        return False
    if not request.granted:
        return True
    same_words = (standing.notice_version, standing.origin, standing.language) == (
        request.notice_version, request.origin, request.language,
    )  # fmt: skip
    return same_words and request.expected_version in (None, standing.version, standing.version - 1)
