"""Short replay files for tests: what banks and tills tell, second by second, and what the replay makes of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.sandbox.replay import replay
from infra.sandbox.replay.problems import Problems
from infra.sandbox.replay.summary import Summary

MERCHANTS = Path(__file__).parents[2] / "infra/sandbox/merchants.json"
START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CARD = {"last4": "4242", "auth_code": "A1B2C3", "rrn": "632500000123", "merchant_id": "MID000123",
        "terminal_id": "T0000042"}  # fmt: skip

type Told = dict[str, Any]


def moment(second: float) -> str:
    """That many seconds after the tape's start."""
    return (START + timedelta(seconds=second)).isoformat(timespec="milliseconds")


@dataclass
class Tape:
    """Lines in the order of the calls; `play` writes them to `folder` and replays them."""

    folder: Path
    banks: list[Any] = field(default_factory=list)
    tills: list[Any] = field(default_factory=list)
    merchants: Path = MERCHANTS
    problems: list[str] = field(default_factory=list)
    summary: Summary | None = None

    def pays(
        self,
        second: float,
        transaction_id: str = "tx_1",
        *,
        amount: int = 585,
        kind: str = "authorised",
        bank: str = "openbank",
        paid: float | None = None,
        told: float | None = None,
        **data: Any,
    ) -> None:
        """A bank tells at `second` of what happened at `told`, of a payment authorised at `paid`. None leaves a
        field out."""  # fmt: skip
        given = {"last4": "4242", "auth_code": "A1B2C3", "rrn": "632500000123", "terminal_id": "T0000042"} | data
        body = {
            "transaction_id": transaction_id,
            "customer_id": "cust_42",
            "card": {"last4": given.pop("last4")},
            "direction": "credit" if kind == "refunded" else "debit",
            "amount": amount,
            "currency": "GBP",
            "authorised_at": moment(second if paid is None else paid),
            "status": kind,
            "merchant": {"merchant_id": given.pop("merchant_id", "MID000123"), "terminal_id": given.pop("terminal_id")},
        }
        event = {"type": f"transaction.{kind}", "timestamp": moment(second if told is None else told)}
        self.bank_tells(second, event | {"data": body | given}, bank)

    def sells(
        self,
        second: float,
        receipt_id: str = "soho-1",
        *,
        amount: int = 585,
        issued: float | None = None,
        tenders: list[Told] | None = None,
        retailer: str = "kite",
        card: Mapping[str, Any] = CARD,
        **body: Any,
    ) -> None:
        """A till tells at `second` of a receipt issued at `issued`."""  # fmt: skip
        self.till_tells(
            second,
            {
                "receipt_id": receipt_id,
                "store_id": "soho",
                "till_id": "03",
                "kind": "sale",
                "issued_at": moment(second if issued is None else issued),
                "currency": "GBP",
                "total": amount,
                "lines": [{"description": "Breakfast", "quantity": "1", "amount": amount, "vat_rate": "20"}],
                "tenders": tenders if tenders is not None else [paid_by_card(amount, **card)],
            }
            | body,
            retailer,
        )

    def bank_tells(self, second: float, body: object, bank: str = "openbank") -> None:
        self.banks.append({"at": moment(second), "bank": bank, "body": body})

    def till_tells(self, second: float, body: object, retailer: str = "kite") -> None:
        self.tills.append({"at": moment(second), "retailer": retailer, "body": body})

    def knows_the_clock(self, second: float = -7200.0) -> None:
        """Eight sales with codes, earlier: the till's clock is a known one, and right."""
        for number in range(8):
            codes = {"auth_code": f"K{number}00{number}", "rrn": None}
            at = second + 60 * number
            self.pays(at, f"tx_known_{number}", amount=10_000 + number, **codes)
            self.sells(at + 1, f"known-{number}", amount=10_000 + number, card=CARD | codes, issued=at)

    def play(self, **more: Any) -> list[Told]:
        """The lines of matches.jsonl, without those of `knows_the_clock`."""
        paths = [self.folder / name for name in ("transactions.jsonl", "receipts.jsonl", "matches.jsonl")]
        for path, lines in zip(paths, (self.banks, self.tills), strict=False):
            path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
        self.problems = []
        self.summary = replay(self.merchants, *paths, problems=Problems(self.problems.append), **more)
        told = [json.loads(line) for line in paths[2].read_text().splitlines()]
        return [line for line in told if "known" not in line.get("transaction_id", line.get("receipt_id", ""))]


def paid_by_card(amount: int, **codes: Any) -> Told:
    return {"type": "card", "amount": amount} | {name: code for name, code in codes.items() if code is not None}


def held(lines: list[Told]) -> dict[str, str]:
    """The receipt of each transaction that has one in the end."""
    found: dict[str, str] = {}
    for line in lines:
        if line.get("outcome") == "withdrawn":
            assert found.pop(line["transaction_id"]) == line["receipt_id"]
        elif "outcome" not in line:
            assert line["transaction_id"] not in found
            found[line["transaction_id"]] = line["receipt_id"]
    return found


def left(lines: list[Told]) -> dict[str, str]:
    """By id: how each side that was left over ended."""
    over = [line for line in lines if line.get("outcome") in ("unmatched", "ambiguous")]
    return {line.get("transaction_id") or line["receipt_id"]: line["outcome"] for line in over}
