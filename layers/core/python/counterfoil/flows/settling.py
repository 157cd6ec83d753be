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
    """A side being settled: its record and the pointer it has, or would have. `stored`: its identity is kept."""

    record: Transaction | CardTender
    pointer: Pointer
    stored: bool


def transaction_pointer(transaction: Transaction) -> Pointer:
    side = Side(
        side="transaction",
        key=transaction.key,
        at=transaction.at,
        seen_at=transaction.seen_at,
        kind=transaction.kind,
        amount=transaction.amount,
        currency=transaction.currency,
        codes=transaction.codes,
    )
    return Pointer(
        side,
        _partition(transaction),
        transaction.rev,
        transaction.address,
        transaction.bank,
        transaction.version,
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
    return Pointer(side, _partition(tender), tender.rev, wrapped, body_key=tender.body_key)


def _partition(record: Transaction | CardTender) -> str:
    code = record.codes.auth if record.by_code else None
    return keys.partition(record.scope, record.kind, record.amount, record.currency, code)


def settle(party: Party, work: Work, step: int = 1) -> Outcome:
    """Decides a side as far as it can be decided now. `step`: which look comes next, from 1.

    Raises Standing where a side thought new is there already, TryAgain where others keep moving.
    """
    for _ in range(ROUNDS):
        seen, truncated = rendezvous.around(party.pointer, work.now, consistent=party.stored)
        others = [pointer for pointer in seen if pointer.side.key != party.pointer.side.key]
        decision = _decide(party.pointer.side, others, truncated, work)
        if isinstance(decision, Match):
            outcome = _claim(party, decision, others, work)
            if outcome is not None:
                return outcome
        elif party.stored:
            return _leave_undecided(party, decision, step, work)
        else:
            party = _keep(party)
    raise TryAgain("other sides keep moving")


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
    put_pointer(party.pointer)
    return replace(party, stored=True)


def put_pointer(pointer: Pointer) -> None:
    """Puts a pointer, unless one of a later revision is there: then that one is right."""
    try:
        rendezvous.put(pointer)
    except ConditionFailed:
        return


def _claim(party: Party, decision: Match, others: Sequence[Pointer], work: Work) -> Outcome | None:
    """Gives the two sides to each other; None where the other side moved, so that the decision must be made anew."""
    other = next(pointer for pointer in others if pointer.side.key == decision.key)
    payment, receipt = (party.pointer, other) if party.pointer.is_transaction else (other, party.pointer)
    match = _match(decision, payment, receipt, work.sealer)
    writes = [_payment_side(party, payment, match, work), _receipt_side(party, receipt, payment, work)]
    mine = 0 if party.pointer.is_transaction else 1
    try:
        table.transact(writes)
    except ConditionFailed as failed:
        if failed.items[mine] is not None:
            return _lost(party, failed.items[mine] or {})
        _clear_if_stale(other, failed.items[1 - mine] or {})
        return None
    rendezvous.delete(other)
    if party.stored:
        rendezvous.delete(party.pointer)
    if receipt.side.till and receipt.side.kind == "sale":
        clocks.observe(receipt.side.till, receipt.side.at, payment.side.at, work.now)
    left = [pointer for pointer in others if pointer is not other]
    tell = messages.delivery_of(payment.bank or "", payment.side.key)
    return Outcome((tell, *_look_at_the_rest(left, work)), ("Matched",))


def _match(decision: Match, payment: Pointer, receipt: Pointer, sealer: Sealer) -> ReceiptOfMatch:
    body_key = receipt.body_key or ""
    key = sealer.unwrap_waiting(receipt.secret, bound_to=body_key)
    return ReceiptOfMatch(
        tender_key=receipt.side.key,
        body_key=body_key,
        letter=leave_in_letterbox(payment.secret, key, bound_to=body_key),
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
        look = messages.LookAgain(party.pointer.side.side, party.pointer.side.key, step + 1)
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
