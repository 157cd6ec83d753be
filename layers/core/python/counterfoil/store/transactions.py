"""Transactions in the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from counterfoil.domain.facts import Fact, FactKind
from counterfoil.domain.packing import deflate, inflate
from counterfoil.domain.sides import Codes
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.domain.transactions import DeliveryRecord, Recall, ReceiptOfMatch, Transaction
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.store import keys, lists, table
from counterfoil.store.table import LEDGER, Change, Condition, Delete, Item, Put

# What reasons usually say, the most usual last. It keeps a matched transaction within one write unit.
_REASON_WORDS = b"""\
0 1 2 3 4 5 6 7 8 9 other payments of this amount nearby, and no other receipt could belong
Last four digits of the card differ, as they may with a phone or watch
Card token agrees
 seconds apart by a clock we do not know yet
 seconds apart by the till's clock
 minutes apart by the till's clock
Retrieval reference agrees
Authorisation code agrees
Last four digits agree
Terminal agrees
Merchant number agrees
2 seconds apart by the till's clock
No other payment of this amount nearby"""

_LETTERS: Mapping[FactKind, str] = {"authorised": "a", "cleared": "c", "reversed": "r", "refunded": "b"}
_FACTS = {letter: kind for kind, letter in _LETTERS.items()}


def get(key: str) -> Transaction | None:
    item = table.get(LEDGER, keys.transaction(key))
    return from_item(item) if item else None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a customer's in the index by_subject: the place from which a list goes on."""

    at: int
    pk: str
    sk: str

    @property
    def transaction_key(self) -> str | None:
        return self.pk.removeprefix("T#") if self.pk.startswith("T#") else None


def rows_of(
    subject: str, earliest: datetime, latest: datetime, *, after: Row | None, limit: int
) -> tuple[list[Row], bool]:
    """What a customer has of a span of time, the latest first, transactions among it; whether there may be more."""
    place = {"subject": subject, "at": after.at, "pk": after.pk, "sk": after.sk} if after else None
    between = (to_millis(earliest), to_millis(latest))
    items, more = lists.index_page(LEDGER, "by_subject", ("subject", subject), between, after=place, limit=limit)
    return [Row(item["at"], item["pk"], item["sk"]) for item in items], more


def get_many(transaction_keys: Sequence[str]) -> list[Transaction]:
    """Those that are there, in this order, as they were a moment ago."""
    items = lists.get_many(LEDGER, [dict(keys.transaction(key)) for key in transaction_keys])
    return [from_item(item) for item in items if item]


def put(transaction: Transaction, condition: Condition) -> None:
    table.write(put_of(transaction, condition))


def delete(transaction: Transaction) -> None:
    """Deletes it. Raises TryAgain where it moved since it was read."""
    try:
        table.write(Delete(LEDGER, dict(keys.transaction(transaction.key)), unmoved(transaction)))
    except ConditionFailed as failed:
        if failed.items[0]:
            raise TryAgain("the transaction moved meanwhile", after=1) from None


def put_of(transaction: Transaction, condition: Condition) -> Put:
    return Put(LEDGER, to_item(transaction), condition)


def unmoved(transaction: Transaction) -> Condition:
    """Nobody moved the record or told the bank of it since it was read: a whole write loses nothing."""
    moved = table.still_at(transaction.rev)
    if not transaction.tellings:
        return replace(moved, expression=f"{moved.expression} AND attribute_not_exists(told)")
    told = {**moved.values, ":told": transaction.tellings}
    return Condition(f"{moved.expression} AND told = :told", told)


def matched(key: str, match: ReceiptOfMatch, *, owner: str, rev: int, version: int, seen_at: datetime) -> Change:
    """The change that gives a transaction, last seen at `rev` and `version`, its receipt."""
    return Change(
        LEDGER,
        dict(keys.transaction(key)),
        {
            "state": "matched",
            "match": _match_to_item(match),
            "owner": owner,
            "rev": rev + 1,
            "version": version + 1,
            "due": keys.due("match", seen_at, key),
        },
        table.still_at(rev),
    )


