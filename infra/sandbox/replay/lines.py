"""The lines of replay files: read one at a time, checked, and merged in order of arrival.

    transactions.jsonl  {"at": "…", "bank": "monzo", "body": {…}}
    receipts.jsonl      {"at": "…", "retailer": "kite", "body": {…}}

What else a line has around the body is not looked at. A line that cannot be read is a problem of its own and costs no
other. A line out of order within its file is taken at its place: time never goes back.

Lines are read `TOGETHER`, and taken so by `World`: a processor that has one stage's code at hand for many lines is a
fifth faster than one that goes through all stages line by line.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path
from typing import BinaryIO, Literal, Self

from counterfoil.domain import strict_json
from counterfoil.domain.fields import Id, Instant, Wire, validated
from counterfoil.errors import BadRequest, Problem, Refused

MOST_BYTES = 260 * 1024
"""Of a line: what a request's body may have, and something around it."""
BUFFERED_BYTES = 1024 * 1024
TOGETHER = 64
ENVELOPE_LEVELS = 1
MILLISECOND = 1000

Source = Literal["transactions", "receipts", "merchants"]


class _FromBank(Wire, extra="ignore"):
    at: Instant
    bank: Id
    body: object


class _FromTill(Wire, extra="ignore"):
    at: Instant
    retailer: Id
    body: object


@dataclass(slots=True)
class Line:
    """One line: when it arrived (UTC, milliseconds), from which bank or retailer, and the decoded body."""

    source: Source
    number: int
    at: datetime
    sender: str
    body: object


type Report = Callable[[Source, int, tuple[Problem, ...]], None]
"""Takes the problems of a line: the file, the line's number from 1, what is wrong."""


class Reader:
    """One file, line by line. `done` counts the bytes that were read, `count` the lines."""

    def __init__(self, path: Path, source: Source, report: Report) -> None:
        self.source: Source = source
        self.report = report
        self.done = 0
        self.count = 0
        self.file: BinaryIO = path.open("rb", BUFFERED_BYTES)
        self.size = path.stat().st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def __iter__(self) -> Iterator[Line]:
        """The lines that can be read, none earlier than the one before."""
        latest: datetime | None = None
        for several in batched(self._raw_lines(), TOGETHER, strict=False):
            for line in [self._line(number, raw) for number, raw in several]:
                if line is None:
                    continue
                if latest is not None and line.at < latest:
                    line.at = latest
                latest = line.at
                yield line

    def _raw_lines(self) -> Iterator[tuple[int, bytes | None]]:
        """Each with its number, from 1; None for one that is too long."""
        read, is_rest = self.file.readline, False
        while raw := read(MOST_BYTES):
            self.done += len(raw)
            is_whole = raw.endswith(b"\n")
            if is_rest:
                is_rest = not is_whole
                continue
            self.count += 1
            if len(raw) == MOST_BYTES and not is_whole:
                is_rest = True
                yield self.count, None
            elif not raw.isspace():
                yield self.count, raw.removeprefix(BOM_UTF8).rstrip(b"\r\n")

    def _line(self, number: int, raw: bytes | None) -> Line | None:
        if raw is None:
            self._refuse(number, "is longer than 260 KiB")
            return None
        try:
            value = strict_json.loads(raw, strict_json.MAX_DEPTH + ENVELOPE_LEVELS)
            if self.source == "transactions":
                told = validated(_FromBank, value)
                return Line(self.source, number, in_utc(told.at), told.bank, told.body)
            said = validated(_FromTill, value)
            return Line(self.source, number, in_utc(said.at), said.retailer, said.body)
        except BadRequest as error:
            self._refuse(number, error.detail.replace("line 1, ", ""))
        except Refused as error:
            self.report(self.source, number, error.problems)
        return None

    def _refuse(self, number: int, message: str) -> None:
        self.report(self.source, number, (Problem("", message),))


def in_order(transactions: Iterator[Line], receipts: Iterator[Line]) -> Iterator[Line]:
    """Both files' lines by time of arrival; of two at the same time the bank's first."""
    payment, receipt = next(transactions, None), next(receipts, None)
    while payment is not None and receipt is not None:
        if payment.at <= receipt.at:
            yield payment
            payment = next(transactions, None)
        else:
            yield receipt
            receipt = next(receipts, None)
    if payment is not None:
        yield payment
        yield from transactions
    if receipt is not None:
        yield receipt
        yield from receipts


def in_utc(moment: datetime) -> datetime:
    """The same in UTC and whole milliseconds, as records keep times."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    spare = moment.microsecond % MILLISECOND
    return moment.replace(microsecond=moment.microsecond - spare) if spare else moment
