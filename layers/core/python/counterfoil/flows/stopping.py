"""What is under way for a customer is brought in line with what they chose.

    {"task": "stop", "subject", "before": a row of by_subject, "again"}

Announced before a choice is written, for when it has taken effect (`consent.to_stop`); what stands then decides:

    receipts withdrawn     open payments lose their pointers and stay without a receipt
    restricted             open payments lose their pointers and are kept, and nothing else
    neither                what a restriction held goes on: pointers, a look, the deliveries that waited

A message does a page of what the customer has, the latest first, `before` where the last page ended; it may be
repeated, and died in anywhere. The index that leads to the payments may miss one written a moment ago, and a matcher
may have read the consent a moment before it was withdrawn: so all is done `again` a while later.
"""

from collections.abc import Mapping
from dataclasses import astuple, replace
from datetime import UTC, datetime
from typing import Any

from counterfoil.domain.consent import Customer
from counterfoil.domain.transactions import State, Transaction
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.flows import messages
from counterfoil.flows.linking import Outside
from counterfoil.flows.messages import LookAgain
from counterfoil.flows.outcome import RIGHTS_QUEUE, Outcome, Send
from counterfoil.flows.settling import put_pointers, transaction_pointers
from counterfoil.store import customers, rendezvous, transactions
from counterfoil.store.rendezvous import POINTER_LIFE
from counterfoil.store.transactions import Row

EVER, LONG = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Whatever time a bank told."""
PAGE = 100
LIFTED = "lifted"
"""The owner of a payment that a restriction held and that goes on: until somebody else moves it, that may be undone."""


def stop(body: Mapping[str, Any], outside: Outside, again_after: int) -> Outcome:
    """One page of a customer's payments. `again_after`: seconds, longer than any message is worked on, at most 900."""
    subject, before, again = str(body.get("subject")), body.get("before"), bool(body.get("again"))
    customer = customers.get(subject)
    if customer is None:
        return Outcome(counts=("CustomerGone",))
    rows, more = transactions.rows_of(subject, EVER, LONG, after=Row(*before) if before else None, limit=PAGE)
    outcome = Outcome()
    for row in rows:
        if row.transaction_key:
            outcome += _bring_in_line(row.transaction_key, customer, outside.clock())
    if more:
        return outcome + Outcome((_next(subject, rows[-1], again=again),))
    return outcome if again else outcome + Outcome((_next(subject, None, again=True, delay=again_after),))


def _next(subject: str, before: Row | None, *, again: bool, delay: int = 0) -> Send:
    body = {"task": "stop", "subject": subject, "before": before and astuple(before), "again": again}
    return Send(RIGHTS_QUEUE, body, delay)


def _bring_in_line(key: str, customer: Customer, now: datetime) -> Outcome:
    transaction = transactions.get(key)
    if transaction is None:
        return Outcome()
    wanted = _wanted(transaction, customer, now)
    if wanted == transaction.state:
        return Outcome(_goes_on(transaction, customer))
    return Outcome(_goes_on(_move(transaction, wanted), customer), (f"Payment{wanted.title()}",))


def _wanted(transaction: Transaction, customer: Customer, now: datetime) -> State:
    held = transaction.state == "restricted"
    if not (transaction.is_open or held):
        return transaction.state
    if not customer.has_granted("receipts"):
        return "withdrawn"
    if customer.restricted:
        return "restricted"
    if not held:
        return transaction.state
    if transaction.is_void:
        return "void"
    return "expired" if transaction.seen_at + POINTER_LIFE <= now else "undecided"


def _move(transaction: Transaction, state: State) -> Transaction:
    """The payment in that state, at a `rev` of its own: nobody claims it as it was. Raises TryAgain where it moved
    meanwhile."""
    if transaction.is_open:
        # Before it moves, since afterwards nobody knows where it waited.
        rendezvous.delete(transaction_pointers(transaction)[0])
    moved = replace(transaction, state=state, rev=transaction.rev + 1, owner=LIFTED)
    try:
        transactions.put(moved, transactions.unmoved(transaction))
    except ConditionFailed:
        raise TryAgain("the transaction moved meanwhile", after=1) from None
    return moved


def _goes_on(transaction: Transaction, customer: Customer) -> tuple[Send, ...]:
    """What a restriction held, for a customer who has none any more."""
    if customer.restricted or not customer.has_granted("receipts"):
        return ()
    is_held = any(record.state == "held" for record in transaction.deliveries.values())
    told = (messages.delivery_of(transaction.bank, transaction.key),) if is_held else ()
    if not (transaction.is_open and transaction.owner == LIFTED):
        return told
    put_pointers(transaction_pointers(transaction))
    return (*told, messages.look_again(LookAgain("transaction", transaction.key, step=1), delay=0))
