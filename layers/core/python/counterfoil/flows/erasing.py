"""A customer is erased, phase by phase (`domain.erasures`), and erased again where a restored table brings them back.

    {"task": "erase", "subject", "at", "reason", "request", "rev"}

A message does a step of the phase in which the erasure stands, keeps the checkpoint, and sends a message for the next.
It may be repeated, and died in, anywhere: a message that finds its step done does the next one, and of two that do the
same step one fails at the checkpoint and looks again. `at` is when it was asked for: whoever came back since is
somebody new.

However many messages there are, one goes on: each step moves the `rev` of the erasure, and the next message is sent for
that. Sent for an earlier one, a message ends, unless it made the last step itself: then the next may never have been
sent. Who asks for the erasure has no `rev` and always goes on, in place of whoever did: so a repeated wish mends what
stopped.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from counterfoil.domain import erasures as phases
from counterfoil.domain.consent import ConsentRequest
from counterfoil.domain.erasures import BARRED, REASONS, Erasure, Reason
from counterfoil.domain.purposes import PURPOSES
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.domain.transactions import Transaction
from counterfoil.errors import ConditionFailed, Poison, TryAgain
from counterfoil.flows import consent, erased_cards, messages
from counterfoil.flows.forgetting import forget
from counterfoil.flows.giving_up import give_up
from counterfoil.flows.linking import Outside, tear_down
from counterfoil.flows.outcome import RIGHTS_QUEUE, Outcome, Send
from counterfoil.flows.reporting import report
from counterfoil.store import by_subject, customers, erasures, exports, holds, links, transactions
from counterfoil.store.by_subject import Found
from counterfoil.store.erasures import Entry
from counterfoil.store.table import Check

PAGE = 50
SOON = 60
PAYMENTS = ("undecided transaction", "matched transaction")
LAST = "customer's choices"


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds: until what began before the stop has ended (`settle`), between two looks (`poll`, at most 900), and for
    the bank to take what is recalled (`patience`)."""

    settle: int
    poll: int
    patience: int

    @property
    def first_poll(self) -> int:
        """Until the first look: a bank that does what it is asked does it soon."""
        return min(self.poll, SOON)


