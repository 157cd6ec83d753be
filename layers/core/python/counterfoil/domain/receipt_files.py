"""A file of receipts: asked for, uploaded, and worked off a part at a time."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal
from zlib import crc32

from counterfoil.domain.fields import Wire

Format = Literal["jsonl", "csv"]
State = Literal["waiting", "processing", "done", "failed"]

KEPT = timedelta(days=30)
UPLOAD_WITHIN = timedelta(hours=1)
MOST_BYTES = 1024**3
ERRORS_SHOWN = 100
BYTES_A_SECOND = 64 * 1024
"""What is handed to matching in a second, on the average: about a hundred receipts."""


class ReceiptFileRequest(Wire):
    """What a retailer asks for."""

    format: Format


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing wrong with one field; `row` is the line of the file, from 1, on which its row starts."""

    row: int
    field: str
    message: str


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Between two lines of a file: the byte at which the second starts, and its number, from 1."""

    offset: int = 0
    line: int = 1


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows are those that hold something, a header apart; `errors` are those of the report."""

    rows: int = 0
    taken: int = 0
    refused: int = 0
    errors: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.rows + other.rows,
            self.taken + other.taken,
            self.refused + other.refused,
            self.errors + other.errors,
        )


@dataclass(frozen=True, slots=True)
class ReceiptFile:
    """A file as of its last checkpoint: everything before `place` was taken or refused, and counted once.

    `rev` rises with each checkpoint; `worked_at` is the time of the last. `upload` names the version of the object
    that is read, `size` its bytes. `parts`: the offsets at which parts of the error report start.
    """

    id: str
    retailer: str
    format: Format
    created_at: datetime
    state: State = "waiting"
    rev: int = 1
    worked_at: datetime | None = None
    upload: str | None = None
    size: int = 0
    place: Place = Place()
    counts: Counts = Counts()
    first_errors: tuple[RowProblem, ...] = ()
    parts: tuple[int, ...] = ()

    @property
    def finished(self) -> bool:
        return self.state in ("done", "failed")

    def expired(self, now: datetime) -> bool:
        return now > self.created_at + KEPT

    def worked_on_since(self, moment: datetime) -> bool:
        """Whether somebody may still be at it, who set a checkpoint after `moment`."""
        return self.worked_at is not None and self.worked_at > moment

    def begun(self, upload: str, size: int, now: datetime) -> "ReceiptFile":
        """The upload is there, and is read from its start."""
        return replace(self, state="processing", upload=upload, size=size, worked_at=now, rev=self.rev + 1)

    def moved_on(self, place: Place, counts: Counts, errors: tuple[RowProblem, ...], now: datetime) -> "ReceiptFile":
        """The next checkpoint: `counts` and `errors` are of what lies between this place and that one."""
        return replace(
            self,
            place=place,
            counts=self.counts + counts,
            first_errors=(*self.first_errors, *errors)[:ERRORS_SHOWN],
            parts=(*self.parts, self.place.offset) if errors else self.parts,
            worked_at=now,
            rev=self.rev + 1,
        )

    def ended(self, state: State, now: datetime) -> "ReceiptFile":
        """Nothing is left to do: of a file that is done, all its bytes were read."""
        place = Place(self.size, self.place.line) if state == "done" else self.place
        return replace(self, state=state, place=place, worked_at=now, rev=self.rev + 1)


def file_id(retailer: str, request_id: str) -> str:
    """The name of the file that a request asks for: the same request again is the same file."""
    digest = sha256(f"{retailer}/{request_id}".encode()).digest()[:15]
    return "file_" + urlsafe_b64encode(digest).decode()


def delay(file: ReceiptFile, place: Place, longest: int) -> int:
    """For how many seconds the receipt that ends at `place` is kept back in the queue: from 0 to `longest`.

    The queue shuffles: neighbours in a file, which are mostly of one store, are matched minutes apart, and what is
    matched together comes from all over the file. A small file is spread less.
    """
    spread = min(longest, file.size // BYTES_A_SECOND)
    return crc32(f"{file.id}/{place.offset}".encode()) % (spread + 1)
