"""Telling a bank what it does not know yet of one transaction.

A message names the transaction only; what is to be told is read anew each time, so that a late or repeated message
tells the truth of its moment. The consent is read right before each send, and a send ends within 15 s of that read.
What was sent later after all, or may have been, is taken back; and while another Lambda may still be about to send
it, the recall is told again, once that one has ended: then it comes last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Protocol

from counterfoil.banks import adapter_named
from counterfoil.banks.adapter import BankAdapter, Call, Credentials
from counterfoil.domain import deliveries
from counterfoil.domain.consent import Customer
from counterfoil.domain.deliveries import FINISHES_WITHIN, LONGEST_TRY, Notice
from counterfoil.domain.merchants import Bank
from counterfoil.domain.transactions import DeliveryRecord, Recall, ReceiptOfMatch, Transaction, take_back
from counterfoil.errors import ConditionFailed, Poison, TryAgain
from counterfoil.flows import linking, opening
from counterfoil.flows.linking import Outside
from counterfoil.flows.outcome import Outcome
from counterfoil.sealing import CustomerKeys, Sealer
from counterfoil.store import bank_health, bodies, customers, registry, transactions

HELD = "Held"
UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, GONE = 401, 403, 404, 410
TRIES = 10


class Answer(Protocol):
    """What came back: the HTTP status (None: nothing did), how long the bank asks us to wait (seconds), the body."""

    @property
    def status(self) -> int | None: ...
    @property
    def retry_after(self) -> int | None: ...
    @property
    def body(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Sending:
    """What a delivery needs of the outside.

    `send(call, seconds)` never raises for what the network does. `attempt` counts receives of this
    message, from 1; `waits` are the seconds after each failed one; `jitter` is from 0 to 1.
    """

    sealer: Sealer
    send: Callable[[Call, float], Answer]
    secrets: Callable[[Sequence[str]], list[str]]
    clock: Callable[[], datetime]
    attempt: int
    waits: tuple[int, ...]
    jitter: float


def deliver(transaction_key: str, sending: Sending) -> Outcome:
    """Tells the bank everything pending. Raises TryAgain where the bank did not take it."""
    transaction = transactions.get(transaction_key)
    if transaction is not None and sending.attempt > 1:
        transaction = _after_earlier_tries(transaction, sending)
    counts: list[str] = []
    while transaction is not None and (todo := deliveries.pending(transaction)) is not None:
        transaction, happened = _tell(transaction, todo, sending)
        counts.append(happened)
        if happened == HELD:
            break
    return Outcome(counts=tuple(counts))


def _tell(transaction: Transaction, todo: Recall | ReceiptOfMatch, sending: Sending) -> tuple[Transaction | None, str]:
    """Tells one thing. The transaction as it stands then (None: it is gone), and what to count."""
    # The time before the read: however long the read takes, the send's 15 seconds do not start later.
    checked_at = sending.clock()
    customer, salt = customers.with_salt(transaction.subject)
    version = todo.version if isinstance(todo, Recall) else transaction.version
    if salt is None or not (isinstance(todo, Recall) or customer.allows("receipts", checked_at)):
        return _keep_back(transaction, version, customer, salt is not None, sending)
    bank, adapter = _bank_of(transaction)
    keys = sending.sealer.customer(salt)
    token = _access_token(transaction, bank, keys, sending)
    if token is None:
        # The account is linked no more: there is nobody who could be told.
        return _save(transaction, version, DeliveryRecord("suppressed", sending.clock())), "Suppressed"
    notice = _notice(transaction, todo, version, sending.sealer, keys)
    credentials = Credentials(tuple(sending.secrets(bank.secrets)), bank.public_keys, token)
    now = sending.clock()
    left = FINISHES_WITHIN - (now - checked_at)
    call = adapter.render(notice, bank, credentials, now)
    answer = sending.send(call, left.total_seconds())
    if token and answer.status == UNAUTHENTICATED:
        linking.distrust(transaction.subject, token, keys, sending.clock())
    too_late = sending.clock() - checked_at > FINISHES_WITHIN
    if too_late and not isinstance(todo, Recall) and not _still_allows(transaction, sending.clock()):
        return _take_back(transaction, sending), "TakenBack"
    withdrawn = isinstance(todo, Recall) and not customer.allows("receipts", checked_at)
    in_doubt = _doubt(transaction, version, sending) if withdrawn else None
    return _record(transaction, version, call.method, answer, sending, in_doubt), "Delivered"


def _access_token(transaction: Transaction, bank: Bank, keys: CustomerKeys, sending: Sending) -> str | None:
    """What opens the customer's account, where the bank wants that (else empty); None where they unlinked it."""
    if bank.oauth is None:
        return ""
    outside = Outside(sending.sealer, sending.send, sending.secrets, sending.clock)
    return linking.access_token(transaction.subject, bank, keys, outside)


