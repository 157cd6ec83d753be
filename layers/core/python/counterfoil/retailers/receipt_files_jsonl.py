"""JSON Lines: a receipt a line, exactly as the API takes it."""

from collections.abc import Iterator

from counterfoil.domain import strict_json
from counterfoil.domain.receipt_files import RowProblem
from counterfoil.errors import BadRequest
from counterfoil.retailers.receipt_files import MOST_LINE_BYTES, Entry, Line, Lines


def entries(lines: Lines) -> Iterator[Entry]:
    """What each line holds; an empty line is passed over."""
    while (line := lines.next()) is not None:
        if line.content is None or line.content.strip():
            yield _entry(line)


def _entry(line: Line) -> Entry:
    row = line.start.line
    if line.content is None:
        too_long = RowProblem(row, "", f"is longer than {MOST_LINE_BYTES // 1024} KiB")
        return Entry((row,), line.end, problems=(too_long,))
    try:
        return Entry((row,), line.end, strict_json.loads(line.content))
    except BadRequest as unreadable:
        return Entry((row,), line.end, problems=(RowProblem(row, "", unreadable.detail),))
