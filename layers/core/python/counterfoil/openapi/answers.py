"""What the API answers, and what a direct bank is sent: shapes for the description.

The tests hold every answer and every delivery against them.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from counterfoil.domain.fields import Wire
from counterfoil.domain.receipt_files import Format, State
from counterfoil.domain.receipts import Receipt, VatEntry
from counterfoil.retailers.till import MOST_RECEIPTS


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


# Refusals


class FieldProblem(Answer):
    """One thing wrong with one field; never what was sent."""

    field: Annotated[str, Field(examples=["lines[2].amount"])]
    message: str


class Problem(Answer):
    """An RFC 9457 problem. `errors` names every field that cannot be taken as sent."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str = ""
    errors: list[FieldProblem] = []


class GatewayRefusal(Answer):
    """The gateway's own form, where a call did not get as far as us."""

    message: str | None


# Events


class Taken(Answer):
    """Durable; also for what is not ours to keep, which leaves nothing behind."""

    status: Literal["taken"]


class ReceiptBatch(Wire):
    """Several receipts: one bad receipt never costs its neighbours."""

    receipts: Annotated[list[Receipt], Field(min_length=1, max_length=MOST_RECEIPTS)]


class Receipts(RootModel[Receipt | ReceiptBatch]):
    """One receipt, or a batch."""


class RefusedReceipt(Answer):
    """A receipt of the batch, by its place from 0, that was not taken."""

    index: int
    errors: list[FieldProblem]


class ReceiptsTaken(Answer):
    """`accepted` are durable. A batch of which nothing could be taken is a 422."""

    accepted: list[str]
    refused: list[RefusedReceipt]


class UploadForm(Answer):
    """Post `fields` and then the file, named `file`, as multipart/form-data to `url`, of 1 byte to `most_bytes`."""

    url: str
    fields: dict[str, str]
    expires_at: datetime
    most_bytes: int


class ReceiptFileAskedFor(Answer):
    """The same `webhook-id` again is the same file."""

    id: str
    state: State
    format: Format
    upload: UploadForm


class ReceiptFileRow(FieldProblem):
    """`row` is the line of the file, from 1, on which the row starts; an empty `field` means all of it."""

    row: int


class ByteProgress(Answer):
    done: int
    total: int


class ReceiptProgress(Answer):
    taken: int
    refused: int


class ReceiptFileState(Answer):
    """`rows`, `receipts` and errors are of what was read so far. `errors` are the first hundred; `error_report` leads
    to all of them, as JSON Lines, for a quarter of an hour, once the file is `done` or `failed`."""

    id: str
    state: State
    format: Format
    created_at: datetime
    worked_at: datetime | None
    bytes: ByteProgress
    rows: int
    receipts: ReceiptProgress
    error_count: int
    errors: list[ReceiptFileRow]
    error_report: str | None


# Calls


class DeliveryStatus(Answer):
    """`at`, `failures` and `last_status` (the bank's last HTTP status) once it was tried; `asked_again_at` once a
    resend was asked for, and then `failures` since."""

    delivery_id: str
    version: int
    state: Literal["queued", "failing", "delivered", "suppressed", "held", "superseded"]
    at: datetime | None = None
    failures: int = 0
    last_status: int | None = None
    asked_again_at: datetime | None = None


class DeliveryAsked(Answer):
    """It will be sent again, with the same `delivery_id` and the same body."""

    delivery_id: str
    version: int
    state: Literal["queued"]


class PublicMerchant(Answer):
    name: str
    status: Literal["live", "coming_soon"]
    towns: list[str]


class PublicMerchants(Answer):
    """Who takes part, and who will: no ids, no contacts."""

    merchants: list[PublicMerchant]


class Description(BaseModel):
    """This document."""

    openapi: Literal["3.1.0"]
    info: dict[str, str]


# Deliveries to a direct bank


class Supplier(Answer):
    retailer: str
    name: str
    vat_number: str


class Shop(Answer):
    store_id: str
    name: str
    address: str
    postcode: str
    timezone: str
    phone: str | None = None
    email: str | None = None
    website: str | None = None


class DeliveredReceipt(Receipt):
    """The receipt with the supplier's and the store's details: a UK VAT receipt. Of tenders that this payment did
    not pay, only type and amount are told."""

    vat: Annotated[tuple[VatEntry, ...], Field(strict=False)]
    retailer: Supplier
    store: Shop


class WithdrawnMatch(Answer):
    reasons: list[str]


class FoundMatch(WithdrawnMatch):
    """How the receipt was found; `confidence` is a probability."""

    method: str
    confidence: Annotated[float, Field(ge=0, le=1)]


class _Told(Answer):
    delivery_id: str
    match_id: str
    version: int
    transaction_id: str


class TheWithdrawal(_Told):
    match: WithdrawnMatch


class TheReceipt(_Told):
    match: FoundMatch
    receipt: DeliveredReceipt


class _Delivery(Answer):
    timestamp: datetime


class ReceiptMatched(_Delivery):
    """A payment's receipt was found."""

    type: Literal["receipt.matched"]
    data: TheReceipt


class ReceiptCorrected(_Delivery):
    """The receipt changed: the highest `version` of a `match_id` wins."""

    type: Literal["receipt.corrected"]
    data: TheReceipt


class ReceiptWithdrawn(_Delivery):
    """The receipt does not belong to this payment, or may not be shown any more: forget it."""

    type: Literal["receipt.withdrawn"]
    data: TheWithdrawal


DELIVERIES: tuple[type[_Delivery], ...] = (ReceiptMatched, ReceiptCorrected, ReceiptWithdrawn)
