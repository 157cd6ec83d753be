"""A customer's choices and restrictions, kept with their history. What stops something is announced before it is
written, so that a death between the two leaves at most a task that finds nothing to do (see `stopping`)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from counterfoil.domain import consent
from counterfoil.domain.audit import Detail
from counterfoil.domain.consent import WITHDRAWAL_TAKES_EFFECT, Choice, ConsentRequest, Customer, decide
from counterfoil.domain.erasures import BARRED, over_at
from counterfoil.domain.purposes import Purpose
from counterfoil.errors import ConditionFailed, Conflict, TryAgain
from counterfoil.flows.outcome import RIGHTS_QUEUE, Send
from counterfoil.sealing import new_salt
from counterfoil.store import audit, customers, erasures

TRIES = 5

Announce = Callable[[Send], None]
"""Sends a message, or raises."""


def to_stop(subject: str) -> Send:
    """Has what is under way brought in line with what stands then (`stopping`)."""
    delay = int(WITHDRAWAL_TAKES_EFFECT.total_seconds())
    return Send(RIGHTS_QUEUE, {"task": "stop", "subject": subject}, delay)


def choose(subject: str, purpose: Purpose, request: ConsentRequest, now: datetime, announce: Announce) -> Choice:
    """The choice that stands after the request.

    Raises Conflict for a grant that expects another version, Invalid for one that cannot be given.
    """
    for _ in range(TRIES):
        known = customers.get(subject) or Customer(subject)
        decided = decide(known, purpose, request, now)
        if not decided.entries:
            return decided.choice
        if known.has_granted("receipts") and not decided.customer.has_granted("receipts"):
            announce(to_stop(subject))
        try:
            recorded = audit.entry(subject, "consent changed", _detail(decided.entries), now)
            customers.save(decided.customer, decided.entries, new_salt(), recorded)
        except (ConditionFailed, TryAgain):
            continue
        return decided.choice
    raise Conflict("the customer's consents keep changing")


def restrict(subject: str, reason: str, now: datetime, announce: Announce) -> datetime:
    """From now on a customer's data is stored and nothing else (UK GDPR Art. 18).

    `reason` names this restriction, of which there may be several, in a word or an id. When nothing of theirs is under
    way any more.
    """
    announce(to_stop(subject))
    _change(subject, {"restricted": True, "reason": reason}, lambda one: consent.restrict(one, reason, now), now)
    return now + WITHDRAWAL_TAKES_EFFECT


def bar(subject: str, at: datetime, announce: Announce) -> None:
    """Nothing is granted any more by whoever was there then, until they are erased: that is announced already.

    Who came back meanwhile is somebody new, and whom we do not know needs no bar: nobody would lift it.
    """
    announce(to_stop(subject))
    _change(
        subject,
        {"restricted": True, "reason": BARRED},
        lambda one: consent.restrict(one, BARRED, at) if one.rev and one.was_there(at) else one,
        at,
    )


def barred_until(subject: str, settle: timedelta, now: datetime) -> datetime:
    """About when who is barred can come back: when they are erased."""
    known = erasures.get(subject)
    return over_at(None if known and known.is_done else known, settle, now)


def lift(subject: str, reason: str, now: datetime, announce: Announce) -> None:
    """Ends that restriction. Where no other stands, what it held goes on."""
    announce(to_stop(subject))
    _change(subject, {"restricted": False, "reason": reason}, lambda one: consent.lift(one, reason), now)


def _change(subject: str, detail: Detail, change: Callable[[Customer], Customer], now: datetime) -> None:
    for _ in range(TRIES):
        known = customers.get(subject) or Customer(subject)
        changed = change(known)
        if changed == known:
            return
        try:
            customers.save(changed, (), new_salt(), audit.entry(subject, "restriction changed", detail, now))
        except (ConditionFailed, TryAgain):
            continue
        return
    raise Conflict("the customer keeps changing")


def _detail(entries: Sequence[Choice]) -> Detail:
    """The asked choice comes first; those that rested on it changed with it."""
    asked = entries[0]
    notice = {"notice": asked.notice_version} if asked.notice_version else {}
    return notice | {
        "granted": asked.granted,
        "purposes": [entry.purpose for entry in entries],
        "versions": [entry.version for entry in entries],
        "origin": asked.origin,
    }
