"""CSV: a line item a row, the rows of one receipt one after the other. `docs/receipt-files.md` lists the columns.

A column is named by the way to its field in a receipt's JSON, `line.` standing for the row's own line:
`receipt_id`, `line.amount`, `line.modifiers[0].description`, `tenders[1].type`. Rows are read by the csv module.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from counterfoil.domain.fields import Wire, field_path
from counterfoil.domain.receipt_files import Place, RowProblem
from counterfoil.domain.receipts import Line as ReceiptLine
from counterfoil.domain.receipts import Receipt
from counterfoil.retailers.receipt_files import MOST_LINE_BYTES, Entry, Line, Lines

MOST_ROWS = 1000
"""A receipt's lines. What is longer is cut there, and refused."""
MOST_LINES = 100
"""Over how many lines a row goes, by breaks in its quotes: else, where quotes never match, each row reads 256 KiB."""
NUMBERED = 10
"""How many tenders, discounts, modifiers and VAT rates have columns."""

_OF_ITS_LINE = "line."
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_STEP = re.compile(r"\.|\[(\d)\]\.?")

type _Way = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """`way`: the keys and indexes that lead to its field, in the receipt or (`of_line`) in one of its lines."""

    name: str
    way: _Way
    whole_number: bool
    of_line: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """One row with its cells, or (`unreadable`) what is wrong with it."""

    number: int
    start: Place
    end: Place
    cells: Sequence[str] = ()
    unreadable: str | None = None


def _columns_of(model: type[Wire], before: str) -> Iterator[tuple[str, bool]]:
    """The name of every column of a model, and whether it holds whole numbers."""
    for name, field in model.model_fields.items():
        kinds = {*_kinds(field.annotation)}
        inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Wire)), None)
        if inner is ReceiptLine:
            yield from _columns_of(inner, _OF_ITS_LINE)
        elif inner is None:
            yield before + name, int in kinds
        elif tuple in kinds:
            for index in range(NUMBERED):
                yield from _columns_of(inner, f"{before}{name}[{index}].")
        else:
            yield from _columns_of(inner, f"{before}{name}.")


def _kinds(annotation: Any) -> Iterator[Any]:
    """All types that an annotation names; `tuple` for a list."""
    yield annotation
    if getattr(annotation, "__origin__", None) is tuple:
        yield tuple
    for inner in get_args(annotation):
        yield from _kinds(inner)


def _way(name: str) -> _Way:
    words = [word for word in _STEP.split(name.removeprefix(_OF_ITS_LINE)) if word]
    return tuple(int(word) if word.isdecimal() else word for word in words)


COLUMNS = {
    name: Column(name, _way(name), whole, name.startswith(_OF_ITS_LINE)) for name, whole in _columns_of(Receipt, "")
}
"""Every column that is taken, by name; of each there is this one object."""


def header(lines: Lines) -> tuple[tuple[Column, ...], Place, tuple[RowProblem, ...]]:
    """The columns that the first row names, where the next row starts, and what is wrong with it."""
    row = _next_row(lines)
    if row is None or row.unreadable:
        return (), Place(), (RowProblem(1, "", "the first row must name the columns"),)
    names = [cell.strip() for cell in row.cells]
    problems = [
        RowProblem(row.number, field_path((name,)), "is not a column that is taken here" if name else "has no name")
        for name in dict.fromkeys(names)
        if name not in COLUMNS
    ]
    problems += [RowProblem(row.number, name, "is named twice") for name in COLUMNS if names.count(name) > 1]
    if "receipt_id" not in names:
        problems.append(RowProblem(row.number, "receipt_id", "is required"))
    columns = () if problems else tuple(COLUMNS[name] for name in names)
    return columns, row.end, tuple(problems)


def entries(lines: Lines, columns: Sequence[Column]) -> Iterator[Entry]:
    """The receipts, each made of the rows that name it one after the other, and the rows that cannot be read."""
    group: _Group | None = None
    while (row := _next_row(lines)) is not None:
        fields, problem = _fields(row, columns)
        if group is not None and (problem or not group.takes(row, fields)):
            yield group.entry()
            group = None
        if problem:
            yield Entry((row.number,), row.end, problems=(problem,))
        elif group is None:
            group = _Group(row, fields)
        else:
            group.add(row, fields)
    if group is not None:
        yield group.entry()


