"""One message of the match queue, from what stands in the ledger to what follows.

A transaction or tender is new, or it stands already. What stands was moved by this very message (then it resumes
at the first step missing), tells nothing new (a repeat), or is moved on: facts merge, a correction is a new version.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from counterfoil.domain.consent import WITHDRAWAL_TAKES_EFFECT
from counterfoil.domain.transactions import OPEN, Transaction
from counterfoil.flows import messages
from counterfoil.flows.messages import LookAgain, ReceiptTaken
from counterfoil.flows.outcome import Outcome
from counterfoil.flows.payments import carry_on, take_transaction
from counterfoil.flows.receipts import carry_on_by_key, take_receipt
from counterfoil.flows.settling import Party, Work, settle, tender_pointer, transaction_pointers
from counterfoil.sealing import Sealer
from counterfoil.store import customers, rendezvous, tenders, transactions


def work_on(body: Mapping[str, Any], sealer: Sealer, waits: tuple[int, ...], now: datetime) -> Outcome:
    """Works on one message. Raises Poison where it is none of ours, TryAgain where it must come back."""
    message_id, content = messages.read(body)
    work = Work(sealer, message_id, waits, now)
    if isinstance(content, Transaction):
        if not _allowed(content, now):
            return Outcome(counts=("NoConsent",))
        return take_transaction(replace(content, owner=message_id), work)
    if isinstance(content, ReceiptTaken):
        return take_receipt(content, work)
    return _look_again(content, work)


def _allowed(transaction: Transaction, now: datetime) -> bool:
    """Whether the customer still wants it, and is still who they were, since messages wait.

    At its intake they did, and nothing that they chose since has taken effect before a withdrawal would: what is kept
    until then is stopped then (`stopping`). A yes may be a moment old for the same reason; a no is read anew, lest a
    grant made a moment ago be missed.
    """
    if now - transaction.seen_at < WITHDRAWAL_TAKES_EFFECT:
        return True
    for consistent in (False, True):
        customer = customers.get(transaction.subject, consistent=consistent)
        if customer is not None and customer.was_there(transaction.seen_at) and customer.allows("receipts", now):
            return True
    return False


def _look_again(look: LookAgain, work: Work) -> Outcome:
    party = _waiting_transaction(look.key) if look.side == "transaction" else _waiting_tender(look.key, work)
    if party is None:
        return Outcome()
    record = party.record
    if record.state in OPEN:
        if isinstance(record, Transaction) and not _allowed(record, work.now):
            return Outcome(counts=("NoConsent",))
        return settle(party, work, look.step)
    if record.owner != work.owner:
        return Outcome()
    if isinstance(record, Transaction):
        return carry_on(record, work)
    return carry_on_by_key(record.matched_to, work) if record.matched_to else Outcome()


def _waiting_transaction(key: str) -> Party | None:
    transaction = transactions.get(key)
    return Party(transaction, transaction_pointers(transaction), stored=True) if transaction else None


def _waiting_tender(key: str, work: Work) -> Party | None:
    """A tender with its pointer: only there is the receipt's key. None where it waits no more."""
    tender = tenders.get(key)
    if tender is None:
        return None
    pointer = tender_pointer(tender, b"")
    if tender.state in OPEN:
        waiting = rendezvous.standing(pointer, work.now)
        if waiting is None or waiting.rev != tender.rev:
            return None
        pointer = waiting
    return Party(tender, (pointer,), stored=True)
