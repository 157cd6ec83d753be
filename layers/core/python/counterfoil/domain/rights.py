"""A person's request under data protection law, as a state machine (UK GDPR Art. 12 to 21).

    received ──────────────► in_progress ──► extended ──► done | partial ──► done
        │ ▲                       │ ▲             │
        ▼ │                       ▼ │             │       refused and withdrawn: from every open state
    waiting_for_identity    waiting_for_clarification

Its month begins on the day of receipt, and stands still from the day on which we ask who it is, or what is meant,
until the day of the answer. `partial`: a store failed, the others are done; it stays open and its clock goes on.

`history` only grows. `phases` are the checkpoints of the work: who dies resumes at the first that is not there.
Nothing in a request is in anybody's words: those are sealed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

from counterfoil.domain.legal_clocks import day_of, rights_deadline
from counterfoil.errors import Conflict

Kind = Literal["access", "portability", "rectification", "erasure", "restriction", "lifting", "objection"]
"""`lifting`: what a restriction held shall go on."""
Origin = Literal["bank", "page", "public", "ops"]
State = Literal[
    "received",
    "waiting_for_identity",
    "waiting_for_clarification",
    "in_progress",
    "extended",
    "partial",
    "done",
    "refused",
    "withdrawn",
]
Proof = Literal["documents", "sign_in"]
Wanted = Literal["identity", "clarification"]
ExtensionReason = Literal["complex", "many_requests"]
RefusalReason = Literal[
    "identity_not_proved",
    "not_clarified",
    "manifestly_unfounded",
    "excessive",
    "legal_obligation",
    "legal_claims",
    "rights_of_others",
    "not_portable",
    "correct_already",
]
PhaseState = Literal["done", "held", "not_confirmed"]
"""`held`: the law has it wait. `not_confirmed`: done on our side, and the bank did not say so of its own."""
What = Literal[
    "received", "asked", "answered", "begun", "extended", "phase", "partial", "done", "refused", "withdrawn",
    "export_ready", "export_gone",
]  # fmt: skip

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
CLOSED: Final[frozenset[State]] = frozenset({"done", "refused", "withdrawn"})
WAITS_AT_MOST: Final = timedelta(days=30)
"""For who it is, or for what is meant; then the request is closed, and may be made anew."""


@dataclass(frozen=True, slots=True)
class Event:
    """One step. `detail`: a reason, a phase or what was asked for, from this module's vocabulary; never words."""

    at: datetime
    what: What
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """While it lasts the clock stands still."""

    wanted: Wanted
    since: datetime
    until: datetime | None = None

    def days(self) -> int:
        """Days of London between the question and its answer; 0 where both are of one day."""
        return (day_of(self.until) - day_of(self.since)).days if self.until else 0


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """`subject`: whose it is, an opaque name; None until a stranger's identity is proved.

    `sealed`: what the person and ops wrote. `token`: the hash of what a public request is read with.
    `export_until`: until when the archive made for it can be fetched. `rev` rises with every change.
    """

    id: str
    kind: Kind
    origin: Origin
    received_at: datetime
    language: str
    state: State
    subject: str | None = None
    token: str | None = None
    sealed: bytes | None = None
    rev: int = 1
    waits: tuple[Wait, ...] = ()
    extension: ExtensionReason | None = None
    phases: Mapping[str, PhaseState] = field(default_factory=dict)
    history: tuple[Event, ...] = ()
    export_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state not in CLOSED

    @property
    def is_waiting(self) -> bool:
        return bool(self.waits) and self.waits[-1].until is None and self.is_open

    @property
    def is_running(self) -> bool:
        """Whether anything may be done for it now."""
        return self.is_open and not self.is_waiting

    @property
    def closed_at(self) -> datetime | None:
        ends = [event.at for event in self.history if event.what in CLOSED]
        return ends[-1] if ends else None

    @property
    def reason(self) -> str:
        """Why it stands as it does: that of the last step which had one."""
        return next((event.detail for event in reversed(self.history) if event.what == self.state), "")

    @property
    def has_lost_its_archive(self) -> bool:
        """Whether the time to fetch it is over."""
        return self.export_until is None and any(event.what == "export_gone" for event in self.history)

    @property
    def is_its_writers(self) -> bool:
        """Whether who wrote it showed documents of whose it is. A customer who signs in may have been given somebody
        else's reference and token: what is theirs they fetch where they signed in."""
        return any(event.detail == "identity: documents" for event in self.history)

    def due_on(self) -> date | None:
        """The last day for the answer; None while the clock stands still."""
        return None if self.is_waiting else self._deadline(3 if self.extension else 1)

    def first_month_ends(self) -> date:
        """By when an extension must be told."""
        return self._deadline(1)

    def _deadline(self, months: int) -> date:
        return rights_deadline(day_of(self.received_at), months, sum(wait.days() for wait in self.waits))

    @property
    def begun_at(self) -> datetime | None:
        """When its work began."""
        return next((event.at for event in self.history if event.what == "begun"), None)