def _next_row(lines: Lines) -> _Row | None:
    """The next row that holds something. One that cannot be read costs its first line alone."""
    while True:
        pulled: list[Line] = []
        cells: list[str] | None = []
        unreadable = None
        try:
            cells = next(csv.reader(_texts(lines, pulled), strict=True), None)
        except (csv.Error, _Unreadable) as error:
            unreadable = str(error) if isinstance(error, _Unreadable) else "is not CSV: its quotes do not match"
            lines.give_back(pulled[1:])
            del pulled[1:]
        if cells is None:
            return None
        if unreadable or any(cells):
            first = pulled[0].start
            return _Row(first.line, first, pulled[-1].end, cells, unreadable)


class _Unreadable(Exception):
    """A line that the csv module is not given."""


def _texts(lines: Lines, pulled: list[Line]) -> Iterator[str]:
    """The lines as text, as many as the csv module asks for to end a row."""
    size = 0
    while (line := lines.next()) is not None:
        pulled.append(line)
        size += line.end.offset - line.start.offset
        if line.content is None or size > MOST_LINE_BYTES:
            raise _Unreadable(f"is longer than {MOST_LINE_BYTES // 1024} KiB")
        if len(pulled) > MOST_LINES:
            raise _Unreadable(f"goes on for more than {MOST_LINES} lines: its quotes do not match")
        try:
            yield line.content.decode()
        except UnicodeDecodeError:
            raise _Unreadable("is not UTF-8") from None


def _fields(row: _Row, columns: Sequence[Column]) -> tuple[dict[Column, str], RowProblem | None]:
    """The cells that are filled, by column; a line break in a cell is read as a space."""
    if row.unreadable:
        return {}, RowProblem(row.number, "", row.unreadable)
    if len(row.cells) != len(columns):
        return {}, RowProblem(row.number, "", f"has {len(row.cells)} cells, the first row {len(columns)}")
    fields = {column: " ".join(cell.splitlines()) for column, cell in zip(columns, row.cells, strict=True) if cell}
    if COLUMNS["receipt_id"] not in fields:
        return {}, RowProblem(row.number, "receipt_id", "is required on every row")
    return fields, None


class _Group:
    """The rows of one receipt."""

    def __init__(self, row: _Row, fields: dict[Column, str]) -> None:
        self._of_receipt = {column: cell for column, cell in fields.items() if not column.of_line}
        self._start = row.start.offset
        self._end = row.end
        self._rows: list[int] = []
        self._lines: list[object] = []
        self._problems: list[RowProblem] = []
        self.add(row, fields)

    def takes(self, row: _Row, fields: dict[Column, str]) -> bool:
        """Whether the row is one of this receipt: its id is the same, and the receipt not yet too long."""
        name = COLUMNS["receipt_id"]
        fits = len(self._rows) <= MOST_ROWS and row.end.offset - self._start <= MOST_LINE_BYTES
        return fits and fields[name] == self._of_receipt[name]

    def add(self, row: _Row, fields: dict[Column, str]) -> None:
        self._rows.append(row.number)
        self._end = row.end
        self._lines.append(_built({column: cell for column, cell in fields.items() if column.of_line}))
        self._problems += [
            RowProblem(row.number, column.name, "differs from the receipt's first row")
            for column, cell in fields.items()
            if not column.of_line and cell != self._of_receipt.get(column)
        ]

    def entry(self) -> Entry:
        value = _built(self._of_receipt) | {"lines": self._lines}
        return Entry(tuple(self._rows), self._end, value, tuple(self._problems), line_a_row=True)


def _built(fields: dict[Column, str]) -> dict[str, object]:
    """The JSON object that the cells describe."""
    root: dict[str, Any] = {}
    for column, cell in fields.items():
        place: Any = root
        for step, following in zip(column.way, column.way[1:], strict=False):
            place = _inside(place, step, [] if isinstance(following, int) else {})
        place[column.way[-1]] = _value(column, cell)
    return root


def _inside(place: Any, step: str | int, new: Any) -> Any:
    if isinstance(step, str):
        return place.setdefault(step, new)
    # What is left out before it is an empty object, whose missing fields are then told by number.
    place.extend({} for _ in range(len(place), step + 1))
    return place[step]


def _value(column: Column, cell: str) -> object:
    # What is no number stays as it is, and the receipt's own check says so.
    return int(cell) if column.whole_number and _WHOLE.fullmatch(cell) else cell
