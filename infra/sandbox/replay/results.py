"""What a replay comes to: the lines of matches.jsonl, written as they are decided, and what is counted."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TextIO

from pydantic import TypeAdapter

from counterfoil.domain.deliveries import RECALL_REASONS
from counterfoil.domain.matching import Decision, Unmatched
from counterfoil.domain.tenders import CardTender
from counterfoil.domain.times import rfc3339
from counterfoil.domain.transactions import RecallReason, ReceiptOfMatch, Transaction
from infra.sandbox.replay.intake import names_of, names_of_receipt
from infra.sandbox.replay.rendezvous import Record

_LINE = TypeAdapter(dict[str, Any])


class Results:
    def __init__(self, out: TextIO) -> None:
        self.counts: Counter[str] = Counter()
        self.methods: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self._out = out
        self._unsure: dict[str, tuple[str, ...]] = {}
        self._same: dict[tuple[str, ...], tuple[str, ...]] = {}

    def matched(self, payment_key: str, match: ReceiptOfMatch, tender: CardTender, now: datetime) -> None:
        """A payment and a card tender are each other's."""
        self._unsure.pop(payment_key, None)
        self._unsure.pop(tender.key, None)
        self.methods[match.method] += 1
        told = {"method": match.method, "confidence": float(match.confidence)}
        self._tell(_ids(payment_key, tender), told, now, match.reasons)

    def withdrawn(self, payment_key: str, tender: CardTender, now: datetime, why: RecallReason) -> None:
        """A match does not hold any more."""
        self.counts["withdrawn"] += 1
        self._tell(_ids(payment_key, tender), {"outcome": "withdrawn"}, now, (RECALL_REASONS[why],))

    def undecided(self, key: str, decision: Decision) -> None:
        """Remembers why a side has no counterpart yet."""
        reasons = decision.reasons
        if isinstance(decision, Unmatched):
            self._unsure.pop(key, None)
        else:
            self._unsure[key] = self._same.setdefault(reasons, reasons)

    def left_over(self, record: Record) -> None:
        """A side whose time is over. `tender` is told where it is not the receipt's first."""
        reasons = self._unsure.pop(record.key, None)
        outcome = "ambiguous" if reasons else "unmatched"
        ids: dict[str, Any]
        if isinstance(record, Transaction):
            bank, transaction_id = names_of(record.key)
            side, ids, missing = "transactions", {"bank": bank, "transaction_id": transaction_id}, "receipt"
        else:
            retailer, receipt_id = names_of_receipt(record.receipt_key)
            side, ids, missing = "receipts", {"retailer": retailer, "receipt_id": receipt_id}, "payment"
            if record.index:
                ids["tender"] = record.index
        self.left[f"{side} {outcome}"] += 1
        self._write(ids | {"outcome": outcome, "reasons": reasons or (f"No {missing} nearby could belong",)})

    def _tell(self, ids: dict[str, Any], what: dict[str, Any], now: datetime, reasons: Sequence[str]) -> None:
        self._write(ids | what | {"decided_at": rfc3339(now), "reasons": reasons})

    def _write(self, line: dict[str, Any]) -> None:
        self._out.write(_LINE.dump_json(line).decode() + "\n")


def _ids(payment_key: str, tender: CardTender) -> dict[str, Any]:
    bank, transaction_id = names_of(payment_key)
    retailer, receipt_id = names_of_receipt(tender.receipt_key)
    return {
        "bank": bank,
        "transaction_id": transaction_id,
        "retailer": retailer,
        "receipt_id": receipt_id,
        "tender": tender.index,
    }
