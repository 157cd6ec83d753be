"""A rights request as a state machine: what it may become, and what its clocks say of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain import letters, rights
from counterfoil.domain.legal_clocks import day_of, months_after
from counterfoil.domain.rights import CLOSED, KINDS, Kind, PrivacyRequest, State
from counterfoil.domain.rights_clock import look_at, next_look
from counterfoil.errors import Conflict

START = datetime(2026, 11, 25, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def asked(kind: Kind = "access", subject: str | None = "whose") -> PrivacyRequest:
    return rights.receive("prq_1", kind, "bank" if subject else "public", START, subject=subject)


def after(days: float) -> datetime:
    return START + timedelta(days=days)


def test_a_customers_request_has_a_month_and_a_strangers_waits_for_who_it_is() -> None:
    assert (asked().state, asked().due_on()) == ("received", date(2026, 12, 29))
    stranger = asked(subject=None)
    assert (stranger.state, stranger.due_on(), stranger.rev) == ("waiting_for_identity", None, 1)


def test_the_clock_stands_still_while_it_waits() -> None:
    stranger = asked(subject=None)
    proved = rights.prove(stranger, "whose", "sign_in", after(10))
    assert (proved.state, proved.subject, proved.due_on()) == ("received", "whose", date(2027, 1, 4))
    unclear = rights.ask(proved, "clarification", after(12))
    assert (unclear.state, unclear.due_on()) == ("waiting_for_clarification", None)
    clear = rights.clarify(unclear, after(12))
    assert (clear.state, clear.due_on()) == ("received", proved.due_on())


def test_work_that_goes_on_by_itself_asks_nothing_and_what_waits_is_not_worked_on() -> None:
    assert rights.ask(rights.begin(asked("rectification"), START), "clarification", START).is_waiting
    with pytest.raises(Conflict, match="begun"):
        rights.ask(rights.begin(asked("access"), START), "clarification", START)
    for step in (rights.finish, rights.fall_short, lambda one, now: rights.checkpoint(one, "records", "done", now)):
        with pytest.raises(Conflict, match="waits"):
            step(asked(subject=None), START)


def test_days_of_waiting_are_londons() -> None:
    late = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    stranger = rights.receive("prq_1", "access", "public", late, subject=None)
    assert rights.prove(stranger, "whose", "sign_in", late + timedelta(hours=1)).due_on() == date(2026, 7, 31)
    assert rights.prove(stranger, "whose", "sign_in", late + timedelta(minutes=20)).due_on() == date(2026, 7, 30)


def test_an_extension_is_three_months_from_the_start_and_told_within_the_first() -> None:
    extended = rights.extend(asked(), "complex", after(34))
    assert (extended.state, extended.due_on()) == ("extended", date(2027, 2, 25))
    with pytest.raises(Conflict, match="within the first month"):
        rights.extend(asked(), "complex", after(35))
    with pytest.raises(Conflict, match="once"):
        rights.extend(extended, "complex", after(1))
    with pytest.raises(Conflict):
        rights.extend(asked(subject=None), "complex", after(1))
    waited = rights.clarify(rights.ask(extended, "clarification", after(40)), after(45))
    assert (waited.state, waited.due_on()) == ("extended", date(2027, 3, 2))


def test_a_failed_store_leaves_it_partial_and_open() -> None:
    part = rights.fall_short(rights.checkpoint(asked("erasure"), "salt", "done", START), after(1))
    assert (part.state, part.is_open, part.due_on()) == ("partial", True, date(2026, 12, 29))
    assert rights.fall_short(part, after(2)) is part
    assert "being tried again" in letters.letter(part)
    assert rights.extend(part, "complex", after(3)).state == "partial"
    assert rights.finish(part, after(4)).state == "done"


def test_steps_that_are_repeated_change_nothing() -> None:
    begun = rights.begin(asked(), START)
    assert rights.begin(begun, after(1)) is begun
    noted = rights.checkpoint(begun, "recall", "not_confirmed", START)
    assert rights.checkpoint(noted, "recall", "not_confirmed", after(1)) is noted
    done = rights.finish(noted, START)
    assert rights.finish(done, after(1)) is done
    gone = rights.withdraw(asked(), START)
    assert rights.withdraw(gone, after(1)) is gone


def test_what_is_gone_can_be_neither_refused_nor_withdrawn() -> None:
    under_way = rights.begin(asked("erasure"), START)
    with pytest.raises(Conflict, match="under way"):
        rights.withdraw(under_way, START)
    gone = rights.checkpoint(under_way, "shred", "done", START)
    with pytest.raises(Conflict, match="under way"):
        rights.refuse(gone, "excessive", START)


def test_an_erasure_that_the_law_holds_says_so_and_may_be_declined_while_nothing_is_gone() -> None:
    held = rights.checkpoint(rights.begin(asked("erasure"), START), "enter", "held", START)
    told = letters.letter(held)
    assert "The law obliges us to keep the rest for now" in told
    assert "Wycliffe House" in told
    assert rights.refuse(held, "legal_claims", START).state == "refused"
    assert "erased as soon" not in letters.letter(rights.checkpoint(held, "enter", "done", START))


def test_another_customer_cannot_prove_that_it_is_theirs() -> None:
    with pytest.raises(Conflict):
        rights.prove(rights.ask(asked(), "identity", START), "another", "sign_in", START)


def test_identity_never_proved_closes_with_words() -> None:
    stranger = asked(subject=None)
    assert look_at(stranger, after(30)) == (stranger, ())
    closed, counts = look_at(stranger, after(31))
    assert (closed.state, closed.reason, counts) == ("refused", "identity_not_proved", ("RightsLapsed",))
    assert "nothing was done or disclosed" in letters.letter(closed)
    assert next_look(stranger, day_of(START)) == day_of(after(31))
    unclear = rights.ask(asked(), "clarification", START)
    assert look_at(unclear, after(31))[0].reason == "not_clarified"


@pytest.mark.parametrize(
    ("days", "counts"),
    [(26, ()), (27, ("RightsDeadlineNear",)), (34, ("RightsDeadlineNear",)), (35, ("RightsOverdue",)),
     (90, ("RightsOverdue",))],
)  # fmt: skip
def test_ops_are_told_a_week_before_and_each_day_after(days: int, counts: tuple[str, ...]) -> None:
    """Due on the 34th day."""
    assert look_at(asked(), after(days)) == (asked(), counts)
    assert next_look(asked(), day_of(after(days))) == max(date(2026, 12, 22), day_of(after(days + 1)))


def test_an_export_that_ended_is_marked_once() -> None:
    ready = rights.finish(rights.offer_export(asked(), after(3), after(1)), after(1))
    assert "fetch it until 28 November 2026" in letters.letter(ready)
    assert next_look(ready, day_of(after(1))) == date(2026, 11, 28)
    assert look_at(ready, after(2.9)) == (ready, ())
    gone, counts = look_at(ready, after(3))
    assert (gone.state, gone.export_until, counts) == ("done", None, ("ExportExpired",))
    assert "deleted" in letters.letter(gone)
    assert (next_look(gone, day_of(after(4))), look_at(gone, after(4))) == (None, (gone, ()))
    assert gone.closed_at == after(1)


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_of_every_kind_has_a_letter(kind: Kind) -> None:
    """Every refusal names the authority and the court."""
    new = asked(kind)
    for reason in get_args(rights.RefusalReason):
        refusal = letters.letter(rights.refuse(new, reason, START))
        assert "Wycliffe House" in refusal
        assert "court" in refusal
    for how in get_args(rights.ExtensionReason):
        assert "by 25 February 2027" in letters.letter(rights.extend(new, how, START))
    for other in (
        new, rights.begin(new, START), rights.fall_short(new, START), rights.finish(new, START),
        rights.finish(new, START, "nothing_held"), rights.withdraw(new, START), asked(kind, subject=None),
    ):  # fmt: skip
        told = letters.letter(other)
        assert "On 25 November 2026 you asked us" in told
        assert told.endswith("Your reference is prq_1.")
    question = letters.letter(rights.ask(new, "clarification", START), "Which card do you mean?")
    assert "Which card do you mean?" in question


STEPS: dict[str, Callable[[PrivacyRequest, datetime], PrivacyRequest]] = {
    "ask who": lambda request, now: rights.ask(request, "identity", now),
    "ask what": lambda request, now: rights.ask(request, "clarification", now),
    "prove": lambda request, now: rights.prove(request, "whose", "sign_in", now),
    "clarify": rights.clarify,
    "begin": rights.begin,
    "extend": lambda request, now: rights.extend(request, "complex", now),
    "part": lambda request, now: rights.checkpoint(request, "records", "done", now),
    "fail": rights.fall_short,
    "finish": rights.finish,
    "refuse": lambda request, now: rights.refuse(request, "excessive", now),
    "withdraw": rights.withdraw,
    "look": lambda request, now: look_at(request, now)[0],
}


@given(
    st.sampled_from(KINDS),
    st.sampled_from([None, "whose"]),
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 60 * 24 * 20)), max_size=25),
)
def test_whatever_happens_to_it_its_history_only_grows_and_its_clock_never_goes_back(
    kind: Kind, subject: str | None, walk: list[tuple[str, int]]
) -> None:
    request, now = replace(asked(subject=subject), kind=kind), START
    for step, minutes in walk:
        now += timedelta(minutes=minutes)
        before = request
        try:
            request = STEPS[step](request, now)
        except Conflict:
            continue
        check(before, request, now)


def check(before: PrivacyRequest, request: PrivacyRequest, now: datetime) -> None:
    grown = request.history[len(before.history) :]
    assert request.history[: len(before.history)] == before.history
    assert (request is before) == (not grown)
    assert request.rev == before.rev + len(grown)
    assert before.state not in CLOSED or request is before
    assert request.state in get_args(State)
    assert (request.due_on() is None) == (request.is_waiting)
    assert request.is_waiting == request.state.startswith("waiting")
    assert request.is_open == (request.closed_at is None)
    assert request.state != "refused" or request.reason
    assert request.is_running == (request.is_open and not request.is_waiting)
    assert request.subject == "whose" or request.state in ("waiting_for_identity", *CLOSED)
    assert _deadline(request) >= _deadline(before)
    months = months_after(day_of(START), 3 if request.extension else 1)
    assert timedelta() <= _deadline(request) - months <= sum_of_waits(request) + 4 * DAY
    look = next_look(request, day_of(now))
    assert (look is not None) == request.is_open
    if look and look > day_of(now):
        assert look_at(request, datetime(look.year, look.month, look.day, 12, tzinfo=UTC) - DAY)[1] in (
            (), ("RightsDeadlineNear",), ("RightsOverdue",),
        )  # fmt: skip
    assert letters.letter(request)


def _deadline(request: PrivacyRequest) -> date:
    """Also while it waits, as if the answer came at once."""
    *before, last = request.waits or [None]
    waits: tuple[Any, ...] = (*before, replace(last, until=last.until or last.since)) if last else ()
    due = replace(request, waits=waits).due_on()
    assert due
    return due


def sum_of_waits(request: PrivacyRequest) -> timedelta:
    return timedelta(days=sum(wait.days() for wait in request.waits))
