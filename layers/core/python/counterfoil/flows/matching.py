"""One message of the match queue, from what stands in the ledger to what follows.

A transaction or tender is new, or it stands already. What stands was moved by this very message (then it resumes
at the first step missing), tells nothing new (a repeat), or is moved on: facts merge, a correction is a new version.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import Recall, ReceiptOfMatch, Transaction, contradicts, merge
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.flows import messages
from counterfoil.flows.messages import LookAgain, ReceiptTaken
from counterfoil.flows.outcome import Outcome
from counterfoil.flows.settling import (
    Party,
    Standing,
    Work,
    put_pointer,
    settle,
    tender_pointer,
    transaction_pointer,
)
from counterfoil.sealing import Sealer, leave_in_letterbox
from counterfoil.store import bodies, rendezvous, table, tenders, transactions


def work_on(body: Mapping[str, Any], sealer: Sealer, waits: tuple[int, ...], now: datetime) -> Outcome:
    """Works on one message. Raises Poison where it is none of ours, TryAgain where it must come back."""
    message_id, content = messages.read(body)
    work = Work(sealer, message_id, waits, now)
    if isinstance(content, Transaction):
        return _take_transaction(replace(content, owner=message_id), work)
    if isinstance(content, ReceiptTaken):
        return _take_receipt(content, work)
    return _look_again(content, work)


# Transactions


def _take_transaction(new: Transaction, work: Work) -> Outcome:
    try:
        if new.state == "void":
            return _keep_void(new)
        return settle(Party(new, transaction_pointer(new), stored=False), work)
    except Standing as standing:
        return _merge_into(transactions.from_item(standing.item), new, work)


def _keep_void(new: Transaction) -> Outcome:
    """A reversal that came before what it reverses: kept, so that the rest finds it; nothing to match."""
    try:
        transactions.put(new, table.nothing_there())
    except ConditionFailed as failed:
        raise Standing(failed.items[0] or {}) from None
    return Outcome(counts=("Reversed",))


def _merge_into(known: Transaction, new: Transaction, work: Work) -> Outcome:
    if known.owner == work.owner:
        return _carry_on(known, work)
    if contradicts(known, new):
        return Outcome(counts=("ContradictoryFact",))
    merged = merge(known, new)
    if merged == known:
        return Outcome(counts=("Repeated",))
    moved = replace(merged, rev=known.rev + 1, owner=work.owner)
    if moved.state == "void" or transaction_pointer(moved).partition != transaction_pointer(known).partition:
        # Before it moves, since afterwards nobody knows where it waited.
        rendezvous.delete(transaction_pointer(known))
    _put_transaction(moved, known)
    return _carry_on(moved, work)


def _carry_on(transaction: Transaction, work: Work) -> Outcome:
    """All that follows from how a transaction stands."""
    if transaction.match is not None:
        return _finish_match(transaction)
    told = () if transaction.is_all_delivered() else (messages.delivery_of(transaction.bank, transaction.key),)
    if transaction.state == "void":
        return Outcome(told, ("Reversed",))
    pointer = transaction_pointer(transaction)
    put_pointer(pointer)
    return Outcome(told) + settle(Party(transaction, pointer, stored=True), work)


def _finish_match(transaction: Transaction) -> Outcome:
    """What a match leaves to do, where its message died before it could.

    The delivery is sent last, so where it was made nothing is left.
    """
    if transaction.is_all_delivered():
        return Outcome()
    rendezvous.delete(transaction_pointer(transaction))
    tender = tenders.get(transaction.match.tender_key) if transaction.match else None
    if tender is not None:
        rendezvous.delete(tender_pointer(tender, b""))
    return Outcome((messages.delivery_of(transaction.bank, transaction.key),))


def _put_transaction(moved: Transaction, known: Transaction) -> None:
    try:
        transactions.put(moved, transactions.unmoved(known))
    except ConditionFailed:
        raise TryAgain("the transaction moved meanwhile", after=1) from None


# Receipts


def _take_receipt(taken: ReceiptTaken, work: Work) -> Outcome:
    if taken.tenders and not bodies.put_once(taken.receipt_key, taken.body_key, taken.body, work.owner):
        bodies.discard(taken.body)
        return Outcome(counts=("Repeated",))
    outcome, corrects = Outcome(), not taken.tenders
    for tender in taken.tenders:
        new = replace(tender, owner=work.owner)
        try:
            outcome += settle(Party(new, tender_pointer(new, taken.wrapped), stored=False), work)
        except Standing as standing:
            known = tenders.from_item(standing.item)
            if known.revision > new.revision:
                return outcome + Outcome(counts=("Superseded",))
            corrects = True
            outcome += _correct(known, new, taken.wrapped, work)
    if corrects:
        outcome += _void_the_rest(taken, work)
    return outcome


def _correct(known: CardTender, new: CardTender, wrapped: bytes, work: Work) -> Outcome:
    """A tender that stands gets a later body; the same amount keeps its match, another gives it up."""
    if known.body_key == new.body_key:
        return _carry_on_tender(known, wrapped, work)
    # Before it moves, since afterwards nobody knows where it waited.
    rendezvous.delete(tender_pointer(known, wrapped))
    moved = replace(new, rev=known.rev + 1, taken_from=known.taken_from)
    if known.matched_to is None:
        _put_tender(moved, known.rev)
    elif (payer := _payer_of(known)) is None:
        return Outcome(counts=("CorrectedAfterTakenBack",))
    elif _paid_alike(known, new):
        moved = _renew_match(known, moved, payer, wrapped, work)
    else:
        moved = _give_up_match(known, moved, payer, work)
    return _carry_on_tender(moved, wrapped, work)


def _paid_alike(known: CardTender, new: CardTender) -> bool:
    return (known.scope, known.kind, known.amount, known.currency) == (
        new.scope, new.kind, new.amount, new.currency,
    )  # fmt: skip


def _carry_on_tender(tender: CardTender, wrapped: bytes, work: Work) -> Outcome:
    """All that follows from how a tender stands."""
    outcome = Outcome()
    if tender.matched_to is not None:
        outcome += _carry_on_by_key(tender.matched_to, work)
    elif tender.state != "void":
        pointer = tender_pointer(tender, wrapped)
        put_pointer(pointer)
        outcome += settle(Party(tender, pointer, stored=True), work)
    for former in tender.taken_from:
        outcome += _carry_on_by_key(former, work)
    return outcome


def _carry_on_by_key(transaction_key: str, work: Work) -> Outcome:
    transaction = transactions.get(transaction_key)
    return _carry_on(transaction, work) if transaction else Outcome()


def _renew_match(known: CardTender, new: CardTender, payer: Transaction, wrapped: bytes, work: Work) -> CardTender:
    """The same payment, the corrected body: a new version for the bank."""
    key = work.sealer.unwrap_waiting(wrapped, bound_to=new.body_key)
    letter = leave_in_letterbox(payer.address, key, bound_to=new.body_key)
    match = replace(_match_of(payer), body_key=new.body_key, letter=letter, event_at=new.at)
    kept = replace(new, state="matched", matched_to=payer.key)
    _move_both(kept, known.rev, payer, replace(payer, match=match, version=payer.version + 1), work)
    return kept


def _give_up_match(known: CardTender, new: CardTender, payer: Transaction, work: Work) -> CardTender:
    """The payment was not for this: the bank takes the receipt back, and both sides are open again."""
    freed = replace(new, matched_to=None, taken_from=tuple(dict.fromkeys((*known.taken_from, payer.key))))
    version = payer.version + 1
    recall = Recall(work.sealer.match_id(payer.key, known.key), version, _match_of(payer).event_at)
    opened = replace(
        payer,
        state="void" if "reversed" in payer.facts else "undecided",
        match=None,
        version=version,
        recalls=(*payer.recalls, recall),
    )
    _move_both(freed, known.rev, payer, opened, work)
    return freed


def _payer_of(tender: CardTender) -> Transaction | None:
    """The transaction a tender is matched to; None where its match was taken back, since its customer withdrew."""
    transaction = transactions.get(tender.matched_to or "")
    if transaction is not None and transaction.match is not None and transaction.match.tender_key == tender.key:
        return transaction
    standing = tenders.get(tender.key)
    if standing is None or standing.rev != tender.rev:
        raise TryAgain("the tender moved meanwhile", after=1)
    return None


def _match_of(transaction: Transaction) -> ReceiptOfMatch:
    assert transaction.match is not None
    return transaction.match


def _move_both(tender: CardTender, tender_rev: int, was: Transaction, moved: Transaction, work: Work) -> None:
    writes = [
        tenders.put_of(tender, table.still_at(tender_rev)),
        transactions.put_of(replace(moved, rev=was.rev + 1, owner=work.owner), transactions.unmoved(was)),
    ]
    try:
        table.transact(writes)
    except ConditionFailed:
        raise TryAgain("tender or transaction moved meanwhile", after=1) from None


def _put_tender(tender: CardTender, rev: int) -> None:
    try:
        tenders.put(tender, table.still_at(rev))
    except ConditionFailed:
        raise TryAgain("the tender moved meanwhile", after=1) from None


def _void_the_rest(taken: ReceiptTaken, work: Work) -> Outcome:
    """The tenders that a correction no longer has: their matches are given up."""
    outcome = Outcome()
    for known in tenders.of_receipt(taken.receipt_key)[len(taken.tenders) :]:
        if known.state == "void" and known.revision == taken.revision:
            outcome += _carry_on_tender(known, taken.wrapped, work)
        elif known.revision < taken.revision and known.state != "void":
            outcome += _void(known, taken, work)
    return outcome


def _void(known: CardTender, taken: ReceiptTaken, work: Work) -> Outcome:
    gone = replace(known, rev=known.rev + 1, owner=work.owner, revision=taken.revision, state="void")
    rendezvous.delete(tender_pointer(known, b""))
    payer = _payer_of(known) if known.matched_to else None
    if payer is not None:
        gone = _give_up_match(known, gone, payer, work)
    else:
        _put_tender(gone, known.rev)
    return _carry_on_tender(gone, taken.wrapped, work)


# Looking again


def _look_again(look: LookAgain, work: Work) -> Outcome:
    party = _waiting_transaction(look.key) if look.side == "transaction" else _waiting_tender(look.key, work)
    if party is None:
        return Outcome()
    record = party.record
    if record.state in ("undecided", "ambiguous"):
        return settle(party, work, look.step)
    if record.owner != work.owner:
        return Outcome()
    if isinstance(record, Transaction):
        return _carry_on(record, work)
    return _carry_on_by_key(record.matched_to, work) if record.matched_to else Outcome()


def _waiting_transaction(key: str) -> Party | None:
    transaction = transactions.get(key)
    return Party(transaction, transaction_pointer(transaction), stored=True) if transaction else None


def _waiting_tender(key: str, work: Work) -> Party | None:
    """A tender with its pointer: only there is the receipt's key. None where it waits no more."""
    tender = tenders.get(key)
    if tender is None:
        return None
    pointer = tender_pointer(tender, b"")
    if tender.state in ("undecided", "ambiguous"):
        seen, _ = rendezvous.around(pointer, work.now, consistent=True)
        own = [waiting for waiting in seen if waiting.side.key == key and waiting.rev == tender.rev]
        if not own:
            return None
        pointer = own[0]
    return Party(tender, pointer, stored=True)
