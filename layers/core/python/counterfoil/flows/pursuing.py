"""What a request under data protection law leaves to be done.

    {"task": "request", "request": id, "step": "finish" or none}

The worker looks at what stands, and does nothing where there is nothing to do. So the message may come twice, late, or
after a write that never was; and it may be died in anywhere, since what has to be sent goes before what ends the work.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from counterfoil.domain import rights as steps
from counterfoil.domain.cards import CardRequest
from counterfoil.domain.rights import PrivacyRequest
from counterfoil.errors import Conflict, Invalid, Poison
from counterfoil.flows import cards, consent, erasing, exporting
from counterfoil.flows.linking import Outside
from counterfoil.flows.outcome import RIGHTS_QUEUE, Outcome, Send
from counterfoil.flows.rights import SOON, settle, words_of
from counterfoil.store import customers, exports
from counterfoil.store import rights as store

RESTRICTION, OBJECTION = "requested", "objection"
"""The names of the restrictions that a person may ask for, and end."""


def pursue(body: Mapping[str, Any], outside: Outside) -> Outcome:
    """The next thing to be done for a request. Raises Poison for a message that names none."""
    request_id, now = body.get("request"), outside.clock()
    if not isinstance(request_id, str):
        raise Poison("not a message of ours")
    request = store.get(request_id)
    if request is None:
        return Outcome(counts=("RightsNeverKept",))
    if request.token and (request.subject or not request.is_open):
        # A stranger's words are a customer's now, or nobody needs them any more.
        store.forget_salt(request.id)
    if request.subject and request.has_lost_its_archive:
        exports.delete(request.subject, request.id)
    if not request.is_running or request.subject is None:
        return Outcome()
    if body.get("step") == "finish":
        return _finish(request, now)
    if customers.get(request.subject) is None:
        return _finish(request, now, "nothing_held")
    begun = settle(request.id, lambda known: steps.begin(known, now), now)
    return _WORK[begun.kind](begun, request.subject, outside) if begun and begun.is_running else Outcome()


def _finish(request: PrivacyRequest, now: datetime, outcome: str = "") -> Outcome:
    settle(request.id, lambda known: steps.finish(known, now, outcome), now)
    return Outcome(counts=("RightsAnswered",))


def _restrict(request: PrivacyRequest, subject: str, outside: Outside) -> Outcome:
    return _then_finish(request, lambda send: consent.restrict(subject, RESTRICTION, outside.clock(), send))


def _stop(request: PrivacyRequest, subject: str, outside: Outside) -> Outcome:
    return _then_finish(request, lambda send: consent.restrict(subject, OBJECTION, outside.clock(), send))


def _lift(request: PrivacyRequest, subject: str, outside: Outside) -> Outcome:
    def lift(send: consent.Announce) -> None:
        for reason in (RESTRICTION, OBJECTION):
            consent.lift(subject, reason, outside.clock(), send)

    return _then_finish(request, lift)


def _then_finish(request: PrivacyRequest, change: Callable[[consent.Announce], object]) -> Outcome:
    """What the change announces leaves together with the message that finishes: the request is not done before."""
    sends: list[Send] = []
    change(sends.append)
    finish = Send(RIGHTS_QUEUE, {"task": "request", "request": request.id, "step": "finish"}, SOON)
    return Outcome((*sends, finish))


def _erase(request: PrivacyRequest, subject: str, outside: Outside) -> Outcome:
    """Of what was there when the work began; the erasure tells the request how far it came."""
    return Outcome((erasing.begin(subject, "requested", request.begun_at or outside.clock(), request.id),))


def _export(request: PrivacyRequest, subject: str, _outside: Outside) -> Outcome:
    """The archive tells the request when it is there."""
    kind: exporting.Kind = "portability" if request.kind == "portability" else "access"
    return Outcome((exporting.begin(subject, request.id, kind),))


def _put_right(request: PrivacyRequest, subject: str, outside: Outside) -> Outcome:
    """A card, where it is one that we hold and can be what is told of it; all else is for a person."""
    words = words_of(request, outside.sealer)
    if words is None or words.card is None or words.bank is None:
        return _by_hand(request, subject, outside)
    wallet, _ = cards.of_customer(subject, outside.sealer)
    known = wallet.card(words.card["card_id"])
    if known is None:
        return _by_hand(request, subject, outside)
    last4, scheme = words.card.get("last4", known.last4), words.card.get("scheme", known.scheme)
    right = CardRequest(last4=last4, scheme=scheme, tokens=known.tokens)
    try:
        cards.register(words.bank, subject, known.card_id, right, outside.sealer, outside.clock())
    except (Conflict, Invalid):
        return _by_hand(request, subject, outside)
    return _finish(request, outside.clock())


def _by_hand(_request: PrivacyRequest, _subject: str, _outside: Outside) -> Outcome:
    """A person compares and puts right."""
    return Outcome(counts=("RightsByHand",))


_WORK: Mapping[steps.Kind, Callable[[PrivacyRequest, str, Outside], Outcome]] = {
    "access": _export,
    "portability": _export,
    "rectification": _put_right,
    "erasure": _erase,
    "restriction": _restrict,
    "lifting": _lift,
    "objection": _stop,
}