def _keep_back(
    transaction: Transaction, version: int, customer: Customer, readable: bool, sending: Sending
) -> tuple[Transaction | None, str]:
    """Nothing is sent. Where an earlier try of this version has an unknown end, the bank is told to forget it.

    What a restricted customer's bank was to be told waits: lifting the restriction sends a message for it.
    """
    if readable and deliveries.unknown_tries(transaction, version, sending.attempt) > 0:
        return _take_back(transaction, sending), "TakenBack"
    if readable and customer.restricted and customer.has_granted("receipts"):
        return _save(transaction, version, DeliveryRecord("held", sending.clock())), HELD
    return _save(transaction, version, DeliveryRecord("suppressed", sending.clock())), "Suppressed"


def _bank_of(transaction: Transaction) -> tuple[Bank, BankAdapter]:
    record = registry.bank(transaction.bank)
    if record is None:
        raise TryAgain("the bank is not registered", after=deliveries.LONGEST_WAIT)
    if record.disabled:
        raise TryAgain("the bank's endpoint is gone", after=deliveries.LONGEST_WAIT)
    return record.bank, adapter_named(record.bank.adapter)


def _notice(
    transaction: Transaction, todo: Recall | ReceiptOfMatch, version: int, sealer: Sealer, keys: CustomerKeys
) -> Notice:
    common = {
        "delivery_id": deliveries.delivery_id(transaction.key, version),
        "version": version,
        "transaction_id": opening.personal(transaction, keys)["transaction_id"],
        "timestamp": max(transaction.event_at, todo.event_at),
    }
    if isinstance(todo, Recall):
        return Notice(
            type="receipt.withdrawn",
            match_id=todo.match_id,
            method=None,
            confidence=None,
            reasons=(deliveries.RECALL_REASONS[todo.why],),
            receipt=None,
            **common,
        )
    first = deliveries.is_first_of_match(transaction)
    return Notice(
        type="receipt.matched" if first else "receipt.corrected",
        match_id=sealer.match_id(transaction.key, todo.tender_key),
        method=todo.method,
        confidence=float(todo.confidence),
        reasons=todo.reasons,
        receipt=_receipt(transaction, todo, keys),
        **common,
    )


def _receipt(transaction: Transaction, match: ReceiptOfMatch, keys: CustomerKeys) -> dict[str, object]:
    sealed = bodies.read(match.body_key)
    if sealed is None:
        raise Poison("the receipt's body is gone")
    return opening.receipt(transaction, match, sealed, keys).receipt


def _record(
    transaction: Transaction, version: int, method: str, answer: Answer, sending: Sending, in_doubt: datetime | None
) -> Transaction | None:
    """Keeps how the try ended. Raises TryAgain unless the bank took it: what is not there to be deleted was taken."""
    now, status = sending.clock(), answer.status
    if status is not None and (200 <= status < 300 or (method == "DELETE" and status == NOT_FOUND)):
        record = DeliveryRecord("queued" if in_doubt else "delivered", in_doubt or now, status=status)
        told = _save(transaction, version, record, method)
        bank_health.note(transaction.bank, status, now, took=True)
        if in_doubt:
            left = (in_doubt + LONGEST_TRY - now).total_seconds()
            raise TryAgain("the receipt may still be on its way", after=ceil(left))
        return told
    known = transaction.deliveries.get(str(version))
    failures = (known.failures if known else 0) + 1
    _save(transaction, version, DeliveryRecord("failing", now, failures, status), method)
    if status == GONE and method == "POST":
        registry.disable(transaction.bank)
    if method == "POST" or status not in (UNAUTHENTICATED, FORBIDDEN):
        # That one customer's account is closed to us says nothing of the bank.
        bank_health.note(transaction.bank, status, now, took=False)
    wait = deliveries.wait_before(sending.attempt, sending.waits, answer.retry_after, sending.jitter)
    raise TryAgain("the bank did not take it", after=wait)


