"""Why a payment has this receipt, or none: what is known of it, and what its customer is told.

A customer reads two or three plain sentences. They are the same whether nobody's receipt or somebody else's was near:
nothing in them tells what other people bought. What support reads is in `explained_evidence`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from counterfoil.domain.clocks import Clock
from counterfoil.domain.deliveries import is_first_of_match
from counterfoil.domain.habits import BankHabits, Habits
from counterfoil.domain.matching import Decision
from counterfoil.domain.sides import Side
from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import Transaction

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Look:
    """What lies near a payment under one amount and time, and what would be decided of it now.

    `others`: every other undecided side there, payments and receipts.
    """

    side: Side
    others: tuple[Side, ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class Payment:
    """What a customer's own words depend on, and nothing of what was near: each as `Case` has it."""

    transaction: Transaction
    allowed: bool
    ends_at: datetime
    now: datetime

    @property
    def is_open(self) -> bool:
        """Whether a receipt may still be found for it."""
        return self.transaction.is_open and self.now < self.ends_at


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of one payment or refund when somebody asks why.

    `allowed`: whether its customer lets us find receipts now. `tender`: the one it is matched to. `looks`: one for each
    amount and time, while it is open. `clocks`: by till tag; `habits`: of the shop, `banks`: by bank. `planned`: when
    it is looked at again, the last time over its whole day. `ends_at`: when an open one is given up.
    """

    transaction: Transaction
    allowed: bool
    tender: CardTender | None
    looks: tuple[Look, ...]
    clocks: Mapping[str, Clock]
    habits: Habits
    banks: Mapping[str, BankHabits]
    planned: tuple[datetime, ...]
    ends_at: datetime
    now: datetime

    @property
    def payment(self) -> Payment:
        return Payment(self.transaction, self.allowed, self.ends_at, self.now)

    @property
    def is_open(self) -> bool:
        return self.payment.is_open


@dataclass(frozen=True, slots=True)
class Section:
    """Some of what support reads: what it is about, and a line for each piece."""

    about: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`state`: the transaction's, or `unknown`."""

    state: str
    customer: tuple[str, ...]
    support: tuple[Section, ...]


NOT_KNOWN: Final = Explanation(
    "unknown",
    (
        "We know of no such payment.",
        "That can be because the shop does not take part, because receipts were switched off when you paid, "
        "or because it was too long ago.",
    ),
    (
        Section(
            "What that can mean",
            (
                "We know of no such payment; these are the reasons why that can be. Which one it is, we do not keep.",
                "The shop was not live with us when the payment was told, or the bank's id of it is not registered.",
                "The customer had not granted the purpose `receipts` then, or has disconnected since.",
                "It is longer ago than what is kept: a week without a receipt, six years with one. "
                "The bank cannot tell us of a payment of more than 90 days ago.",
                "It was a check of the card for no money, or no card payment at all.",
                "The bank has not told us of it yet, or its ids are others than those given here.",
            ),
        ),
    ),
)

_FOUND_BY: Final[Mapping[str, str]] = {
    "rrn": "Your bank and the shop's till gave the same reference for it.",
    "auth_code": "Your bank and the shop's till gave the same code for it.",
    "card_and_time": "The card, the amount and the time on it are those of your {thing}.",
    "original": "It gives back the purchase that your bank named.",
    "time": "The shop, the amount and the time on it are those of your {thing}.",
}


def to_customer(payment: Payment) -> tuple[str, ...]:
    """What a customer is told of a payment or refund of their own."""
    transaction = payment.transaction
    thing = "refund" if transaction.kind == "refund" else "payment"
    if transaction.state == "matched":
        return _of_match(payment, thing)
    shown = any(transaction.is_settled(recall.version) for recall in transaction.recalls)
    if transaction.state == "void":
        told = (f"Your bank told us that this {thing} was reversed, so there is no receipt for it.",)
        return (*told, "The receipt that you had was taken back.") if shown else told
    if transaction.state == "withdrawn":
        was_sent = any(recall.why == "withdrawn" for recall in transaction.recalls)
        return (
            f"You switched receipts off while the receipt for this {thing} was on its way, so it was taken back."
            if was_sent
            else f"You switched receipts off before there was a receipt for this {thing}, so none is looked for.",
            "If you switch receipts on again, you will get those of what you pay from then on.",
        )
    if transaction.state == "restricted":
        return (f"We keep this {thing} and do nothing with it, until the restriction on your data is lifted.",)
    return (*_of_recall(payment, thing), *_of_search(payment, thing))


def _of_match(payment: Payment, thing: str) -> tuple[str, ...]:
    transaction, match = payment.transaction, payment.transaction.match
    method = match.method if match else ""
    why = _FOUND_BY.get(method, _FOUND_BY["time"]).format(thing=thing)
    record = transaction.deliveries.get(str(transaction.version))
    state = record.state if record else "queued"
    if state == "suppressed":
        return (
            f"We found the receipt for this {thing}, but did not send it: "
            "receipts were switched off, or your account was disconnected.",
        )
    if state == "held":
        return (f"We found the receipt for this {thing}. It waits until the restriction on your data is lifted.",)
    corrected = () if is_first_of_match(transaction) else ("The shop corrected it, and you have the corrected one.",)
    if state != "delivered":
        return f"We found the receipt for this {thing}, and it is on its way to your bank.", why
    wrong = "If it is not yours, tell your bank, and we will look into it."
    return f"We found the receipt for this {thing} and sent it to your bank.", why, *(corrected or (wrong,))


def _of_recall(payment: Payment, thing: str) -> tuple[str, ...]:
    recalls = payment.transaction.recalls
    if not recalls or recalls[-1].why != "another":
        return ()
    return (f"We took back a receipt that did not belong to this {thing}.",)


def _of_search(payment: Payment, thing: str) -> tuple[str, ...]:
    """The same words whatever was near."""
    if not payment.allowed:
        return (
            f"We have no receipt for this {thing}.",
            "Receipts are switched off for you now, so none will be shown for it.",
        )
    none = f"We have no receipt for this {thing} that we are sure is yours."
    if not payment.is_open:
        return none, "The shop sent none in time that we could be sure of, and we no longer look for it."
    last_day = payment.ends_at.astimezone(LONDON)
    until = f"{last_day.day} {last_day:%B %Y}"
    return none, f"Some shops send receipts late: we keep looking until {until}, and show one only when we are sure."