def to_item(transaction: Transaction) -> Item:
    """As stored. A matched pair has one row in the sweep's index, the transaction's: it leads to the rest."""
    return keys.transaction(transaction.key) | {
        "subject": transaction.subject,
        "due": _due(transaction),
        "bank": transaction.bank,
        "scope": transaction.scope,
        "kind": transaction.kind,
        "currency": transaction.currency,
        "at": to_millis(transaction.at),
        "event": to_millis(transaction.event_at),
        "seen": to_millis(transaction.seen_at),
        "facts": [[_LETTERS[fact.kind], fact.amount, to_millis(fact.at)] for fact in transaction.facts],
        "codes": codes_to_item(transaction.codes),
        "address": transaction.address,
        "sealed": transaction.sealed,
        "owner": transaction.owner,
        "by_code": transaction.by_code or None,
        "original": transaction.original,
        "freed": to_millis(transaction.freed_at) if transaction.freed_at else None,
        "rev": transaction.rev,
        "told": transaction.tellings or None,
        "state": transaction.state,
        "version": transaction.version,
        "match": _match_to_item(transaction.match) if transaction.match else None,
        "recalls": [_recall_to_item(recall) for recall in transaction.recalls] or None,
        "sent": {version: _record_to_item(record) for version, record in transaction.deliveries.items()} or None,
    }


def _due(transaction: Transaction) -> str:
    if transaction.is_open:
        return keys.due_open(transaction.freed_at or transaction.seen_at, transaction.key)
    if transaction.match:
        return keys.due("match", transaction.seen_at, transaction.key)
    return keys.due("transaction", transaction.freed_at or transaction.seen_at, transaction.key)


def from_item(item: Mapping[str, Any]) -> Transaction:
    match = item.get("match")
    return Transaction(
        key=item["pk"].removeprefix("T#"),
        subject=item["subject"],
        bank=item["bank"],
        scope=item["scope"],
        kind=item["kind"],
        currency=item["currency"],
        at=from_millis(item["at"]),
        event_at=from_millis(item["event"]),
        seen_at=from_millis(item["seen"]),
        facts=tuple(Fact(from_millis(millis), _FACTS[letter], amount) for letter, amount, millis in item["facts"]),
        codes=Codes(**item["codes"]),
        address=item["address"],
        sealed=item["sealed"],
        owner=item["owner"],
        by_code=item.get("by_code", False),
        original=item.get("original"),
        freed_at=from_millis(item["freed"]) if "freed" in item else None,
        rev=item["rev"],
        tellings=item.get("told", 0),
        state=item["state"],
        version=item["version"],
        match=_match_from_item(match) if match else None,
        recalls=tuple(
            Recall(recall["match"], recall["version"], from_millis(recall["event"]), recall["why"])
            for recall in item.get("recalls", [])
        ),
        deliveries={version: _record_from_item(record) for version, record in item.get("sent", {}).items()},
    )


def codes_to_item(codes: Codes) -> Item:
    return {name: value for name, value in asdict(codes).items() if value is not None}


def _recall_to_item(recall: Recall) -> Item:
    told_at = to_millis(recall.event_at)
    return {"match": recall.match_id, "version": recall.version, "event": told_at, "why": recall.why}


def _match_to_item(match: ReceiptOfMatch) -> Item:
    return {
        "tender": match.tender_key,
        "body": match.body_key,
        "letter": match.letter,
        "method": match.method,
        "confidence": match.confidence,
        "reasons": deflate("\n".join(match.reasons).encode(), _REASON_WORDS),
        "event": to_millis(match.event_at),
    }


def _match_from_item(item: Mapping[str, Any]) -> ReceiptOfMatch:
    return ReceiptOfMatch(
        tender_key=item["tender"],
        body_key=item["body"],
        letter=item["letter"],
        method=item["method"],
        confidence=item["confidence"],
        reasons=tuple(inflate(item["reasons"], _REASON_WORDS).decode().split("\n")),
        event_at=from_millis(item["event"]),
    )


def _record_to_item(record: DeliveryRecord) -> Item:
    item: Item = {"state": record.state, "at": to_millis(record.at)}
    if record.failures:
        item["failures"] = record.failures
    if record.status is not None:
        item["status"] = record.status
    if record.asked_at is not None:
        item["asked"] = to_millis(record.asked_at)
    return item


def _record_from_item(item: Mapping[str, Any]) -> DeliveryRecord:
    return DeliveryRecord(
        state=item["state"],
        at=from_millis(item["at"]),
        failures=item.get("failures", 0),
        status=item.get("status"),
        asked_at=from_millis(item["asked"]) if "asked" in item else None,
    )