@dataclass(frozen=True, slots=True)
class _Work:
    outside: Outside
    waits: Waits
    now: datetime


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a message asks for. `sent_at`: the `rev` that it was sent for, None of who asked for the erasure."""

    subject: str
    at: datetime
    reason: Reason
    requests: tuple[str, ...]
    sent_at: int | None


@dataclass(frozen=True, slots=True)
class _Step:
    """The erasure after a step, what is to be sent, when it goes on (seconds), and what must hold."""

    erasure: Erasure
    sends: tuple[Send, ...] = ()
    delay: int = 0
    checks: tuple[Check, ...] = ()


def begin(subject: str, reason: Reason, now: datetime, request_id: str | None = None) -> Send:
    """The message that erases a customer. It cannot be undone: nothing else must be asked first."""
    body = {"task": "erase", "subject": subject, "at": to_millis(now), "reason": reason}
    return Send(RIGHTS_QUEUE, body | ({"request": request_id} if request_id else {}))


def erase(body: Mapping[str, Any], outside: Outside, waits: Waits) -> Outcome:
    """One step. Raises Poison for a strange message, TryAgain where something moved meanwhile."""
    subject, at, reason = body.get("subject"), body.get("at"), body.get("reason")
    if not isinstance(subject, str) or not isinstance(at, int) or reason not in REASONS:
        raise Poison("not a message of ours")
    sent_at = rev if isinstance(rev := body.get("rev"), int) else None
    now = outside.clock()
    try:
        asked = (request,) if isinstance(request := body.get("request"), str) else ()
        erasure = _standing(_Asked(subject, from_millis(at), reason, asked, sent_at), now)
        if erasure is None:
            known = erasures.get(subject)
            report(known if known and known.covers(from_millis(at)) else None, asked, now)
            return Outcome(counts=("ErasureOver",))
        step = _STEPS[erasure.phase](erasure, _Work(outside, waits, now))
        return _keep(step, erasure, now)
    except ConditionFailed:
        raise TryAgain("another message, the audit trail or a hold came in between", after=1) from None


def _standing(asked: _Asked, now: datetime) -> Erasure | None:
    """The erasure to go on with, begun here where it is new; None where there is nothing to do for this message."""
    known = erasures.get(asked.subject)
    if known is not None and known.covers(asked.at):
        is_over = known.is_done or (asked.sent_at is not None and known.has_overtaken(asked.sent_at))
        return None if is_over else replace(_joined(known, asked.requests, now), moved_at=asked.sent_at)
    customer = customers.get(asked.subject)
    if not customer.was_there(asked.at) if customer else not _has_any(asked.subject):
        return None
    begun = phases.begin(asked.subject, asked.reason, asked.at, asked.requests)
    begun = replace(begun, since=now, rev=known.rev + 1 if known else 1, moved_at=asked.sent_at)
    erasures.save(begun, known, now)
    return begun


def _has_any(subject: str) -> bool:
    found, more = by_subject.page(subject, None, PAGE)
    return more is not None or any(one.goes for one in found)


def _joined(known: Erasure, asked: tuple[str, ...], now: datetime) -> Erasure:
    """One erasure may answer several requests."""
    requests = tuple(dict.fromkeys((*known.requests, *asked)))
    if requests == known.requests:
        return known
    joined = replace(known, requests=requests, rev=known.rev + 1, moved_at=None)
    erasures.save(joined, known, now)
    return joined


def _keep(step: _Step, was: Erasure, now: datetime) -> Outcome:
    """Also where it only waits: whoever waits for the same is overtaken by that."""
    moved = replace(step.erasure, rev=was.rev + 1)
    erasures.save(moved, was, now, step.checks)
    report(moved, (), now)
    if moved.is_done:
        return Outcome(step.sends, ("Erased",))
    again = _next(moved, step.delay)
    return Outcome((*step.sends, again), ("ErasurePartial",) if moved.is_partial else ())


def _next(erasure: Erasure, delay: int) -> Send:
    first = begin(erasure.subject, erasure.reason, erasure.begun_at)
    return Send(RIGHTS_QUEUE, {**first.body, "rev": erasure.rev}, delay)


# stop, recall, confirm, unlink


def _stop(erasure: Erasure, work: _Work) -> _Step:
    """The bar first: nothing is granted once it stands."""
    sends: list[Send] = []
    customer = customers.get(erasure.subject)
    if customer is not None:
        consent.restrict(erasure.subject, BARRED, work.now, sends.append)
        # What rests on it is withdrawn with it.
        for purpose in filter(customer.has_granted, PURPOSES):
            consent.choose(erasure.subject, purpose, ConsentRequest(granted=False), work.now, sends.append)
    return _Step(erasure.enters("recall", work.now), tuple(sends), work.waits.settle)


def _recall(erasure: Erasure, work: _Work) -> _Step:
    found, place = by_subject.page(erasure.subject, erasure.place, PAGE)
    told: list[Send] = []
    for transaction in _payments(found):
        told += give_up(transaction, work.outside.sealer)
    counted = erasure.counted(Counter(one.record.name for one in found if one.goes))
    if place is not None:
        return _Step(replace(counted, place=place), tuple(told))
    return _Step(counted.enters("confirm", work.now), tuple(told), work.waits.first_poll)


def _confirm(erasure: Erasure, work: _Work) -> _Step:
    """A page is left when the bank took all that it recalls, or patience is over."""
    found, place = by_subject.page(erasure.subject, erasure.place, PAGE)
    recalled = [one for one in _payments(found) if one.state == "withdrawn" and one.recalls]
    waiting = [one for one in recalled if not one.is_all_delivered()]
    if waiting and work.now < erasure.since + timedelta(seconds=work.waits.patience):
        # One that was tried has a message, which comes back by itself.
        untried = [one for one in waiting if str(one.version) not in one.deliveries]
        return _Step(erasure, tuple(messages.delivery_of(one.bank, one.key) for one in untried), work.waits.poll)
    taken = sum(one.deliveries[str(one.version)].state == "delivered" for one in recalled if one not in waiting)
    counted = erasure.counted({"recalled": len(recalled), "confirmed": taken, "not confirmed": len(recalled) - taken})
    if place is not None:
        return _Step(replace(counted, place=place))
    link = links.get(erasure.subject)
    if link is None:
        return _Step(counted.enters("unlink", work.now))
    return _Step(counted.enters("unlink", work.now), (tear_down(link),), work.waits.first_poll)


def _unlink(erasure: Erasure, work: _Work) -> _Step:
    """Logging out at the bank needs the tokens, which nobody can read once the salt is gone. So far a legal hold stops
    an erasure; from here on nothing does."""
    link = links.get(erasure.subject)
    if link is not None and work.now < erasure.since + timedelta(seconds=work.waits.patience):
        return _Step(erasure, (tear_down(link),), work.waits.poll)
    stopping = [hold.ground for hold in holds.of(erasure.subject) if hold.stops_erasure]
    if stopping:
        return _Step(replace(erasure, held=stopping[0]), delay=work.waits.poll)
    return _Step(erasure.enters("enter", work.now), checks=(holds.erasable(erasure.subject),))


def _payments(found: Iterable[Found]) -> list[Transaction]:
    return [transactions.from_item(one.item) for one in found if one.record.name in PAYMENTS]


# enter, shred, delete, verify


def _enter(erasure: Erasure, work: _Work) -> _Step:
    entry = Entry(erasure.subject, erasure.begun_at)
    erasures.enter(entry, erased_cards.sealed(entry, work.outside.sealer))
    return _Step(erasure.enters("shred", work.now))


def _shred(erasure: Erasure, work: _Work) -> _Step:
    customers.forget_salt(erasure.subject, erasure.begun_at)
    return _Step(erasure.enters("delete", work.now))


def _delete(erasure: Erasure, work: _Work) -> _Step:
    found, place = by_subject.page(erasure.subject, erasure.place, PAGE)
    failed = set(erasure.failed)
    for one in found:
        failed |= _forgotten(one)
    moved = replace(erasure, failed=tuple(sorted(failed)))
    if place is not None:
        return _Step(replace(moved, place=place))
    return _Step(moved.enters("verify", work.now), delay=work.waits.settle)


def _forgotten(found: Found) -> set[str]:
    """The record gone, but for the customer's choices; the places that could not be reached."""
    if found.record.name == LAST:
        return set()
    try:
        forget(found)
    except TryAgain:
        return {"payloads"}
    return set()


def _verify(erasure: Erasure, work: _Work) -> _Step:
    """Once nothing that began before is under way any more. What is left then is what the data map keeps, and why."""
    found, place = by_subject.page(erasure.subject, erasure.place, PAGE)
    if any(one.goes and one.record.name != LAST for one in found):
        return _Step(erasure.enters("delete", work.now), delay=work.waits.poll)
    kept = erasure.counted(Counter(f"kept: {one.record.name}" for one in found if not one.goes))
    if place is not None:
        return _Step(replace(kept, place=place))
    exports.delete(erasure.subject)
    customer = customers.get(erasure.subject)
    if customer is not None and customer.was_there(erasure.begun_at):
        customers.forget(customer)
    return _Step(replace(kept.enters("done", work.now), failed=()))


_STEPS: Mapping[str, Callable[[Erasure, _Work], _Step]] = {
    "stop": _stop,
    "recall": _recall,
    "confirm": _confirm,
    "unlink": _unlink,
    "enter": _enter,
    "shred": _shred,
    "delete": _delete,
    "verify": _verify,
}
