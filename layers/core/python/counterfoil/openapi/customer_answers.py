"""What a bank is answered of its customer's cards and receipts: shapes for the description."""

from datetime import datetime

from counterfoil.domain.claims import Finding
from counterfoil.openapi.answers import Answer, DeliveredReceipt


class CustomerCard(Answer):
    """A card in the customer's name. Cards of one `lineage` carry on one another."""

    card_id: str
    last4: str | None
    scheme: str | None
    tokens: list[str]
    replaces: str | None
    lineage: str


class CustomerCards(Answer):
    """All that the bank told of, in that order."""

    cards: list[CustomerCard]


class PaidBy(Answer):
    """What the bank told of the card that paid."""

    card_id: str | None = None
    last4: str | None = None
    scheme: str | None = None


class CustomerReceipt(Answer):
    """A payment or refund of the customer's, and its receipt. `paid_at`: when it was authorised. `paid`: what it
    paid of the receipt, whose other tenders may be somebody else's."""

    match_id: str
    version: int
    transaction_id: str
    paid_at: datetime
    card: PaidBy
    paid: int
    receipt: DeliveredReceipt


class CustomerReceipts(Answer):
    """`next` is the cursor of the next page."""

    receipts: list[CustomerReceipt]
    next: str | None


class ClaimAnswered(Answer):
    """`says` is for the customer: the same whatever other people bought. `found` has the `match_id` of the receipt;
    `looking`: it may still be found; `none`: it is no longer looked for."""

    finding: Finding
    says: list[str]
    match_id: str | None