def _doubt(transaction: Transaction, version: int, sending: Sending) -> datetime | None:
    """Since when a recall was told while an earlier try may still be about to send the receipt; None: it comes last."""
    if deliveries.unknown_tries(transaction, version, sending.attempt) <= 0:
        return None
    now = sending.clock()
    told_at = deliveries.told_in_doubt_at(transaction, version) or now
    return told_at if now < told_at + LONGEST_TRY else None


def _save(transaction: Transaction, version: int, record: DeliveryRecord, method: str = "POST") -> Transaction | None:
    """Writes a delivery's record into the transaction as it stands, whoever moved it meanwhile.

    A call that puts or deletes may have undone what was told of a later version meanwhile: that is pending then.
    Nothing is written where the bank asked for the delivery again meanwhile: it is pending then.
    """
    asked_at = transaction.asked_at(version)
    standing: Transaction | None = transaction
    while standing is not None and standing.asked_at(version) == asked_at:
        recorded = standing.record(version, replace(record, asked_at=asked_at))
        if method != "POST":
            recorded = deliveries.told_over(recorded, version)
        try:
            transactions.put(recorded, transactions.unmoved(standing))
            return recorded
        except ConditionFailed as failed:
            item = failed.items[0]
            standing = transactions.from_item(item) if item else None
    return standing


def _still_allows(transaction: Transaction, now: datetime) -> bool:
    customer = customers.get(transaction.subject)
    return customer is not None and customer.allows("receipts", now)


def _is_suppressed(transaction: Transaction) -> bool:
    """Whether it has a receipt that was not sent, since its customer had withdrawn."""
    record = transaction.deliveries.get(str(transaction.version))
    return _has(transaction, transaction.match) and record is not None and record.state == "suppressed"


def _after_earlier_tries(transaction: Transaction, sending: Sending) -> Transaction | None:
    """What an earlier try of this message may have sent after the customer withdrew is taken back, also where the bank
    was told to forget it before that came."""
    if transaction.is_open or _still_allows(transaction, sending.clock()):
        return transaction
    if _is_suppressed(transaction):
        return _take_back(transaction, sending)
    told_again = deliveries.told_over(transaction, 0)
    if told_again != transaction:
        try:
            transactions.put(told_again, transactions.unmoved(transaction))
        except ConditionFailed:
            raise TryAgain("the transaction moved meanwhile", after=1) from None
    return told_again


def _take_back(transaction: Transaction, sending: Sending) -> Transaction | None:
    """Gives up a match whose receipt the bank may have got after the customer withdrew; the recall is told next.

    Whoever moved the record meanwhile did not know of that receipt: it is taken back from the record as it stands; and
    where it was given up and the bank told so before the receipt came, the bank is told again.
    """
    sent, standing = transaction.match, transaction
    for _ in range(TRIES):
        if sent is not None and _has(standing, sent):
            taken_back = take_back(standing, sending.sealer.match_id(standing.key, sent.tender_key))
        else:
            taken_back = deliveries.told_over(standing, transaction.version)
        if taken_back == standing:
            return standing  # whoever gave it up tells the bank so
        try:
            transactions.put(taken_back, transactions.unmoved(standing))
        except ConditionFailed as failed:
            if not failed.items[0]:
                return None
            standing = transactions.from_item(failed.items[0])
            continue
        return taken_back
    raise TryAgain("the transaction keeps moving", after=1)


def _has(transaction: Transaction, match: ReceiptOfMatch | None) -> bool:
    """Whether it has that receipt still: a withdrawn one keeps what was its, and has it no more."""
    own = transaction.match if transaction.state != "withdrawn" else None
    return own is not None and match is not None and own.tender_key == match.tender_key
