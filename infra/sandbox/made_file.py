"""A day's receipts of a chain as a CSV file, sorted by store as tills' exports are, with known errors planted."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

STORES = 200
ROWS_A_RECEIPT = 4
WRONG_EVERY = 50  # receipts
COLUMNS = (
    "receipt_id", "store_id", "till_id", "kind", "issued_at", "currency", "total",
    "line.description", "line.quantity", "line.amount", "line.vat_rate",
    "tenders[0].type", "tenders[0].amount", "tenders[0].last4", "tenders[0].auth_code",
)  # fmt: skip
# A cell of the receipt's nth row, and what stands there instead: each is one error, and no more.
SPOILED = (
    (1, "line.quantity", "0"),
    (2, "line.vat_rate", "cheap"),
    (3, "line.amount", "1.50"),
    (0, "tenders[0].last4", "42"),
    (0, "store_id", "nowhere"),
)


@dataclass(frozen=True)
class MadeFile:
    """`errors`: row and field of each error planted, in their order; `good`: how many receipts have none."""

    path: Path
    rows: int
    good: int
    errors: tuple[tuple[int, str], ...]

    @property
    def size(self) -> int:
        return self.path.stat().st_size


def merchant(retailer: str, secret: str) -> dict[str, Any]:
    """The chain's registration."""
    stores = [
        {
            "store_id": f"s{number:03}", "name": f"Alder Market {number}", "address": f"{number} High Street, London",
            "postcode": "W1D 4AA", "merchant_ids": [f"ALDER{number:05}"],
            "tills": [{"till_id": "1", "terminal_ids": [f"ALD{number:05}"]}],
        }
        for number in range(STORES)
    ]  # fmt: skip
    return {
        "retailer": retailer, "name": "Alder Market Ltd", "status": "live", "vat_number": "GB123456782",
        "secrets": [secret], "stores": stores,
    }  # fmt: skip


def write(path: Path, rows: int) -> MadeFile:
    """A file of that many rows besides its header: the same each time, but for the day."""
    chance, receipts = random.Random(rows), rows // ROWS_A_RECEIPT
    errors = []
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(COLUMNS) + "\r\n")
        for number in range(receipts):
            cells = list(_receipt(number, number * STORES // receipts, chance, rows))
            if number % WRONG_EVERY == 0:
                row, column, spoiled = SPOILED[number // WRONG_EVERY % len(SPOILED)]
                cells[row][COLUMNS.index(column)] = spoiled
                errors.append((2 + number * ROWS_A_RECEIPT + row, column))
            file.writelines(",".join(row) + "\r\n" for row in cells)
    return MadeFile(path, receipts * ROWS_A_RECEIPT, receipts - len(errors), tuple(errors))


def _receipt(number: int, store: int, chance: random.Random, rows: int) -> Iterator[list[str]]:
    amounts = [chance.randrange(50, 2500) for _ in range(ROWS_A_RECEIPT)]
    total = str(sum(amounts))
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=12) + timedelta(seconds=number % 40_000)
    store_id, issued_at = f"s{store:03}", at.isoformat().replace("+00:00", "Z")
    first = [f"{rows}-{number}", store_id, "1", "sale", issued_at, "GBP", total]
    tender = ["card", total, f"{chance.randrange(10_000):04}", f"{chance.randrange(36**6):06X}"[:6]]
    for place, amount in enumerate(amounts):
        line = [f"Item {chance.randrange(4000)} of the day", "1", str(amount), chance.choice(("0", "20"))]
        if place == 0:
            yield first + line + tender
        else:
            yield [first[0], *[""] * 6, *line, *[""] * 4]
