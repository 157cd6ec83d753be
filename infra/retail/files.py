"""The four files, their lines sorted by arrival.

A line is held back until its hour is over, so that memory is bounded by what is on its way, not by the files.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, TextIO

HOUR = 3600
MERCHANTS, TRANSACTIONS, RECEIPTS, TRUTH = "merchants.json", "transactions.jsonl", "receipts.jsonl", "truth.jsonl"


@lru_cache(maxsize=20_000)
def _minute(minutes: int) -> str:
    return datetime.fromtimestamp(60 * minutes, UTC).strftime("%Y-%m-%dT%H:%M:")


def whole_second(epoch: float) -> str:
    """RFC 3339, UTC, such as 2026-10-22T08:15:07Z."""
    minutes, seconds = divmod(int(epoch), 60)
    return f"{_minute(minutes)}{seconds:02}Z"


def millisecond(epoch: float) -> str:
    """RFC 3339, UTC, such as 2026-10-22T08:15:07.250Z."""
    minutes, millis = divmod(int(epoch * 1000), 60_000)
    return f"{_minute(minutes)}{millis // 1000:02}.{millis % 1000:03}Z"


class SortedLines:
    """Writes lines in order of their time. None may come that is earlier than what was flushed."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._hours: dict[int, list[tuple[float, int, str]]] = {}
        self._count = 0

    def add(self, at: float, line: str) -> None:
        self._count += 1
        self._hours.setdefault(int(at) // HOUR, []).append((at, self._count, line))

    def flush(self, before: float | None = None) -> None:
        """Writes what arrives in the hours that end by `before`, or all."""
        for hour in sorted(self._hours):
            if before is not None and (hour + 1) * HOUR > before:
                break
            self._file.writelines(line for _, _, line in sorted(self._hours.pop(hour)))


class Files:
    """Where everything that is made goes."""

    def __init__(self, transactions: TextIO, receipts: TextIO, truth: TextIO) -> None:
        self.transactions, self.receipts, self._truth = SortedLines(transactions), SortedLines(receipts), truth

    def truth(self, row: dict[str, Any]) -> None:
        self._truth.write(json.dumps(row, separators=(",", ":")) + "\n")

    def flush(self, before: float | None = None) -> None:
        self.transactions.flush(before)
        self.receipts.flush(before)

    @classmethod
    @contextmanager
    def into(cls, folder: Path, merchants: dict[str, Any]) -> Iterator[Self]:
        """The files of `folder`, which is made where it is not there; what stood in them is gone."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MERCHANTS).write_text(json.dumps(merchants, indent=1) + "\n", encoding="utf-8")
        with ExitStack() as stack:
            names = (TRANSACTIONS, RECEIPTS, TRUTH)
            opened = [stack.enter_context((folder / name).open("w", encoding="utf-8")) for name in names]
            files = cls(*opened)
            yield files
            files.flush()
