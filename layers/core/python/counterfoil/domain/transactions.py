"""A card transaction: the fact that a bank tells, and the one record that facts merge into."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from counterfoil.domain.facts import Face, Fact, FactKind, Facts, contradict, faces, is_void, last_reversal, together
from counterfoil.domain.fields import Currency, Id, Instant, Money, Wire, matching
from counterfoil.domain.sides import Codes

Kind = Literal["sale", "refund"]
State = Literal["undecided", "ambiguous", "unmatched", "matched", "void", "withdrawn", "expired", "restricted"]
"""`ambiguous`: more than one receipt may be its. `unmatched`: none was, a day later. `void`: reversed. `withdrawn`: its
customer withdrew before it had its receipt, and it stays without one. `expired`: so it does, open for a week.
`restricted`: kept, and nothing else, until its customer's restriction is lifted.
"""

OPEN: frozenset[State] = frozenset({"undecided", "ambiguous", "unmatched"})
"""It waits for its receipt."""

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
    status: FactKind
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
        kind: FactKind = self.type.removeprefix("transaction.")  # type: ignore[assignment]
        return Fact(self.happened_at, kind, self.data.amount)

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


RecallReason = Literal["another", "reversed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Recall:
    """A match that was given up: the bank is told at `version` to take the receipt back, and why."""

    match_id: str
    version: int
    event_at: datetime
    why: RecallReason


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of one customer; personal parts only in `sealed`.

    `facts` is its history, `at` the time of authorisation. `original`: the opaque name of the payment that a refund
    gives back, where the bank said so. A void one keeps its `match`: a fact told late may bring it back; a withdrawn
    one keeps it for whoever deletes it. `owner` is the intake id of the message that last moved the record: it alone
    finishes what follows, because it is not deleted until it has.
    `freed_at`: when it was given up last by a receipt, from which time it waits anew and is kept; else it is `seen_at`.
    `version` counts what the bank is to be told: each version is one delivery. `rev` rises with every move;
    `tellings` with every record of a delivery, which moves nothing: an undecided side stays where it waits.
    """

    key: str
    subject: str
    bank: str
    scope: str
    kind: Kind
    currency: str
    at: datetime
    event_at: datetime
    seen_at: datetime
    facts: Facts
    codes: Codes
    address: bytes
    sealed: bytes
    owner: str
    by_code: bool = False
    original: str | None = None
    freed_at: datetime | None = None
    rev: int = 1
    tellings: int = 0
    state: State = "undecided"
    version: int = 0
    match: ReceiptOfMatch | None = None
    recalls: tuple[Recall, ...] = ()
    deliveries: Mapping[str, "DeliveryRecord"] = field(default_factory=dict)

    @property
    def faces(self) -> tuple[Face, ...]:
        """The amounts and times under which its receipt may be found. A refund's receipt is found over days anyway."""
        found = faces(self.facts, self.at)
        return tuple(face for face in found if face.at == self.at) if self.kind == "refund" else found

    @property
    def is_open(self) -> bool:
        """Whether it waits for its receipt."""
        return self.state in OPEN

    @property
    def is_void(self) -> bool:
        """Whether its facts say that nothing is left of the payment."""
        return is_void(self.facts)

    def is_settled(self, version: int) -> bool:
        """Whether nothing is left to do for that version's delivery."""
        record = self.deliveries.get(str(version))
        return record is not None and record.state in SETTLED

    def asked_at(self, version: int) -> datetime | None:
        """When the bank last wanted that version again."""
        record = self.deliveries.get(str(version))
        return record.asked_at if record else None

    def versions_to_tell(self) -> list[int]:
        """Each recall's version, and the current one of a match: not what was overtaken before it was told."""
        recalls = [recall.version for recall in self.recalls]
        return [*recalls, self.version] if self.state == "matched" else recalls

    def is_all_delivered(self) -> bool:
        """Whether the bank knows all it is to know."""
        return all(map(self.is_settled, self.versions_to_tell()))

    def record(self, version: int, record: "DeliveryRecord") -> "Transaction":
        """The transaction with that version's delivery as it stands now."""
        return replace(self, tellings=self.tellings + 1, deliveries={**self.deliveries, str(version): record})


DeliveryState = Literal["asked", "queued", "delivered", "failing", "suppressed", "held"]
"""`asked`: its bank wants it again. `queued`: and a message that sees to it was sent. `held`: while its customer's data
is stored and nothing else."""

SETTLED: frozenset[DeliveryState] = frozenset({"delivered", "suppressed"})


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """How one version's delivery stands.

    `status` is the bank's last HTTP status, `failures` how many tries failed. `asked_at`: when its bank wanted it
    again; what is counted counts from then.
    """

    state: DeliveryState
    at: datetime
    failures: int = 0
    status: int | None = None
    asked_at: datetime | None = None


def merge(known: Transaction, new: Transaction, match_id: str | None) -> Transaction:
    """`known` with the facts of `new`: they come to the same in whatever order they are told, and however often.

    A time that the bank was told stays, also where the receipt was given up: its recall may still be on its way. A
    transaction that is reversed gives up its receipt (`match_id`), and has it again where a fact told late says that
    it was not reversed after all. One that stays without its receipt (its customer withdrew, its week is over), or is
    kept and no more, learns the fact alone. Personal parts and codes come from the earliest fact that has them. The
    caller sets `rev` and `owner`.
    """
    facts = together(known.facts, new.facts)
    merged = replace(
        known,
        facts=facts,
        event_at=known.event_at if known.version else min(known.event_at, new.event_at),
        codes=codes_of_both(known.codes, new.codes),
        original=known.original or new.original,
    )
    if known.state in ("withdrawn", "expired", "restricted") or is_void(facts) == (known.state == "void"):
        return merged
    if known.match is None or match_id is None:
        return replace(merged, state="void" if is_void(facts) else "undecided")
    version = known.version + 1
    if not is_void(facts):
        return replace(merged, state="matched", version=version)
    recall = Recall(match_id, version, last_reversal(facts), "reversed")
    return replace(merged, state="void", version=version, recalls=(*known.recalls, recall))


def take_back(transaction: Transaction, match_id: str) -> Transaction:
    """The transaction without its receipt, which its bank may have, since its customer withdrew: the bank is told so.

    The match stays in the record, for whoever deletes what hangs on it. The caller sets `owner`.
    """
    assert transaction.match is not None
    version = transaction.version + 1
    recall = Recall(match_id, version, transaction.match.event_at, "withdrawn")
    return replace(
        transaction,
        rev=transaction.rev + 1,
        state="withdrawn",
        version=version,
        recalls=(*transaction.recalls, recall),
    )


def contradicts(known: Transaction, new: Transaction) -> bool:
    """Whether `new` tells a fact again with another amount, or of another payment: set aside and alarmed."""
    same_payment = (known.subject, known.bank, known.kind, known.currency, known.scope) == (
        new.subject, new.bank, new.kind, new.currency, new.scope,
    )  # fmt: skip
    return not same_payment or contradict(known.facts, new.facts)


def codes_of_both(first: Codes, second: Codes) -> Codes:
    """The codes of `first`, and of `second` those that `first` lacks."""
    missing = {name: getattr(second, name) for name in Codes.__dataclass_fields__ if getattr(first, name) is None}
    return replace(first, **missing)
