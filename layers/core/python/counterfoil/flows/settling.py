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
from typing import Any

from counterfoil.domain import matching
from counterfoil.domain.matching import Match, Side, Wait
from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import ReceiptOfMatch, Transaction
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.flows import messages
from counterfoil.flows.outcome import Outcome, Send
from counterfoil.sealing import Sealer, leave_in_letterbox
from counterfoil.store import clocks, keys, rendezvous, table, tenders, transactions
from counterfoil.store.rendezvous import Pointer

ROUNDS = 6
MOST_LOOKED_AT_AGAIN = 10


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


@dataclass(frozen=True, slots=True)
class Look:
    """What one of a side's pointers sees, and what is to be made of it."""

    pointer: Pointer
    others: tuple[Pointer, ...]
    decision: matching.Decision


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
    )
    return Pointer(side, _partition(tender, tender.amount), tender.rev, wrapped, body_key=tender.body_key)


def _partition(record: Transaction | CardTender, amount: int) -> str:
    code = record.codes.auth if record.by_code else None
    return keys.partition(record.scope, record.kind, amount, record.currency, code)


def settle(party: Party, work: Work, step: int = 1) -> Outcome:
    """Decides a side as far as it can be decided now. `step`: which look comes next, from 1.

    Raises Standing where a side thought new is there already, TryAgain where others keep moving.
    """
    for _ in range(ROUNDS):
        looks = [_look(pointer, party.stored, work) for pointer in party.pointers]
        look = _best(looks)
        if isinstance(look.decision, Match):
            outcome = _claim(party, look, look.decision, work)
            if outcome is not None:
                return outcome
        elif party.stored:
            return _leave_undecided(party, look.decision, step, work)
        else:
            party = _keep(party)
    raise TryAgain("other sides keep moving")


def _look(pointer: Pointer, stored: bool, work: Work) -> Look:
    seen, truncated = rendezvous.around(pointer, work.now, consistent=stored)
    others = tuple(other for other in seen if other.side.key != pointer.side.key)
    return Look(pointer, others, _decide(pointer.side, others, truncated, work))


def _best(looks: Sequence[Look]) -> Look:
    """The look that decides. Two receipts under two amounts: the one whose codes agree, else neither is sure."""
    found = [look for look in looks if isinstance(look.decision, Match)]
    if len({look.decision.key for look in found if isinstance(look.decision, Match)}) > 1:
        coded = [look for look in found if isinstance(look.decision, Match) and look.decision.method != "time"]
        if len(coded) != 1:
            return replace(looks[0], decision=matching.Ambiguous(("Receipts of two amounts fit",)))
        return coded[0]
    waiting = [look for look in looks if isinstance(look.decision, Wait)]
    unsure = [look for look in looks if isinstance(look.decision, matching.Ambiguous)]
    return (*found, *waiting, *unsure, *looks)[0]


def _decide(side: Side, others: Sequence[Pointer], truncated: bool, work: Work) -> matching.Decision:
    tills = {pointer.side.till for pointer in others} | {side.till}
    return matching.decide(
        side,
        [pointer.side for pointer in others],
        clocks.of_tills(till for till in tills if till) if others else {},
        work.now,
        truncated=truncated,
        settings=replace(matching.DEFAULT, look_again=tuple(map(float, work.waits))),
    )


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
    if receipt.side.till and receipt.side.kind == "sale" and not payment.siblings:
        clocks.observe(receipt.side.till, receipt.side.at, payment.side.at, work.now)
    left = [pointer for pointer in look.others if pointer.side.key != other.side.key]
    tell = messages.delivery_of(payment.bank or "", payment.side.key)
    return Outcome((tell, *_look_at_the_rest(left, work)), ("Matched",))


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
    if standing.get("state") not in ("undecided", "ambiguous") or standing["rev"] != pointer.rev:
        rendezvous.delete(pointer)


def _look_at_the_rest(left: Sequence[Pointer], work: Work) -> list[Send]:
    """The payments that may be clear now that a competitor is settled, where receipts are left too."""
    if all(pointer.is_transaction for pointer in left):
        return []
    payments = [pointer.side.key for pointer in left if pointer.is_transaction][:MOST_LOOKED_AT_AGAIN]
    looks = [messages.LookAgain("transaction", key, step=1) for key in payments]
    return [messages.look_again(look, work.waits[0]) for look in looks]


def _leave_undecided(party: Party, decision: matching.Decision, step: int, work: Work) -> Outcome:
    if isinstance(decision, Wait) and step <= len(work.waits):
        previous = work.waits[step - 2] if step > 1 else 0
        side = party.pointers[0].side
        look = messages.LookAgain(side.side, side.key, step + 1)
        return Outcome((messages.look_again(look, work.waits[step - 1] - previous),))
    if isinstance(decision, matching.Unmatched):
        return Outcome(counts=("NoCandidate",))
    _mark_ambiguous(party.record)
    return Outcome(counts=("Ambiguous",))


def _mark_ambiguous(record: Transaction | CardTender) -> None:
    """Says so in the record, for whoever asks why; the side stays open to new evidence, so its `rev` stays."""
    if record.state == "ambiguous":
        return
    try:
        if isinstance(record, Transaction):
            transactions.put(replace(record, state="ambiguous"), transactions.unmoved(record))
        else:
            tenders.put(replace(record, state="ambiguous"), table.still_at(record.rev))
    except ConditionFailed:
        return
