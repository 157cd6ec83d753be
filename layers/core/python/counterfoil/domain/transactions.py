"""A card transaction: the fact that a bank tells, and the one record that facts merge into."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from counterfoil.domain.fields import Currency, Id, Instant, Money, Wire, matching
from counterfoil.domain.matching import Codes

Fact = Literal["authorised", "cleared", "reversed", "refunded"]
Kind = Literal["sale", "refund"]
State = Literal["undecided", "ambiguous", "matched", "void"]

Code = Annotated[str, Field(min_length=1, max_length=64)]


class _BankWire(Wire):
    # What a bank adds later is ignored, and so never kept.
    model_config = ConfigDict(extra="ignore")


class Card(_BankWire):
    card_id: Id | None = None
    last4: Annotated[str, matching(r"\d{4}", "must be four digits")] | None = None
    scheme: Code | None = None
    token: Code | None = None


class MerchantOnCard(_BankWire):
    """Who took the card, in ISO 8583's terms: field 42 (merchant), 41 (terminal), 18 (category)."""

    merchant_id: Code
    terminal_id: Code | None = None
    mcc: Code | None = None
    name: Annotated[str, Field(max_length=200)] | None = None


class CardTransaction(_BankWire):
    """The `data` of the canonical event (amount in minor units)."""

    transaction_id: Id
    customer_id: Id
    account_id: Id | None = None
    card: Card = Card()
    direction: Literal["debit", "credit"]
    amount: Money
    currency: Currency
    authorised_at: Instant
    status: Fact
    merchant: MerchantOnCard
    auth_code: Code | None = None
    rrn: Code | None = None
    original_transaction_id: Id | None = None

    @property
    def kind(self) -> Kind:
        return "refund" if self.direction == "credit" else "sale"


class TransactionEvent(_BankWire):
    """The canonical event that every bank's own form is translated into."""

    type: Literal["transaction.authorised", "transaction.cleared", "transaction.reversed", "transaction.refunded"]
    timestamp: Instant | None = None
    data: CardTransaction

    @model_validator(mode="after")
    def _refunds_are_credits(self) -> "TransactionEvent":
        if self.type == "transaction.refunded" and self.data.direction != "credit":
            raise ValueError("a refund is a credit")
        return self

    @property
    def fact(self) -> Fact:
        return self.type.removeprefix("transaction.")  # type: ignore[return-value]

    @property
    def happened_at(self) -> datetime:
        """The event's own time (UTC)."""
        return (self.timestamp or self.data.authorised_at).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class ReceiptOfMatch:
    """The match as its transaction keeps it: which receipt, why, and the receipt's key in the letterbox."""

    tender_key: str
    body_key: str
    letter: bytes
    method: str
    confidence: str
    reasons: tuple[str, ...]
    event_at: datetime


@dataclass(frozen=True, slots=True)
class Recall:
    """A match that was given up: the bank is told at `version` to take the receipt back."""

    match_id: str
    version: int
    event_at: datetime


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of one customer; personal parts only in `sealed`.

    `facts` holds the amount of each fact told so far. `owner` is the intake id of the message that last
    moved the record: it alone finishes what follows, because it is not deleted until it has.
    `version` counts what the bank is to be told: each version is one delivery. `rev` rises with every move;
    `tellings` with every record of a delivery, which moves nothing: an undecided side stays where it waits.
    """

    key: str
    subject: str
    bank: str
    scope: str
    kind: Kind
    amount: int
    currency: str
    at: datetime
    event_at: datetime
    seen_at: datetime
    facts: Mapping[str, int]
    codes: Codes
    address: bytes
    sealed: bytes
    owner: str
    by_code: bool = False
    rev: int = 1
    tellings: int = 0
    state: State = "undecided"
    version: int = 0
    match: ReceiptOfMatch | None = None
    recalls: tuple[Recall, ...] = ()
    deliveries: Mapping[str, "DeliveryRecord"] = field(default_factory=dict)

    def is_settled(self, version: int) -> bool:
        """Whether nothing is left to do for that version's delivery."""
        record = self.deliveries.get(str(version))
        return record is not None and record.state in SETTLED

    def versions_to_tell(self) -> list[int]:
        """Each recall's version, and the current one of a match: not what was overtaken before it was told."""
        recalls = [recall.version for recall in self.recalls]
        return [*recalls, self.version] if self.match else recalls

    def is_all_delivered(self) -> bool:
        """Whether the bank knows all it is to know."""
        return all(map(self.is_settled, self.versions_to_tell()))

    def record(self, version: int, record: "DeliveryRecord") -> "Transaction":
        """The transaction with that version's delivery as it stands now."""
        return replace(self, tellings=self.tellings + 1, deliveries={**self.deliveries, str(version): record})


DeliveryState = Literal["delivered", "failing", "suppressed"]
SETTLED: frozenset[DeliveryState] = frozenset({"delivered", "suppressed"})


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """How one version's delivery stands; `status` is the bank's last HTTP status, `failures` how many tries failed."""

    state: DeliveryState
    at: datetime
    failures: int = 0
    status: int | None = None


def matching_amount(facts: Mapping[str, int]) -> int:
    """The amount to look for: what was authorised or refunded, where that is known, else what was cleared."""
    for fact in ("authorised", "refunded", "cleared", "reversed"):
        if fact in facts:
            return facts[fact]
    raise ValueError("a transaction without a fact")


def merge(known: Transaction, new: Transaction) -> Transaction:
    """`known` with the facts of `new`: the same result in whatever order facts come, and however often.

    A matched transaction keeps its amount and time, which the bank was told: a clearing at another amount is kept
    among the facts. Personal parts and codes come from the earliest fact that has them. The caller sets `rev` and
    `owner`.
    """
    facts = {**new.facts, **known.facts}
    reversed_now = "reversed" in facts and known.match is None
    return replace(
        known,
        facts=facts,
        amount=known.amount if known.match else matching_amount(facts),
        event_at=known.event_at if known.match else min(known.event_at, new.event_at),
        codes=_codes_of_both(known.codes, new.codes),
        state="void" if reversed_now else known.state,
    )


def contradicts(known: Transaction, new: Transaction) -> bool:
    """Whether `new` tells a fact again with another amount, or of another payment: set aside and alarmed."""
    same_payment = (known.subject, known.bank, known.kind, known.currency, known.scope) == (
        new.subject, new.bank, new.kind, new.currency, new.scope,
    )  # fmt: skip
    return not same_payment or any(known.facts.get(fact, amount) != amount for fact, amount in new.facts.items())


def _codes_of_both(first: Codes, second: Codes) -> Codes:
    missing = {name: getattr(second, name) for name in Codes.__dataclass_fields__ if getattr(first, name) is None}
    return replace(first, **missing)
