"""A customer misses a receipt: they are told why, and an open payment is looked at once more.

    read the payment ─► put it into words ─► queue a look ─► keep the claim

The look is the matcher's own, so a claim never lowers what a match must reach. A death before the claim is kept costs
a look. A payment that we do not know, for whatever reason, has one answer, and leaves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from counterfoil.domain import claims as decisions
from counterfoil.domain import looking
from counterfoil.domain.claims import Claim, Finding
from counterfoil.domain.consent import Customer
from counterfoil.domain.explanations import NOT_KNOWN, Payment, to_customer
from counterfoil.domain.transactions import Transaction
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.flows import messages
from counterfoil.flows.messages import LookAgain
from counterfoil.flows.outcome import Send
from counterfoil.sealing import Sealer
from counterfoil.store import claims, customers, transactions


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What the customer is told. `look`: the message to queue before `keep`, where there is one."""

    finding: Finding
    says: tuple[str, ...]
    match_id: str | None = None
    look: Send | None = None
    customer: Customer | None = None
    claim: Claim | None = None


def ask(
    bank: str, subject: str, transaction_id: str, sealer: Sealer, revisited_after: Sequence[int], now: datetime
) -> Answer:
    """`revisited_after`: at which ages (seconds) an open payment is decided over its whole day, and given up."""
    customer, salt = customers.with_salt(subject)
    key = sealer.customer(salt).transaction_key(bank, transaction_id) if salt else ""
    transaction = transactions.get(key) if salt else None
    if transaction is None or transaction.subject != subject:
        return Answer("unknown", NOT_KNOWN.customer)
    day, week = (transaction.seen_at + timedelta(seconds=after) for after in revisited_after)
    payment = Payment(transaction, customer.allows("receipts", now), week, now)
    known = claims.get(subject, key)
    is_due = payment.allowed and payment.is_open and decisions.is_due(known, now)
    step = looking.A_DAY_LATER if now >= day else 1
    made = Claim(subject, key, known.first_at if known else now, now, known.rev + 1 if known else 1)
    return Answer(
        finding=_finding(payment),
        says=to_customer(payment),
        match_id=_match_id(transaction, sealer),
        look=messages.look_again(LookAgain("transaction", key, step), 0) if is_due else None,
        customer=customer,
        claim=made if is_due or known is None else None,
    )


def keep(answer: Answer) -> None:
    """Keeps the claim, once its look is queued; not where somebody else kept it, or the customer changed, meanwhile."""
    if answer.claim is None or answer.customer is None:
        return
    try:
        claims.save(answer.claim, customers.unchanged(answer.customer))
    except (ConditionFailed, TryAgain):
        return


def _finding(payment: Payment) -> Finding:
    if payment.transaction.state == "matched":
        return "found"
    return "looking" if payment.is_open and payment.allowed else "none"


def _match_id(transaction: Transaction, sealer: Sealer) -> str | None:
    match = transaction.match if transaction.state == "matched" else None
    return sealer.match_id(transaction.key, match.tender_key) if match else None
