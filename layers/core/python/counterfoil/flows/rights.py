"""Requests under data protection law: taken, proved, and worked on.

    {"task": "request", "request": id}

is announced before whatever may leave something to be done for a request (`pursuing`).

What people write is sealed: a customer's words under their salt, a stranger's under one made for the request, which
goes as soon as the words are a customer's or the request is closed. Who is no customer of ours and came through the
bank has nothing here that words could be about: none are kept.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from counterfoil.domain import rights
from counterfoil.domain.rights import Origin, PrivacyRequest, Proof
from counterfoil.domain.rights_wishes import (
    PrivacyChange,
    PrivacyWish,
    PublicPrivacyWish,
    fits,
    hashed,
    new_request_id,
    new_token,
)
from counterfoil.errors import ConditionFailed, Conflict, NotFound, TryAgain
from counterfoil.flows.consent import Announce
from counterfoil.flows.outcome import RIGHTS_QUEUE, Send
from counterfoil.sealing import CustomerKeys, Sealer, new_salt, seal, unseal
from counterfoil.store import customers, exports
from counterfoil.store import rights as store

SOON = 5
"""Seconds after which the worker looks: by then what was announced is written, or never will be."""
TRIES = 8

Decide = Callable[[PrivacyRequest], PrivacyRequest]


@dataclass(frozen=True, slots=True, repr=False)
class Words:
    """What people wrote: the person what they want and how to reach them, ops a question, the person the answer.

    `card`: what is right of which card, `bank` being whose card it is then.
    """

    details: str | None = None
    email: str | None = None
    bank: str | None = None
    question: str | None = None
    answer: str | None = None
    card: Mapping[str, str] | None = None


def ask(bank: str, subject: str, wish: PrivacyWish, origin: Origin, sealer: Sealer, now: datetime, announce: Announce
        ) -> PrivacyRequest:  # fmt: skip
    """A customer's request, who they are being known. The same again where the bank repeats its id.

    Raises Conflict where that id asked for something else before.
    """
    named = wish.request_id and f"prq_{sealer.request(subject, wish.request_id)}"
    request = rights.receive(named or new_request_id(), wish.kind, origin, now, subject=subject, language=wish.language)
    keys = _keys_of(subject, sealer)
    if keys and (wish.details or wish.card):
        card = wish.card.model_dump(exclude_none=True) if wish.card else None
        request = replace(request, sealed=_sealed(Words(wish.details, bank=bank, card=card), request.id, keys))
    announce(to_pursue(request.id))
    kept = _keep_new(request, now)
    if kept.kind != wish.kind:
        raise Conflict("this request_id asked for something else before")
    return kept


def ask_publicly(wish: PublicPrivacyWish, sealer: Sealer, now: datetime) -> tuple[PrivacyRequest, str]:
    """Anybody's request, and the token that it is read with, which is told this once. Whether we know of them is not
    looked up."""
    token, salt = new_token(), new_salt()
    request = rights.receive(
        new_request_id(), wish.kind, "public", now, subject=None, language=wish.language, token=hashed(token)
    )
    words = Words(wish.details, wish.email, wish.bank)
    sealed = replace(request, sealed=_sealed(words, request.id, sealer.customer(salt)))
    return _keep_new(sealed, now, salt), token


def _keep_new(request: PrivacyRequest, now: datetime, own_salt: bytes | None = None) -> PrivacyRequest:
    """The request as it is kept now: this one, or the one that was kept under its id before."""
    for _ in range(TRIES):
        try:
            store.put_new(request, now, own_salt)
        except (ConditionFailed, TryAgain):
            known = store.get(request.id)
            if known is not None:
                return known
        else:
            return request
    raise TryAgain("other requests keep coming in between", after=2)


def of_customer(request_id: str, subject: str) -> PrivacyRequest:
    """Raises NotFound where it is not theirs."""
    request = store.get(request_id)
    if request is None or request.subject != subject:
        raise NotFound("no such request")
    return request


def all_of(subject: str, latest: str | None = None) -> list[PrivacyRequest]:
    """A customer's requests, the latest first. The one just made is not always found by whose it is, so it is named."""
    found = store.of_customer(subject)
    new = store.get(latest) if latest and latest not in {each.id for each in found} else None
    return [new, *found] if new and new.subject == subject else found


def archive(request_id: str, subject: str) -> str:
    """Where a request's archive can be fetched, for some minutes. Raises NotFound where there is none."""
    request = of_customer(request_id, subject)
    if request.export_until is None:
        raise NotFound("no archive, or its time is over")
    return exports.link(subject, request_id)


