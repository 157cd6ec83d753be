"""What a bank's customer agreed to: off until granted, withdrawn at once, every change kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from counterfoil.domain import notices
from counterfoil.domain.erasures import BARRED
from counterfoil.domain.fields import Wire, matching
from counterfoil.domain.purposes import NEEDS, Purpose
from counterfoil.errors import Conflict, Invalid, Problem

WITHDRAWAL_TAKES_EFFECT = timedelta(seconds=20)
"""A delivery finishes within 15 s of its consent check, so after 20 s nothing of it is under way any more."""

Origin = Literal["bank_app", "bank_support", "our_support", "our_page"]


class ConsentRequest(Wire):
    """What the bank says its customer chose. A grant names the notice that was shown."""

    granted: bool
    expected_version: Annotated[int, Field(ge=0)] | None = None
    notice_version: (
        Annotated[str, matching(r"\d{4}-\d{2}(\.\d+)?", "must be a year and month, such as 2026-11")] | None
    ) = None
    origin: Origin = "bank_app"
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

    @property
    def lapses_at(self) -> datetime | None:
        """Where a later notice changed the meaning of what was granted: from when the grant allows nothing."""
        return notices.lapses_at(self.notice_version, self.purpose) if self.granted else None

    def holds(self, now: datetime) -> bool:
        """Whether it is granted, in the meaning that applies now."""
        lapses_at = self.lapses_at
        return self.granted and (lapses_at is None or now < lapses_at)


@dataclass(frozen=True, slots=True)
class Customer:
    """A bank's customer, as an opaque subject and choices. `rev` rises with every change.

    `restrictions`: why their data may be stored and nothing else (UK GDPR Art. 18), each with its time. `made_at`: when
    they began with us; who was erased and comes back begins anew.
    """

    subject: str
    rev: int = 0
    choices: Mapping[str, Choice] = field(default_factory=dict)
    restrictions: Mapping[str, datetime] = field(default_factory=dict)
    made_at: datetime | None = None

    @property
    def restricted(self) -> bool:
        return bool(self.restrictions)

    @property
    def is_being_erased(self) -> bool:
        return BARRED in self.restrictions

    def was_there(self, at: datetime) -> bool:
        """Whether what came then was theirs, and not of whom they were before they were erased."""
        return self.made_at is None or at >= self.made_at

    def has_granted(self, purpose: Purpose) -> bool:
        """Whether the last choice was a grant, whatever became of it since."""
        choice = self.choices.get(purpose)
        return choice is not None and choice.granted

    def allows(self, purpose: Purpose, now: datetime) -> bool:
        """Whether anything may be done for this purpose now. A withdrawal counts at once."""
        choice, needed = self.choices.get(purpose), NEEDS.get(purpose)
        if self.restricted or choice is None or not choice.holds(now):
            return False
        return needed is None or self.allows(needed, now)


@dataclass(frozen=True, slots=True)
class Decided:
    """The customer after a request, the choice that stands, and the entries that the history gains: none where the
    request changed nothing."""

    customer: Customer
    choice: Choice
    entries: tuple[Choice, ...] = ()


def decide(customer: Customer, purpose: Purpose, request: ConsentRequest, now: datetime) -> Decided:
    """The same request again changes nothing and gets the same answer.

    A grant that expects another version than the current one is a Conflict; a withdrawal never is. A grant is Invalid
    where its notice was not published or does not say what applies now, and where it rests on a purpose that is not
    granted. What rests on a withdrawn purpose is withdrawn with it.
    """
    standing = customer.choices.get(purpose)
    if standing and _repeats(standing, request):
        return Decided(customer, standing)
    if request.granted:
        _check_grant(customer, purpose, request, now)
    chosen = _next(customer, purpose, request, now)
    entries = [chosen]
    if not request.granted:
        resting = [one for one, needed in NEEDS.items() if needed == purpose and customer.has_granted(one)]
        entries += [_next(customer, one, request, now) for one in resting]
    choices: dict[str, Choice] = {**customer.choices}
    choices.update((entry.purpose, entry) for entry in entries)
    return Decided(replace(_next_rev(customer, now), choices=choices), chosen, tuple(entries))


def restrict(customer: Customer, reason: str, now: datetime) -> Customer:
    """The customer restricted for this reason too; the same customer where they are already."""
    if reason in customer.restrictions:
        return customer
    return replace(_next_rev(customer, now), restrictions={**customer.restrictions, reason: now})


def lift(customer: Customer, reason: str) -> Customer:
    """The customer without that restriction; others stand."""
    if reason not in customer.restrictions:
        return customer
    left = {other: since for other, since in customer.restrictions.items() if other != reason}
    return replace(customer, rev=customer.rev + 1, restrictions=left)


def _next_rev(customer: Customer, now: datetime) -> Customer:
    return replace(customer, rev=customer.rev + 1, made_at=customer.made_at if customer.rev else now)


def _next(customer: Customer, purpose: Purpose, request: ConsentRequest, now: datetime) -> Choice:
    standing = customer.choices.get(purpose)
    return Choice(
        purpose=purpose,
        version=standing.version + 1 if standing else 1,
        granted=request.granted,
        changed_at=now,
        effective_at=now if request.granted else now + WITHDRAWAL_TAKES_EFFECT,
        notice_version=request.notice_version,
        origin=request.origin,
        language=request.language,
    )


def _check_grant(customer: Customer, purpose: Purpose, request: ConsentRequest, now: datetime) -> None:
    standing, needed = customer.choices.get(purpose), NEEDS.get(purpose)
    if customer.is_being_erased:
        raise Conflict("the customer is being erased: who wants to come back can do so once that is done")
    if not notices.is_published(request.notice_version):
        raise Invalid([Problem("notice_version", "is no published notice")])
    lapses_at = notices.lapses_at(request.notice_version, purpose)
    if lapses_at is not None and lapses_at <= now:
        raise Invalid([Problem("notice_version", "a later notice changed what this purpose means")])
    version = standing.version if standing else 0
    if (request.expected_version or 0) != version:
        raise Conflict(f"the current version is {version}")
    if needed is not None and not customer.has_granted(needed):
        raise Invalid([Problem("granted", f"needs {needed}, which is not granted")])


def _repeats(standing: Choice, request: ConsentRequest) -> bool:
    if standing.granted != request.granted:
        return False
    if not request.granted:
        return True
    same_words = (standing.notice_version, standing.origin, standing.language) == (
        request.notice_version, request.origin, request.language,
    )  # fmt: skip
    return same_words and request.expected_version in (None, standing.version, standing.version - 1)
