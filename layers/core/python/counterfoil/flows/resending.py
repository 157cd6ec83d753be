"""A bank wants a delivery again: the same id and the same body, once for all who ask within a minute.

    asked     written where nobody moved the transaction; from here on the delivery counts as not made
    queued    its message was sent

A Lambda that dies between the two leaves it `asked`, and whoever asks next sends the message. Nobody else does: each
message is tried for three days.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from counterfoil.domain.deliveries import parse_delivery_id
from counterfoil.domain.transactions import DeliveryRecord, Transaction
from counterfoil.errors import ConditionFailed, Conflict, NotFound
from counterfoil.flows import messages
from counterfoil.flows.outcome import Send
from counterfoil.store import transactions

NOT_AGAIN_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A version that is to be sent again. `send`: its message, where nobody sent one yet."""

    transaction_key: str
    version: int
    send: Send | None


def find(bank: str, delivery_id: str) -> tuple[Transaction, int]:
    """A bank's transaction and the version that the delivery tells. Raises NotFound, also for another bank's."""
    named = parse_delivery_id(delivery_id)
    transaction = transactions.get(named[0]) if named else None
    if named is None or transaction is None or transaction.bank != bank or named[1] > transaction.version:
        raise NotFound("no such delivery")
    return transaction, named[1]


def ask(bank: str, delivery_id: str, now: datetime) -> Asked:
    """Raises NotFound, or Conflict where there is nothing to send: it was overtaken, or suppressed."""
    transaction, version = find(bank, delivery_id)
    while not _is_asked(transaction, version, now):
        known = transaction.deliveries.get(str(version))
        record = DeliveryRecord("asked", now, status=known.status if known else None, asked_at=now)
        asked = transaction.record(version, record)
        try:
            transactions.put(asked, transactions.unmoved(transaction))
            transaction = asked
        except ConditionFailed as failed:
            transaction = _standing(failed)
    unsent = transaction.deliveries[str(version)].state == "asked"
    send = messages.delivery_of(bank, transaction.key) if unsent else None
    return Asked(transaction.key, version, send)


def confirm(asked: Asked) -> None:
    """Keeps that the message was sent. May be left out: then whoever asks next sends another."""
    transaction = transactions.get(asked.transaction_key)
    record = transaction.deliveries.get(str(asked.version)) if transaction else None
    if transaction is None or record is None or record.state != "asked":
        return
    queued = transaction.record(asked.version, replace(record, state="queued"))
    try:
        transactions.put(queued, transactions.unmoved(transaction))
    except ConditionFailed:
        # It moved: most likely it is delivered already.
        return


def _is_asked(transaction: Transaction, version: int, now: datetime) -> bool:
    """Whether somebody asked within the last minute."""
    if version not in transaction.versions_to_tell():
        raise Conflict("a later version overtook this delivery")
    record = transaction.deliveries.get(str(version))
    if record is not None and record.state == "suppressed":
        raise Conflict("this delivery was not sent: the customer withdrew")
    asked_at = transaction.asked_at(version)
    return asked_at is not None and now - asked_at < NOT_AGAIN_WITHIN


def _standing(failed: ConditionFailed) -> Transaction:
    item = failed.items[0]
    if item is None or not item:
        raise NotFound("no such delivery")
    return transactions.from_item(item)
