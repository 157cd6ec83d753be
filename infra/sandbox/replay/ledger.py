"""What stands of each transaction and card tender: undecided in memory, decided in a temporary database.

The database is SQLite's own temporary one: without a name, gone with the process however that ends. It answers
repeats, facts told later and corrections. What was decided last is kept in memory for a while, and written together.
"""

import marshal
import sqlite3
from operator import attrgetter
from typing import Any, NamedTuple, Self

from counterfoil.domain.facts import Fact
from counterfoil.domain.sides import Codes
from counterfoil.domain.tenders import CardTender, Revision
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.domain.transactions import Recall, ReceiptOfMatch, Transaction
from infra.sandbox.replay.rendezvous import Place

type Record = Transaction | CardTender

RECENT = 5_000
CACHE_KIB = 65_536


class Waiting(NamedTuple):
    """An undecided side, and where it waits for the other."""

    record: Record
    places: tuple[Place, ...]


class Ledger:
    def __init__(self) -> None:
        self.undecided: dict[str, Waiting] = {}
        self._recent: dict[str, Any] = {}
        self._disk = sqlite3.connect("", isolation_level=None)
        self._cursor = self._disk.cursor()
        self._disk.executescript(
            f"""
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{CACHE_KIB};
            CREATE TABLE kept (name INTEGER, record BLOB);
            CREATE UNIQUE INDEX by_name ON kept (name);
            """
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._disk.close()

    def transaction(self, key: str) -> Transaction | None:
        waiting = self.undecided.get(key)
        if waiting is not None:
            return waiting.record  # type: ignore[return-value]
        row = self._row(key)
        return _transaction_from(key, row) if row else None

    def tender(self, key: str) -> CardTender | None:
        waiting = self.undecided.get(key)
        if waiting is not None:
            return waiting.record  # type: ignore[return-value]
        row = self._row(key)
        return _tender_from(key, row) if row else None

    def body(self, name: str) -> tuple[str, str] | None:
        """Of a receipt's body kept under this name: whose it is, and its digest."""
        return self._row(name)

    def keep_body(self, name: str, receipt_key: str, digest: str) -> None:
        self._keep(name, (receipt_key, digest))

    def keep(self, record: Record) -> None:
        """Keeps what is decided, or may be decided no more."""
        if isinstance(record, Transaction):
            self._keep(record.key, _row_of_transaction(record, record.state, record.version, record.match))
        else:
            self._keep(record.key, _row_of_tender(record, record.state, record.matched_to))

    def keep_match(self, payment: Transaction, tender: CardTender, match: ReceiptOfMatch) -> None:
        """Keeps both as each other's."""
        self._keep(payment.key, _row_of_transaction(payment, "matched", payment.version + 1, match))
        self._keep(tender.key, _row_of_tender(tender, "matched", payment.key))

    def _keep(self, name: str, row: tuple[Any, ...]) -> None:
        self._recent[name] = row
        if len(self._recent) >= RECENT:
            rows = [(hash(name), marshal.dumps(row)) for name, row in self._recent.items()]
            self._disk.execute("BEGIN")
            self._disk.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)
            self._disk.execute("COMMIT")
            self._recent.clear()

    def _row(self, name: str) -> Any:
        row = self._recent.get(name)
        if row is not None:
            return row
        found = self._cursor.execute("SELECT record FROM kept WHERE name = ?", (hash(name),)).fetchone()
        return marshal.loads(found[0]) if found else None


def _row_of_transaction(told: Transaction, state: str, version: int, match: ReceiptOfMatch | None) -> tuple[Any, ...]:
    return (
        told.scope, told.kind, told.currency, state, version, told.by_code, told.original,
        to_millis(told.at), to_millis(told.event_at), to_millis(told.seen_at),
        [(to_millis(fact.at), fact.kind, fact.amount) for fact in told.facts],
        _row_of_codes(told.codes),
        None if match is None else (match.tender_key, match.body_key, match.method, match.confidence, match.reasons,
                                    to_millis(match.event_at)),
        [(recall.match_id, recall.version, to_millis(recall.event_at), recall.why) for recall in told.recalls],
    )  # fmt: skip


def _transaction_from(key: str, row: Any) -> Transaction:
    (scope, kind, currency, state, version, by_code, original, at, event_at, seen_at, facts, codes, match,
     recalls) = row  # fmt: skip
    subject = key.rpartition("/")[0]
    return Transaction(
        key=key,
        subject=subject,
        bank=subject.partition("/")[0],
        scope=scope,
        kind=kind,
        currency=currency,
        at=from_millis(at),
        event_at=from_millis(event_at),
        seen_at=from_millis(seen_at),
        facts=tuple(Fact(from_millis(happened), what, amount) for happened, what, amount in facts),
        codes=Codes(*codes),
        address=b"",
        sealed=b"",
        owner="",
        by_code=by_code,
        original=original,
        state=state,
        version=version,
        match=None if match is None else _match_from(*match),
        recalls=tuple(Recall(name, number, from_millis(told), why) for name, number, told, why in recalls),
    )


def _match_from(
    tender: str, body: str, method: str, confidence: str, reasons: tuple[str, ...], event_at: int
) -> ReceiptOfMatch:
    return ReceiptOfMatch(tender, body, b"", method, confidence, reasons, from_millis(event_at))


_row_of_codes = attrgetter(*Codes.__dataclass_fields__)


def _row_of_tender(tender: CardTender, state: str, matched_to: str | None) -> tuple[Any, ...]:
    return (
        tender.index, tender.body_key, tender.revision.version, tender.revision.taken_at, tender.scope, tender.kind,
        tender.amount, tender.currency, to_millis(tender.at), to_millis(tender.seen_at), _row_of_codes(tender.codes),
        tender.till, tender.by_code, state, matched_to, tender.taken_from,
    )  # fmt: skip


def _tender_from(key: str, row: Any) -> CardTender:
    (index, body_key, version, taken_at, scope, kind, amount, currency, at, seen_at, codes, till, by_code, state,
     matched_to, taken_from) = row  # fmt: skip
    receipt_key, _, ordinal = key.rpartition(".")
    return CardTender(
        receipt_key=receipt_key,
        ordinal=int(ordinal),
        index=index,
        body_key=body_key,
        revision=Revision(version, taken_at),
        scope=scope,
        kind=kind,
        amount=amount,
        currency=currency,
        at=from_millis(at),
        seen_at=from_millis(seen_at),
        codes=Codes(*codes),
        till=till,
        owner="",
        by_code=by_code,
        state=state,
        matched_to=matched_to,
        taken_from=tuple(taken_from),
    )
