"""Settling one side: read the other sides, decide, and claim both or wait.

    read the partition ─► decide ─► match ──► one transaction claims both identities, each as it was read
          ▲                 │                     └─► delete the pointers ─► send the delivery
          │                 ▼ no match
          │           not stored yet: put the identity, put the pointer, read again strongly consistently,
          └────────── so that of two sides that arrive together at least one sees both
                      stored: wait for the next look, or abstain

Every step may run twice. A record's `owner` is the message that last moved it; that message is not deleted before
all that follows is done, so whoever finds the record moved by another message has nothing left to do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Any, Literal

from counterfoil.domain import habits as shops
from counterfoil.domain import looking, matching
from counterfoil.domain.likelihood import crowd_around
from counterfoil.domain.matching import Match, Wait
from counterfoil.domain.sides import Side
from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import OPEN, ReceiptOfMatch, Transaction
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.flows import messages
from counterfoil.flows.looks import Look, best, learn
from counterfoil.flows.looks import look as look_at
from counterfoil.flows.outcome import Outcome, Send
from counterfoil.sealing import Sealer, leave_in_letterbox
from counterfoil.store import clocks, habits, keys, rendezvous, table, tenders, transactions
from counterfoil.store.rendezvous import Pointer

ROUNDS = 6


class Standing(Exception):
    """The identity is there already: what stands there decides how to go on."""

    def __init__(self, item: Mapping[str, Any]) -> None:
        super().__init__()
        self.item = item


@dataclass(frozen=True, slots=True)
class Work:
    """One message being worked on: the keys, its intake id, the waits between looks (seconds), and the time."""

    sealer: Sealer
    owner: str
    waits: tuple[int, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Party:
    """A side being settled: its record and the pointers it has, or would have. `stored`: its identity is kept."""

    record: Transaction | CardTender
    pointers: tuple[Pointer, ...]
    stored: bool


def transaction_pointers(transaction: Transaction) -> tuple[Pointer, ...]:
    """One for each amount and time under which the receipt may be found."""
    places = [(_partition(transaction, face.amount), face) for face in transaction.faces]
    return tuple(
        Pointer(
            Side(
                side="transaction",
                key=transaction.key,
                at=face.at,
                seen_at=transaction.seen_at,
                kind=transaction.kind,
                amount=face.amount,
                currency=transaction.currency,
                codes=transaction.codes,
                bank=transaction.bank,
            ),
            partition,
            transaction.rev,
            transaction.address,
            transaction.bank,
            transaction.version,
            siblings=tuple((place, other.at) for place, other in places if other != face),
        )
        for partition, face in places
    )


def tender_pointer(tender: CardTender, wrapped: bytes) -> Pointer:
    side = Side(
        side="receipt",
        key=tender.key,
        at=tender.at,
        seen_at=tender.seen_at,
        kind=tender.kind,
        amount=tender.amount,
        currency=tender.currency,
        codes=tender.codes,
        till=tender.till,
        doubted=tender.doubted,
    )
    return Pointer(side, _partition(tender, tender.amount), tender.rev, wrapped, body_key=tender.body_key)


def _partition(record: Transaction | CardTender, amount: int) -> str:
    code = record.codes.auth if record.by_code else None
    return keys.partition(record.scope, record.kind, amount, record.currency, code)


def settle(party: Party, work: Work, step: int = 1) -> Outcome:
    """Decides a side as far as it can be decided now. `step`: which look comes next, from 1, or `looking.A_DAY_LATER`.

    Raises Standing where a side thought new is there already, TryAgain where others keep moving.
    """
    for _ in range(ROUNDS):
        looks = [
            look_at(pointer, work.waits, work.now, consistent=party.stored, whole_day=step == looking.A_DAY_LATER)
            for pointer in party.pointers
        ]
        look = best(looks)
        if isinstance(look.decision, Match):
            outcome = _claim(party, look, look.decision, work)
            if outcome is not None:
                is_late = step == looking.A_DAY_LATER and "Matched" in outcome.counts
                return outcome + Outcome(counts=("MatchedAfterADay",)) if is_late else outcome
        elif party.stored:
            return _leave_undecided(party, look, step, work)
        else:
            party = _keep(party)
    raise TryAgain("other sides keep moving")


def _keep(party: Party) -> Party:
    """Puts the identity, then the pointer."""
    try:
        if isinstance(party.record, Transaction):
            transactions.put(party.record, table.nothing_there())
        else:
            tenders.put(party.record, table.nothing_there())
    except ConditionFailed as failed:
        raise Standing(failed.items[0] or {}) from None
    put_pointers(party.pointers)
    return replace(party, stored=True)


def put_pointers(pointers: Sequence[Pointer]) -> None:
    """Puts a side's pointers, except where one of a later revision is there: then that one is right."""
    for pointer in pointers:
        try:
            rendezvous.put(pointer)
        except ConditionFailed:
            continue


