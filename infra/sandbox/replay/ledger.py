"""What stands of each transaction and card tender: undecided at the rendezvous, decided in a temporary database.

The database is SQLite's own temporary one: without a name, gone with the process however that ends. It answers
repeats, facts told later and corrections. What was decided last is kept in memory for a while, and written together.
"""

import marshal
import sqlite3
from typing import Any, Self

from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import ReceiptOfMatch, Transaction
from infra.sandbox.replay.rendezvous import Record, Rendezvous
from infra.sandbox.replay.rows import Row, row_of_tender, row_of_transaction, tender_from, transaction_from

RECENT = 5_000
CACHE_KIB = 65_536
FILTER = 2**27


class Ledger:
    def __init__(self, rendezvous: Rendezvous) -> None:
        self._rendezvous = rendezvous
        self._recent: dict[str, Any] = {}
        self._written = bytearray(FILTER // 8)
        """A bit for the hashes of names on the disk: most names are new, and are not looked for there."""
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
        if (places := self._rendezvous.places(key)) is not None:
            return places[0].record  # type: ignore[return-value]
        row = self._row(key)
        return transaction_from(key, row) if row else None

    def tender(self, key: str) -> CardTender | None:
        if (places := self._rendezvous.places(key)) is not None:
            return places[0].record  # type: ignore[return-value]
        row = self._row(key)
        return tender_from(key, row) if row else None

    def body(self, name: str) -> tuple[str, str] | None:
        """Of a receipt's body kept under this name: whose it is, and its digest."""
        row: tuple[str, str] | None = self._row(name)
        return row

    def keep_body(self, name: str, receipt_key: str, digest: str) -> None:
        self._keep(name, (receipt_key, digest))

    def keep(self, record: Record) -> None:
        """Keeps what is decided, or may be decided no more."""
        if isinstance(record, Transaction):
            self._keep(record.key, row_of_transaction(record, record.state, record.version, record.match))
        else:
            self._keep(record.key, row_of_tender(record, record.state, record.matched_to))

    def keep_match(self, payment: Transaction, tender: CardTender, match: ReceiptOfMatch) -> None:
        """Keeps both as each other's."""
        self._keep(payment.key, row_of_transaction(payment, "matched", payment.version + 1, match))
        self._keep(tender.key, row_of_tender(tender, "matched", payment.key))

    def _keep(self, name: str, row: Row) -> None:
        self._recent[name] = row
        if len(self._recent) >= RECENT:
            rows = [(hash(name), marshal.dumps(row)) for name, row in self._recent.items()]
            self._disk.execute("BEGIN")
            self._disk.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)
            self._disk.execute("COMMIT")
            for number, _ in rows:
                place = number % FILTER
                self._written[place >> 3] |= 1 << (place & 7)
            self._recent.clear()

    def _row(self, name: str) -> Any:
        row = self._recent.get(name)
        if row is not None:
            return row
        place = hash(name) % FILTER
        if not self._written[place >> 3] & 1 << (place & 7):
            return None
        found = self._cursor.execute("SELECT record FROM kept WHERE name = ?", (hash(name),)).fetchone()
        return marshal.loads(found[0]) if found else None
