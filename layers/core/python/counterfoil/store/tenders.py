"""Card tenders of receipts in the ledger."""

from collections.abc import Mapping
from typing import Any

from counterfoil.domain.sides import Codes
from counterfoil.domain.tenders import CardTender, Revision
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, Change, Condition, Item, Put
from counterfoil.store.transactions import codes_to_item

MOST_TENDERS = 100


def get(tender_key: str) -> CardTender | None:
    item = table.get(LEDGER, dict(keys.tender_named(tender_key)))
    return from_item(item) if item else None


def of_receipt(receipt_key: str) -> list[CardTender]:
    """The card tenders of a receipt, by ordinal."""
    partition, between = keys.tenders(receipt_key)
    items, _ = table.query(LEDGER, partition, between, limit=MOST_TENDERS, consistent=True)
    return [from_item(item) for item in items]


def put(tender: CardTender, condition: Condition) -> None:
    table.write(put_of(tender, condition))


def put_of(tender: CardTender, condition: Condition) -> Put:
    return Put(LEDGER, to_item(tender), condition)


def delete(tender: CardTender) -> None:
    """Deletes it, unless it moved since it was read."""
    table.delete(LEDGER, dict(keys.tender_named(tender.key)), table.still_at(tender.rev))


def matched(tender_key: str, transaction_key: str, *, owner: str, rev: int) -> Change:
    """The change that gives a tender, last seen at `rev`, to a transaction."""
    return Change(
        LEDGER,
        dict(keys.tender_named(tender_key)),
        {"state": "matched", "matched_to": transaction_key, "owner": owner, "rev": rev + 1},
        table.still_at(rev),
        remove=("due",),
    )


def to_item(tender: CardTender) -> Item:
    """As stored. A matched tender has no row of its own in the sweep's index: its transaction leads to it."""
    key = keys.tender(tender.receipt_key, tender.ordinal)
    swept_alone = tender.matched_to is None
    return key | {
        "due": keys.due("tender", tender.seen_at, tender.receipt_key) if swept_alone else None,
        "index": tender.index,
        "body": tender.body_key,
        "order": [tender.revision.version, tender.revision.taken_at],
        "scope": tender.scope,
        "kind": tender.kind,
        "amount": tender.amount,
        "currency": tender.currency,
        "at": to_millis(tender.at),
        "seen": to_millis(tender.seen_at),
        "codes": codes_to_item(tender.codes),
        "till": tender.till,
        "owner": tender.owner,
        "by_code": tender.by_code or None,
        "doubted": tender.doubted or None,
        "rev": tender.rev,
        "state": tender.state,
        "matched_to": tender.matched_to,
        "taken_from": list(tender.taken_from) or None,
        "former": list(tender.former) or None,
    }


def from_item(item: Mapping[str, Any]) -> CardTender:
    return CardTender(
        receipt_key=item["pk"].removeprefix("R#"),
        ordinal=int(item["sk"].removeprefix("T#")),
        index=item["index"],
        body_key=item["body"],
        revision=Revision(*item["order"]),
        scope=item["scope"],
        kind=item["kind"],
        amount=item["amount"],
        currency=item["currency"],
        at=from_millis(item["at"]),
        seen_at=from_millis(item["seen"]),
        codes=Codes(**item["codes"]),
        till=item.get("till"),
        owner=item["owner"],
        by_code=item.get("by_code", False),
        doubted=item.get("doubted", False),
        rev=item["rev"],
        state=item["state"],
        matched_to=item.get("matched_to"),
        taken_from=tuple(item.get("taken_from", ())),
        former=tuple(item.get("former", ())),
    )