def _claim(party: Party, look: Look, decision: Match, work: Work) -> Outcome | None:
    """Gives the two sides to each other; None where the other side moved, so that the decision must be made anew."""
    own, other = look.pointer, next(pointer for pointer in look.others if pointer.side.key == decision.key)
    payment, receipt = (own, other) if own.is_transaction else (other, own)
    match = _match(decision, payment, receipt, work.sealer)
    writes = [_payment_side(party, payment, match, work), _receipt_side(party, receipt, payment, work)]
    mine = 0 if own.is_transaction else 1
    try:
        table.transact(writes)
    except ConditionFailed as failed:
        if failed.items[mine] is not None:
            return _lost(party, failed.items[mine] or {})
        _clear_if_stale(other, failed.items[1 - mine] or {})
        return None
    rendezvous.delete(other)
    if party.stored:
        rendezvous.delete(own)
    left = [pointer for pointer in look.others if pointer.side.key != other.side.key]
    learn(payment, receipt, left, work.now)
    tell = messages.delivery_of(payment.bank or "", payment.side.key)
    return Outcome((tell, *_look_at_the_rest(own.side.at, left, work)), ("Matched",))


def _match(decision: Match, payment: Pointer, receipt: Pointer, sealer: Sealer) -> ReceiptOfMatch:
    receipt_key = receipt.side.key.rpartition(".")[0]
    key = sealer.unwrap_waiting(receipt.secret, bound_to=receipt_key)
    return ReceiptOfMatch(
        tender_key=receipt.side.key,
        body_key=receipt.body_key or "",
        letter=leave_in_letterbox(payment.secret, key, bound_to=receipt_key),
        method=decision.method,
        confidence=f"{decision.confidence:.4f}",
        reasons=decision.reasons,
        event_at=receipt.side.at,
    )


def _payment_side(party: Party, payment: Pointer, match: ReceiptOfMatch, work: Work) -> table.Put | table.Change:
    if isinstance(party.record, Transaction) and not party.stored:
        fresh = replace(party.record, state="matched", match=match, version=1, owner=work.owner)
        return transactions.put_of(fresh, table.nothing_there())
    return transactions.matched(
        payment.side.key,
        match,
        owner=work.owner,
        rev=payment.rev,
        version=payment.version,
        seen_at=payment.side.seen_at,
    )


def _receipt_side(party: Party, receipt: Pointer, payment: Pointer, work: Work) -> table.Put | table.Change:
    if isinstance(party.record, CardTender) and not party.stored:
        fresh = replace(party.record, state="matched", matched_to=payment.side.key, owner=work.owner)
        return tenders.put_of(fresh, table.nothing_there())
    return tenders.matched(receipt.side.key, payment.side.key, owner=work.owner, rev=receipt.rev)


def _lost(party: Party, standing: Mapping[str, Any]) -> Outcome:
    if not party.stored:
        raise Standing(standing)
    # Another message moved this side meanwhile, and finishes what follows.
    return Outcome(counts=("Overtaken",))


def _clear_if_stale(pointer: Pointer, standing: Mapping[str, Any]) -> None:
    """Deletes the pointer of a side that is decided, moved or gone; whoever moved it writes a pointer of its own."""
    if standing.get("state") not in OPEN or standing["rev"] != pointer.rev:
        rendezvous.delete(pointer)


def _look_at_the_rest(settled_at: datetime, left: Sequence[Pointer], work: Work) -> list[Send]:
    keys = looking.freed(settled_at, [pointer.side for pointer in left])
    looks = [messages.LookAgain("transaction", key, looking.ONE_MORE) for key in keys]
    return [messages.look_again(look, work.waits[0]) for look in looks]


def _leave_undecided(party: Party, look: Look, step: int, work: Work) -> Outcome:
    side, decision = party.pointers[0].side, look.decision
    if step == looking.A_DAY_LATER:
        return _leave_open(party, look, work.now)
    clock = clocks.get(side.till) if side.till else None
    if isinstance(decision, Wait) or looking.needs_another_look(side, clock):
        oldest = decision.oldest if isinstance(decision, Wait) else side.seen_at
        seconds = looking.next_look(step, work.waits, side, oldest, work.now)
        if seconds is not None:
            again = messages.LookAgain(side.side, side.key, step + 1)
            return Outcome((messages.look_again(again, ceil(seconds)),))
    if isinstance(decision, matching.Unmatched):
        return Outcome(counts=("NoCandidate",))
    _mark(party.record, "ambiguous")
    return Outcome(counts=("Ambiguous",))


def _leave_open(party: Party, look: Look, now: datetime) -> Outcome:
    """A day later: what nothing could belong to is told to the shop's habits. New evidence decides still."""
    is_alone = isinstance(look.decision, matching.Unmatched)
    if is_alone and party.record.kind == "sale" and party.record.state != "unmatched":
        crowd = crowd_around(look.pointer.side.at, [other.side for other in look.others])
        if not crowd:
            habits.learn(party.record.scope, lambda known: shops.learn_missing(known, now))
    _mark(party.record, "unmatched" if is_alone else "ambiguous")
    return Outcome(counts=("Unmatched" if is_alone else "Ambiguous",))


def _mark(record: Transaction | CardTender, state: Literal["ambiguous", "unmatched"]) -> None:
    """Says so in the record, for whoever asks why; the side stays open to new evidence, so its `rev` stays."""
    if record.state == state:
        return
    try:
        if isinstance(record, Transaction):
            transactions.put(replace(record, state=state), transactions.unmoved(record))
        elif state == "ambiguous":
            tenders.put(replace(record, state=state), table.still_at(record.rev))
    except ConditionFailed:
        return
