"""What is true of a made replay, and what was said of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from infra.retail.files import TRUTH

type Payment = tuple[str, str]
"""A payment by bank and transaction id."""

MATCHES: Final = "matches.jsonl"


@dataclass(frozen=True, slots=True)
class Fact:
    """The truth of one payment that a bank told of. `told`, `receipt`: when each was first here, epoch seconds.

    `receipt_ids`: all prints of its receipt, none where it was lost. `void`: reversed, so that no receipt is missed.
    """

    customer: str
    retailer: str
    shop: str
    receipt_ids: frozenset[str]
    void: bool
    told: float
    receipt: float | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A match that was given out, or taken back where `withdrawn`. A naive method has no confidence."""

    payment: Payment
    receipt: tuple[str, str]
    at: float
    confidence: float | None = None
    withdrawn: bool = False
    reasons: tuple[str, ...] = ()


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def facts(folder: Path) -> dict[Payment, Fact]:
    """The truth of the payments in `folder`."""
    return {
        (row["bank"], row["transaction_id"]): Fact(
            customer=row["customer_id"],
            retailer=row["retailer"],
            shop=row["shop"],
            receipt_ids=frozenset(row["receipt_ids"]),
            void=row["void"],
            told=epoch(row["transaction_at"]),
            receipt=epoch(row["receipt_at"]) if row["receipt_at"] else None,
            tags=tuple(row["tags"]),
        )
        for row in lines(folder / TRUTH)
    }


def said(path: Path) -> Iterator[Said]:
    """The matches and withdrawals of a `matches.jsonl`."""
    for row in lines(path):
        if "decided_at" in row:
            yield Said(
                payment=(row["bank"], row["transaction_id"]),
                receipt=(row["retailer"], row["receipt_id"]),
                at=epoch(row["decided_at"]),
                confidence=row.get("confidence"),
                withdrawn=row.get("outcome") == "withdrawn",
                reasons=tuple(row["reasons"]),
            )


def left_over(path: Path) -> dict[Payment, tuple[str, ...]]:
    """Why each payment that is left over has no receipt: the outcome, then the reasons."""
    return {
        (row["bank"], row["transaction_id"]): (row["outcome"], *row["reasons"])
        for row in lines(path)
        if "decided_at" not in row and "transaction_id" in row
    }
