"""Why a payment has this receipt, or none: read, decided once more without writing anything, and put into words."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from counterfoil.domain import explanations
from counterfoil.domain.explained_evidence import to_support
from counterfoil.domain.explanations import NOT_KNOWN, Case, Explanation, to_customer
from counterfoil.domain.fields import is_id
from counterfoil.domain.matching import Match, Wait
from counterfoil.domain.transactions import Transaction
from counterfoil.flows import looks
from counterfoil.flows.looks import Look
from counterfoil.flows.settling import transaction_pointers
from counterfoil.sealing import Sealer
from counterfoil.store import clocks, customers, habits, tenders, transactions


def explain(
    bank: str,
    customer_id: str,
    transaction_id: str,
    sealer: Sealer,
    waits: Sequence[int],
    revisited_after: tuple[int, int],
    now: datetime,
) -> Explanation:
    """The bank's ids as it gives them; an open payment is looked at again after `waits` and `revisited_after` seconds.

    What is not known, for whatever reason, has the same answer.
    """
    if not all(map(is_id, (bank, customer_id, transaction_id))):
        return NOT_KNOWN
    customer, salt = customers.with_salt(sealer.subject(bank, customer_id))
    if salt is None:
        return NOT_KNOWN
    transaction = transactions.get(sealer.customer(salt).transaction_key(bank, transaction_id))
    if transaction is None:
        return NOT_KNOWN
    day, week = (transaction.seen_at + timedelta(seconds=after) for after in revisited_after)
    seen = _look(transaction, waits, now, whole_day=now >= day)
    tender = tenders.get(transaction.match.tender_key) if transaction.match else None
    tills = {other.side.till for look in seen for other in look.others} | {tender.till if tender else None}
    case = Case(
        transaction=transaction,
        allowed=customer.allows("receipts", now),
        tender=tender,
        looks=tuple(
            explanations.Look(look.pointer.side, tuple(other.side for other in look.others), look.decision)
            for look in seen
        ),
        clocks=clocks.of_tills(till for till in tills if till),
        habits=habits.of_shop(transaction.scope),
        banks=habits.of_banks([transaction.bank]),
        planned=(*_planned(transaction, seen, waits), day),
        ends_at=week,
        now=now,
    )
    return Explanation(transaction.state, to_customer(case.payment), to_support(case))


def _look(transaction: Transaction, waits: Sequence[int], now: datetime, *, whole_day: bool) -> list[Look]:
    """As the planned looks do, under each amount and time of an open payment."""
    if not transaction.is_open:
        return []
    pointers = transaction_pointers(transaction)
    return [looks.look(pointer, waits, now, consistent=True, whole_day=whole_day) for pointer in pointers]


def _planned(transaction: Transaction, seen: Sequence[Look], waits: Sequence[int]) -> list[datetime]:
    """Only what has candidates is looked at again before a day is over."""
    if not any(isinstance(look.decision, Wait | Match) for look in seen):
        return []
    return [transaction.seen_at + timedelta(seconds=wait) for wait in waits]
