"""A bank's customers: their choices in the ledger, their salts in a table of their own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from counterfoil.domain.consent import Choice, Customer
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.store import keys, lists, table
from counterfoil.store.table import LEDGER, SALTS, Check, Condition, Delete, Item, Put, Table

MOST_ENTRIES = 1000


def get(subject: str, *, consistent: bool = True) -> Customer | None:
    item = table.get(LEDGER, dict(keys.customer(subject)), consistent=consistent)
    return _from_item(subject, item) if item else None


def with_salt(subject: str) -> tuple[Customer, bytes | None]:
    """A customer and their salt in one request; an unknown customer allows nothing, an erased one has no salt."""
    customer, salt = lists.get_together(_both(subject))
    return _known(subject, customer, salt)


def paying(subject: str, card: str | None) -> tuple[Customer, bytes | None]:
    """The customer whose payment it is, as `with_salt`, in one request: `subject`, whom the bank names, but where the
    card of this opaque name is in another customer's name, that customer."""
    if card is None:
        return with_salt(subject)
    way = (SALTS, dict(keys.card_holder(card)), False)
    customer, salt, holder = lists.get_together([*_both(subject), way])
    if holder is not None and holder["subject"] != subject:
        return with_salt(holder["subject"])
    return _known(subject, customer, salt)


def _both(subject: str) -> list[tuple[Table, Item, bool]]:
    return [(LEDGER, dict(keys.customer(subject)), True), (SALTS, dict(keys.salt(subject)), False)]


def _known(subject: str, customer: Item | None, salt: Item | None) -> tuple[Customer, bytes | None]:
    known = _from_item(subject, customer) if customer else Customer(subject)
    if salt is None and known.rev:
        # Perhaps written a moment ago: a salt comes with its customer.
        salt = table.get(SALTS, dict(keys.salt(subject)))
    return known, salt["salt"] if salt else None


def save(customer: Customer, entries: Sequence[Choice], new_salt: bytes, recorded: Sequence[Put]) -> None:
    """Keeps a change: the current state, its history entries, what the audit trail has `recorded` of it and, the first
    time, the salt; all or none.

    A salt without a customer is of a life that a restored ledger does not know: the new one takes its place.

    Raises ConditionFailed where the customer changed since it was read.
    """
    subject = customer.subject
    first = customer.rev == 1
    unchanged = table.nothing_there() if first else table.still_at(customer.rev - 1)
    writes = [
        Put(LEDGER, _to_item(customer), unchanged),
        *(Put(LEDGER, _entry(subject, choice), table.nothing_there()) for choice in entries),
        *recorded,
    ]
    if first:
        made = _millis(customer.made_at)
        writes.append(Put(SALTS, dict(keys.salt(subject)) | {"salt": new_salt, "made": made}))
    table.transact(writes)


def unchanged(customer: Customer) -> Check:
    """Holds while the customer's choices are as they were read: for a write that rests on them."""
    return Check(LEDGER, dict(keys.customer(customer.subject)), table.still_at(customer.rev))


def salt_of_then(subject: str, before: datetime) -> bytes | None:
    """The salt of whoever this was then; None where it is gone, or of who they are since."""
    item = table.get(SALTS, dict(keys.salt(subject)))
    return item["salt"] if item and item.get("made", 0) <= to_millis(before) else None


def forget_salt(subject: str, before: datetime) -> None:
    """Deletes the salt of whoever this was then: nothing of theirs can be read again. A later one stays."""
    of_then = Condition("attribute_not_exists(made) OR made <= :then", {":then": to_millis(before)})
    table.delete(SALTS, dict(keys.salt(subject)), of_then)


def forget(customer: Customer) -> None:
    """Deletes the current choices and any salt: one that is there yet is of a later life, which a restored ledger does
    not know. Raises TryAgain where they changed since they were read."""
    subject = customer.subject
    choices = Delete(LEDGER, dict(keys.customer(subject)), table.still_at(customer.rev))
    try:
        table.transact([choices, Delete(SALTS, dict(keys.salt(subject)))])
    except ConditionFailed as failed:
        if failed.items[0]:
            raise TryAgain("the customer changed meanwhile", after=1) from None


def history(subject: str) -> list[Choice]:
    """Every change, oldest first."""
    partition, between = keys.consent_history(subject)
    items, _ = table.query(LEDGER, partition, between, limit=MOST_ENTRIES, consistent=True)
    return sorted((_choice_from_item(item) for item in items), key=lambda choice: choice.changed_at)


def _entry(subject: str, choice: Choice) -> Item:
    key = dict(keys.consent_entry(subject, choice.purpose, choice.version))
    return key | _choice_to_item(choice) | {"subject": subject}


def _to_item(customer: Customer) -> Item:
    return dict(keys.customer(customer.subject)) | {
        "subject": customer.subject,
        "due": _due(customer),
        "rev": customer.rev,
        "made": _millis(customer.made_at),
        # Not there for everybody else, so that a condition can ask for it.
        "restricted": {reason: to_millis(since) for reason, since in customer.restrictions.items()} or None,
        "choices": {purpose: _choice_to_item(choice) for purpose, choice in customer.choices.items()},
    }


def _due(customer: Customer) -> str | None:
    """Proof is kept while anything is allowed; its time counts from the last change."""
    choices = customer.choices.values()
    if not choices or any(choice.granted for choice in choices):
        return None
    return keys.due("choices", max(choice.changed_at for choice in choices), customer.subject)


def _from_item(subject: str, item: Mapping[str, Any]) -> Customer:
    choices = {purpose: _choice_from_item(choice) for purpose, choice in item["choices"].items()}
    restrictions = {reason: from_millis(since) for reason, since in item.get("restricted", {}).items()}
    made_at = from_millis(item["made"]) if "made" in item else None
    return Customer(subject, item["rev"], choices, restrictions, made_at)


def _millis(moment: datetime | None) -> int | None:
    return None if moment is None else to_millis(moment)


def _choice_to_item(choice: Choice) -> Item:
    notice = {"notice": choice.notice_version} if choice.notice_version else {}
    return notice | {
        "purpose": choice.purpose,
        "version": choice.version,
        "granted": choice.granted,
        "changed": to_millis(choice.changed_at),
        "effective": to_millis(choice.effective_at),
        "origin": choice.origin,
        "language": choice.language,
    }


def _choice_from_item(item: Mapping[str, Any]) -> Choice:
    return Choice(
        purpose=item["purpose"],
        version=item["version"],
        granted=item["granted"],
        changed_at=from_millis(item["changed"]),
        effective_at=from_millis(item["effective"]),
        notice_version=item.get("notice"),
        origin=item["origin"],
        language=item["language"],
    )
