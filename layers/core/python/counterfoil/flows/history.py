"""A customer's receipts, for themselves: a page at a time, one by its match, or by its barcode.

It rests on no consent: what is kept of a customer is theirs to read until it is erased, also after they withdrew and
while they are restricted. Receipts that were taken back are not theirs, and are not shown.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from counterfoil.domain.history import Entry, HistoryRequest, Page, transaction_of
from counterfoil.domain.transactions import ReceiptOfMatch, Transaction
from counterfoil.errors import Invalid, NotFound, Poison, Problem
from counterfoil.flows import opening
from counterfoil.sealing import CustomerKeys, Sealer, seal, unseal
from counterfoil.store import bodies, customers, transactions
from counterfoil.store.transactions import Row

MOST_BYTES = 4 * 1024 * 1024
"""Of a page's receipts as JSON: a function answers with six megabytes at most."""
MOST_EXAMINED = 1000
"""How many rows one page may cost, however few of them are receipts that were asked for."""
OTHER_ROWS = 25
"""What else of a customer stands among their payments: a row is a key, and costs next to nothing to read."""
_CURSOR = "history"


@dataclass(frozen=True, slots=True, repr=False)
class Reader:
    """A customer whose keys are at hand."""

    subject: str
    keys: CustomerKeys
    sealer: Sealer


def reader(subject: str, sealer: Sealer) -> Reader:
    """Raises NotFound for a customer who never was, or was erased: the two cannot be told apart."""
    found = find_reader(subject, sealer)
    if found is None:
        raise NotFound("no such customer")
    return found


def find_reader(subject: str, sealer: Sealer) -> Reader | None:
    """None for a customer who never was, or was erased."""
    _, salt = customers.with_salt(subject)
    return Reader(subject, sealer.customer(salt), sealer) if salt else None


def page(who: Reader, wish: HistoryRequest) -> Page:
    """The next of the receipts asked for. It may hold fewer than `limit`, even none, where a cursor leads on."""
    entries: list[Entry] = []
    after, more = _place(who, wish.cursor), True
    examined = size = 0
    while more and examined < MOST_EXAMINED:
        # By barcode most that is read is none of it.
        wanted = 100 if wish.barcode else int(wish.limit) - len(entries)
        rows, more = _rows(who, wish, after, wanted)
        examined += len(rows)
        for row, entry in _entries(who, rows):
            after = row
            if entry is None or not _is_asked_for(entry, wish):
                continue
            entries.append(entry)
            size += len(json.dumps(entry.receipt))
            if len(entries) == int(wish.limit) or size > MOST_BYTES:
                return Page(tuple(entries), _cursor(who, after) if more or row != rows[-1] else None)
    return Page(tuple(entries), _cursor(who, after) if more and after else None)


def all_of(who: Reader, wish: HistoryRequest, most: int) -> list[Entry] | None:
    """All of the receipts asked for; None where there are more than `most`, or more than an answer can hold."""
    entries: list[Entry] = []
    size, onward = 0, True
    while onward:
        found = page(who, wish)
        entries += found.entries
        size += sum(len(json.dumps(entry.receipt)) for entry in found.entries)
        if len(entries) > most or size > MOST_BYTES:
            return None
        wish, onward = wish.model_copy(update={"cursor": found.cursor}), found.cursor is not None
    return entries


def one(who: Reader, match_id: str) -> Entry:
    """Raises NotFound for a match that never was, was taken back, or is another customer's."""
    key = transaction_of(match_id)
    transaction = transactions.get(key) if key else None
    if transaction is not None and transaction.subject == who.subject and transaction.state == "matched":
        sealed = bodies.read(_match(transaction).body_key)
        entry = _entry(who, transaction, sealed) if sealed else None
        if entry is not None and entry.match_id == match_id:
            return entry
    raise NotFound("no such receipt")


def _rows(who: Reader, wish: HistoryRequest, after: Row | None, payments: int) -> tuple[list[Row], bool]:
    """The next rows with at most so many payments among them; whether there may be more."""
    rows, more = transactions.rows_of(who.subject, *wish.span, after=after, limit=payments + OTHER_ROWS)
    places = [place for place, row in enumerate(rows) if row.transaction_key]
    if len(places) <= payments:
        return rows, more
    return rows[: places[payments]], True


def _entries(who: Reader, rows: Sequence[Row]) -> Iterator[tuple[Row, Entry | None]]:
    """Each row, with its payment's receipt if it is a payment and has one."""
    found = transactions.get_many([row.transaction_key for row in rows if row.transaction_key])
    matched = {each.key: each for each in found if each.state == "matched"}
    sealed = dict(zip(matched, bodies.read_many([_match(each).body_key for each in matched.values()]), strict=True))
    for row in rows:
        transaction, body = matched.get(row.transaction_key or ""), sealed.get(row.transaction_key or "")
        yield row, _entry(who, transaction, body) if transaction and body else None


def _entry(who: Reader, transaction: Transaction, sealed: bytes) -> Entry:
    match, told = _match(transaction), opening.personal(transaction, who.keys)
    opened = opening.receipt(transaction, match, sealed, who.keys)
    card = {name: value for name, value in told.get("card", {}).items() if name != "token"}
    return Entry(
        match_id=who.sealer.match_id(transaction.key, match.tender_key),
        version=transaction.version,
        transaction_id=told["transaction_id"],
        paid_at=transaction.at,
        card=card,
        paid=opened.paid,
        receipt=opened.receipt,
    )


def _match(transaction: Transaction) -> ReceiptOfMatch:
    assert transaction.match is not None
    return transaction.match


def _is_asked_for(entry: Entry, wish: HistoryRequest) -> bool:
    return wish.barcode is None or entry.receipt.get("barcode", {}).get("value") == wish.barcode


def _cursor(who: Reader, row: Row) -> str:
    """Opaque, and of use for this customer alone."""
    place = json.dumps([row.at, row.pk, row.sk]).encode()
    return urlsafe_b64encode(seal(who.keys.seal_key, place, bound_to=_CURSOR)).decode().rstrip("=")


def _place(who: Reader, cursor: str | None) -> Row | None:
    """Raises Invalid for a cursor that this customer was not given."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return Row(*json.loads(unseal(who.keys.seal_key, urlsafe_b64decode(padded), bound_to=_CURSOR)))
    except (Poison, ValueError):
        raise Invalid([Problem("cursor", "must be the `next` of a page before")]) from None