def with_token(reference: str, token: str) -> PrivacyRequest:
    """Raises NotFound for a wrong token as for an unknown reference."""
    request = store.get(reference)
    if not fits(token, request.token if request else None) or request is None:
        raise NotFound("no such request")
    return request


def change(request_id: str, decide: Decide, now: datetime) -> PrivacyRequest:
    """Keeps what `decide` makes of a request, anew where it moved meanwhile; what `decide` leaves as it is stays.

    Raises NotFound where there is none, and whatever `decide` raises.
    """
    for _ in range(TRIES):
        known = store.get(request_id)
        if known is None:
            raise NotFound("no such request")
        moved = decide(known)
        if moved is known:
            return known
        try:
            store.move(moved, known, now)
        except (ConditionFailed, TryAgain):
            continue
        return moved
    raise TryAgain("the request keeps moving", after=2)


def settle(request_id: str, decide: Decide, now: datetime) -> PrivacyRequest | None:
    """As `change`, for whoever works on a request: one that was closed meanwhile, or waits, is left as it is.

    None where there is none: a table that was restored may not have it.
    """
    if store.get(request_id) is None:
        return None
    return change(request_id, lambda request: decide(request) if request.is_running else request, now)


def prove(reference: str, token: str, subject: str, sealer: Sealer, now: datetime, announce: Announce
          ) -> PrivacyRequest:  # fmt: skip
    """The customer who signed in has the token too: the request is theirs.

    Raises NotFound for a wrong token, Conflict where it waits for no identity.
    """
    with_token(reference, token)
    return assign(reference, subject, "sign_in", sealer, now, announce)


def assign(request_id: str, subject: str, by: Proof, sealer: Sealer, now: datetime, announce: Announce
           ) -> PrivacyRequest:  # fmt: skip
    """It is this customer's, whoever saw to that; its words are sealed as theirs from now on."""
    announce(to_pursue(request_id))

    def decide(request: PrivacyRequest) -> PrivacyRequest:
        if request.state != "waiting_for_identity" and request.subject == subject:
            return request
        words, keys = words_of(request, sealer), _keys_of(subject, sealer)
        sealed = _sealed(words, request.id, keys) if words and keys else None
        return replace(rights.prove(request, subject, by, now), sealed=sealed)

    return change(request_id, decide, now)


def amend(request_id: str, wish: PrivacyChange, sealer: Sealer, now: datetime, announce: Announce) -> PrivacyRequest:
    """The person says what they meant, or wants it no more. Raises Conflict where that is too late or was not asked."""
    announce(to_pursue(request_id))

    def decide(request: PrivacyRequest) -> PrivacyRequest:
        if wish.clarification is None:
            return rights.withdraw(request, now)
        return with_words(rights.clarify(request, now), sealer, answer=wish.clarification)

    return change(request_id, decide, now)


def words_of(request: PrivacyRequest, sealer: Sealer) -> Words | None:
    """What was written; None where nothing was, or nothing can be read any more."""
    keys = _keys_for(request, sealer)
    if keys is None or request.sealed is None:
        return None
    return Words(**json.loads(unseal(keys.seal_key, request.sealed, bound_to=f"request/{request.id}")))


def question_of(request: PrivacyRequest, sealer: Sealer) -> str | None:
    """What ops ask the person, while they wait for the answer."""
    words = words_of(request, sealer) if request.state == "waiting_for_clarification" else None
    return words.question if words else None


def with_words(
    request: PrivacyRequest, sealer: Sealer, *, question: str | None = None, answer: str | None = None
) -> PrivacyRequest:
    """The request with more that was written; as it is where there is no key to seal it under."""
    keys = _keys_for(request, sealer)
    if keys is None:
        return request
    known = words_of(request, sealer) or Words()
    words = replace(known, question=question or known.question, answer=answer or known.answer)
    return replace(request, sealed=_sealed(words, request.id, keys))


def to_pursue(request_id: str) -> Send:
    return Send(RIGHTS_QUEUE, {"task": "request", "request": request_id}, SOON)


def _keys_of(subject: str, sealer: Sealer) -> CustomerKeys | None:
    _, salt = customers.with_salt(subject)
    return sealer.customer(salt) if salt else None


def _keys_for(request: PrivacyRequest, sealer: Sealer) -> CustomerKeys | None:
    """A customer's words are theirs, a stranger's have a salt of their own."""
    if request.subject:
        return _keys_of(request.subject, sealer)
    salt = store.own_salt(request.id)
    return sealer.customer(salt) if salt else None


def _sealed(words: Words, request_id: str, keys: CustomerKeys) -> bytes:
    said = {name: value for name in Words.__slots__ if (value := getattr(words, name))}
    return seal(keys.seal_key, json.dumps(said).encode(), bound_to=f"request/{request_id}")