def receive(
    request_id: str,
    kind: Kind,
    origin: Origin,
    now: datetime,
    *,
    subject: str | None,
    language: str = "en-GB",
    token: str | None = None,
    sealed: bytes | None = None,
) -> PrivacyRequest:
    """A new request. Whose identity is not known waits for it from the start."""
    received = PrivacyRequest(
        id=request_id,
        kind=kind,
        origin=origin,
        received_at=now,
        language=language,
        state="received",
        subject=subject,
        token=token,
        sealed=sealed,
        history=(Event(now, "received"),),
    )
    return received if subject else replace(ask(received, "identity", now), rev=1)


def ask(request: PrivacyRequest, wanted: Wanted, now: datetime) -> PrivacyRequest:
    """The clock stands still until we know who it is, or what is meant. Not once work goes on by itself."""
    _require_running(request)
    if request.begun_at and request.kind != "rectification":
        raise Conflict("the work has begun")
    state: State = "waiting_for_identity" if wanted == "identity" else "waiting_for_clarification"
    waiting = replace(request, waits=(*request.waits, Wait(wanted, now)))
    return _moved(waiting, state, Event(now, "asked", wanted))


def prove(request: PrivacyRequest, subject: str, by: Proof, now: datetime) -> PrivacyRequest:
    """It is this customer's. Raises Conflict where it waits for no identity, or is another's."""
    if request.state != "waiting_for_identity" or request.subject not in (None, subject):
        raise Conflict("the request waits for no identity")
    return _answered(replace(request, subject=subject), f"identity: {by}", now)


def clarify(request: PrivacyRequest, now: datetime) -> PrivacyRequest:
    if request.state != "waiting_for_clarification":
        raise Conflict("the request waits for no clarification")
    return _answered(request, "clarification", now)


def begin(request: PrivacyRequest, now: datetime) -> PrivacyRequest:
    """Its work begins; the same request where it has begun already."""
    if request.state != "received":
        return request
    return _moved(request, "in_progress", Event(now, "begun"))


def extend(request: PrivacyRequest, reason: ExtensionReason, now: datetime) -> PrivacyRequest:
    """Three months from its start instead of one, told within the first. Raises Conflict where that is not open."""
    if request.state not in ("received", "in_progress", "partial") or request.extension:
        raise Conflict("only a request whose clock runs is extended, and once")
    if day_of(now) > request.first_month_ends():
        raise Conflict("an extension must be told within the first month")
    state: State = "partial" if request.state == "partial" else "extended"
    return _moved(replace(request, extension=reason), state, Event(now, "extended", reason))


def checkpoint(request: PrivacyRequest, phase: str, how: PhaseState, now: datetime) -> PrivacyRequest:
    """A part of the work is done, or failed for now; the same request where that is known."""
    _require_running(request)
    if request.phases.get(phase) == how:
        return request
    noted = replace(request, phases={**request.phases, phase: how})
    return _moved(noted, request.state, Event(now, "phase", f"{phase}: {how}"))


def fall_short(request: PrivacyRequest, now: datetime) -> PrivacyRequest:
    """A store failed: what could be done is, and the rest is tried again."""
    _require_running(request)
    return request if request.state == "partial" else _moved(request, "partial", Event(now, "partial"))


def finish(request: PrivacyRequest, now: datetime, outcome: str = "") -> PrivacyRequest:
    """All that was asked is done; the same request where it was. `outcome`: `nothing_held`, or nothing to add."""
    if request.state == "done":
        return request
    _require_running(request)
    return _moved(request, "done", Event(now, "done", outcome))


def refuse(request: PrivacyRequest, reason: RefusalReason, now: datetime) -> PrivacyRequest:
    """Raises Conflict for an erasure of which something is gone already."""
    _require_open(request)
    if request.kind == "erasure" and "shred" in request.phases:
        raise Conflict("the erasure is under way")
    return _moved(request, "refused", Event(now, "refused", reason))


def withdraw(request: PrivacyRequest, now: datetime) -> PrivacyRequest:
    """The person wants it no more. Raises Conflict for an erasure under way."""
    if request.state == "withdrawn":
        return request
    _require_open(request)
    if request.kind == "erasure" and request.begun_at:
        raise Conflict("the erasure is under way")
    return _moved(request, "withdrawn", Event(now, "withdrawn"))


def offer_export(request: PrivacyRequest, until: datetime, now: datetime) -> PrivacyRequest:
    """Its archive can be fetched for a while."""
    return _moved(replace(request, export_until=until), request.state, Event(now, "export_ready"))


def withdraw_export(request: PrivacyRequest, now: datetime) -> PrivacyRequest:
    """Its archive is gone."""
    return _moved(replace(request, export_until=None), request.state, Event(now, "export_gone"))


def _answered(request: PrivacyRequest, detail: str, now: datetime) -> PrivacyRequest:
    *before, waiting = request.waits
    running = replace(request, waits=(*before, replace(waiting, until=now)))
    state: State = "extended" if request.extension else "in_progress" if request.begun_at else "received"
    return _moved(running, state, Event(now, "answered", detail))


def _moved(request: PrivacyRequest, state: State, event: Event) -> PrivacyRequest:
    return replace(request, state=state, rev=request.rev + 1, history=(*request.history, event))


def _require_open(request: PrivacyRequest) -> None:
    if not request.is_open:
        raise Conflict(f"the request is {request.state}")


def _require_running(request: PrivacyRequest) -> None:
    _require_open(request)
    if request.is_waiting:
        raise Conflict("the request waits for an answer")
