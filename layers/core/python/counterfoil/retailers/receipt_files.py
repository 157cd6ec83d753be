"""Receipt files line by line, in as much memory as one receipt takes, from any place in the file.

A format (`receipt_files_jsonl`, `receipt_files_csv`) turns lines into entries: one receipt each, or what is wrong in
its place. An entry says where it ends, and reading may begin again there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from counterfoil.domain.receipt_files import Place, RowProblem
from counterfoil.errors import Problem

MOST_LINE_BYTES = 256 * 1024
"""As much as a request's body: a receipt that is longer is refused either way."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its ending, from `start` to `end` in the file. `content` is None where it is too long."""

    start: Place
    end: Place
    content: bytes | None


class Lines:
    """The lines of a file from a place on, one at a time; what was read too far can be given back."""

    def __init__(self, chunks: Iterable[bytes], start: Place) -> None:
        self._given_back: list[Line] = []
        self._read = _split(chunks, start)

    def next(self) -> Line | None:
        return self._given_back.pop() if self._given_back else next(self._read, None)

    def give_back(self, lines: list[Line]) -> None:
        """`lines`, in their order, come next."""
        self._given_back += reversed(lines)


@dataclass(frozen=True, slots=True)
class Entry:
    """A receipt as decoded JSON (`value`), or the problems in its place.

    `rows`: the lines on which its rows start. `line_a_row`: each of its lines has a row of its own.
    """

    rows: tuple[int, ...]
    end: Place
    value: object = None
    problems: tuple[RowProblem, ...] = ()
    line_a_row: bool = False

    def located(self, problem: Problem) -> RowProblem:
        """A problem of the receipt, told by row and by the name that its field has in the file."""
        start, _, rest = problem.field.partition("].")
        index = start.removeprefix("lines[")
        if self.line_a_row and index != start and index.isdecimal() and int(index) < len(self.rows):
            return RowProblem(self.rows[int(index)], f"line.{rest}" if rest else "line", problem.message)
        return RowProblem(self.rows[0], problem.field, problem.message)


def _split(chunks: Iterable[bytes], start: Place) -> Iterator[Line]:
    kept, size = bytearray(), 0
    for chunk in chunks:
        begin = 0
        while (cut := chunk.find(b"\n", begin)) >= 0:
            size += cut + 1 - begin
            _keep(kept, chunk[begin : cut + 1])
            line = _line(kept, size, start)
            yield line
            start, begin, size = line.end, cut + 1, 0
            kept.clear()
        size += len(chunk) - begin
        _keep(kept, chunk[begin:])
    if size:
        yield _line(kept, size, start)


def _keep(kept: bytearray, part: bytes) -> None:
    # One byte more than may be is enough to know that it is too long.
    kept += part[: MOST_LINE_BYTES + 1 - len(kept)]


def _line(kept: bytearray, size: int, start: Place) -> Line:
    content = bytes(kept) if size <= MOST_LINE_BYTES else None
    if content is not None and start.offset == 0:
        content = content.removeprefix(_BYTE_ORDER_MARK)
    return Line(start, Place(start.offset + size, start.line + 1), content)
