"""Files of receipts, read: whatever the size of the blocks they come in, and from any receipt on."""

import csv
import io
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain import receipts
from counterfoil.domain.receipt_files import Place, RowProblem
from counterfoil.errors import Invalid
from counterfoil.retailers import receipt_files_csv, receipt_files_jsonl
from counterfoil.retailers.receipt_files import MOST_LINE_BYTES, Entry, Lines
from counterfoil.retailers.receipt_files_csv import COLUMNS, MOST_ROWS
from infra.sandbox.event_files import EVENTS

BARE = "receipt_id,store_id,line.description,line.amount\n"
CSV, JSONL = ((EVENTS / f"receipts.sample.{kind}").read_bytes() for kind in ("csv", "jsonl"))


def cut(raw: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    """`raw` in blocks of those sizes."""
    while raw:
        size = next(sizes)
        yield raw[:size]
        raw = raw[size:]


def whole(raw: bytes) -> Iterator[int]:
    yield max(len(raw), 1)


def read_csv(raw: bytes, start: Place | None = None, sizes: Iterator[int] | None = None) -> list[Entry]:
    columns, first, problems = receipt_files_csv.header(Lines([raw], Place()))
    assert problems == ()
    start = start or first
    rest = raw[start.offset :]
    return list(receipt_files_csv.entries(Lines(cut(rest, sizes or whole(rest)), start), columns))


def read_jsonl(raw: bytes, start: Place | None = None, sizes: Iterator[int] | None = None) -> list[Entry]:
    start = start or Place()
    rest = raw[start.offset :]
    return list(receipt_files_jsonl.entries(Lines(cut(rest, sizes or whole(rest)), start)))


READERS = {"csv": read_csv, "jsonl": read_jsonl}


def told(entry: Entry) -> list[tuple[int, str]]:
    """Where its problems are: row and field."""
    if entry.problems:
        return [(problem.row, problem.field) for problem in entry.problems]
    try:
        receipts.parse(entry.value)
    except Invalid as refusal:
        return [(located.row, located.field) for located in map(entry.located, refusal.problems)]
    return []


def test_the_samples_say_the_same_in_both_formats() -> None:
    of_csv, of_jsonl = read_csv(CSV), read_jsonl(JSONL)
    parsed = [[receipts.parse(entry.value) for entry in entries] for entries in (of_csv, of_jsonl)]
    assert parsed[0] == parsed[1]
    assert len(parsed[0]) == 3
    assert [entry.rows for entry in of_csv] == [(2, 3), (4, 6), (7,)]
    assert of_csv[-1].end == Place(len(CSV), 8)


# Whatever a till might print: text with quotes, commas and line breaks, in rows of one receipt or another.
CELL = st.text(st.sampled_from("a \"',\n\r\té€\U0001f600"), max_size=12)
ROWS = st.lists(st.tuples(st.sampled_from(["r1", "r2", "r3"]), CELL, st.sampled_from(["", "5", "x"])), max_size=8)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=5)


def written(rows: list[tuple[str, str, str]], ending: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=ending)
    writer.writerow(["receipt_id", "line.description", "line.amount"])
    writer.writerows(rows)
    return text.getvalue().encode()


def over_and_over(sizes: list[int]) -> Iterator[int]:
    while True:
        yield from sizes


@given(ROWS, st.sampled_from(["\n", "\r\n"]), SIZES, st.booleans())
def test_blocks_of_any_size_give_the_same_receipts(
    rows: list[tuple[str, str, str]], ending: str, sizes: list[int], marked: bool
) -> None:
    raw = (b"\xef\xbb\xbf" if marked else b"") + written(rows, ending)
    entries = read_csv(raw)
    assert read_csv(raw, sizes=over_and_over(sizes)) == entries
    lines = [(entry.value["receipt_id"], line) for entry in entries for line in entry.value["lines"]]  # type: ignore[index]
    assert [(name, line.get("description", ""), str(line.get("amount", ""))) for name, line in lines] == [
        (name, " ".join(cell.splitlines()), amount) for name, cell, amount in rows
    ]


@given(ROWS, SIZES)
def test_reading_begins_again_where_any_receipt_ended(rows: list[tuple[str, str, str]], sizes: list[int]) -> None:
    raw = written(rows, "\n")
    entries = read_csv(raw)
    for number, entry in enumerate(entries, 1):
        assert read_csv(raw, entry.end, over_and_over(sizes)) == entries[number:]


@given(st.binary(max_size=80), SIZES, st.sampled_from(["csv", "jsonl"]))
def test_bytes_of_any_kind_are_read_or_refused_alike_in_any_blocks(raw: bytes, sizes: list[int], kind: str) -> None:
    raw = BARE.encode() * (kind == "csv") + raw
    entries = READERS[kind](raw)
    assert READERS[kind](raw, sizes=over_and_over(sizes)) == entries
    for number, entry in enumerate(entries, 1):
        told(entry)
        assert READERS[kind](raw, entry.end) == entries[number:]


@given(st.lists(st.sampled_from([JSONL.splitlines()[0], b"", b"  ", b"{", b"[1]", b"\xff"]), max_size=8), SIZES)
def test_every_line_of_json_is_read_by_itself(lines: list[bytes], sizes: list[int]) -> None:
    raw = b"\r\n".join(lines)
    entries = read_jsonl(raw, sizes=over_and_over(sizes))
    assert [entry.rows[0] for entry in entries] == [row for row, line in enumerate(lines, 1) if line.strip()]
    good = [entry.rows[0] for entry in entries if not told(entry)]
    assert good == [row for row, line in enumerate(lines, 1) if line == JSONL.splitlines()[0]]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_line_that_is_too_long_costs_itself_alone(kind: str) -> None:
    before, after = (CSV[: CSV.index(b"camden-01")], b"camden-01") if kind == "csv" else (b"", b"")
    sample = CSV[len(before) :] if kind == "csv" else JSONL
    raw = before + b"x" * (MOST_LINE_BYTES + 1) + b"\n" + sample
    entries = READERS[kind](raw, sizes=over_and_over([1000]))
    refused = [entry for entry in entries if told(entry)]
    assert [(problem.field, problem.message) for entry in refused for problem in entry.problems] == [
        ("", "is longer than 256 KiB")
    ]
    assert len(entries) - len(refused) == 3
    assert after == b"" or entries[-1].rows == (8,)


def bare(*rows: str) -> list[Entry]:
    return read_csv((BARE + "\n".join(rows)).encode())


def test_a_quote_that_is_never_closed_costs_its_row_alone() -> None:
    entries = bare('a,soho,"Tea,5', "b,soho,Tea,5", "c,soho,Tea,5")
    assert [entry.rows for entry in entries] == [(2,), (3,), (4,)]
    assert [bool(entry.problems) for entry in entries] == [True, False, False]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a,soho,Tea", RowProblem(2, "", "has 3 cells, the first row 4")),
        ("a,soho,Tea,5,6", RowProblem(2, "", "has 5 cells, the first row 4")),
        (",soho,Tea,5", RowProblem(2, "receipt_id", "is required on every row")),
        ('a,soho,"Te"a,5', RowProblem(2, "", "is not CSV: its quotes do not match")),
    ],
)
def test_a_row_that_cannot_be_read(row: str, problem: RowProblem) -> None:
    first, second = bare(row, "b,soho,Tea,5")
    assert first.problems == (problem,)
    assert second.problems == ()


def test_a_row_that_is_not_utf_8() -> None:
    first, second = read_csv(BARE.encode() + b"a,soho,Caf\xe9,5\nb,soho,Tea,5")
    assert first.problems == (RowProblem(2, "", "is not UTF-8"),)
    assert second.problems == ()


def test_a_receipts_own_fields_may_be_left_out_after_its_first_row_and_must_not_differ() -> None:
    entries = bare("a,soho,Tea,5", "a,,Cake,7", "a,soho,Jam,1", "b,soho,Tea,5", "b,camden,Cake,7")
    assert [len(entry.rows) for entry in entries] == [3, 2]
    assert entries[0].problems == ()
    assert entries[1].problems == (RowProblem(6, "store_id", "differs from the receipt's first row"),)


def test_scattered_rows_of_a_receipt_are_refused_by_their_sums() -> None:
    rows = CSV.splitlines(keepends=True)
    scattered = b"".join([*rows[:2], *rows[3:], rows[2]])
    refused = [entry for entry in read_csv(scattered) if told(entry)]
    assert len(refused) == 2
    assert ("total" in {field for _, field in told(refused[0])}) is True


def test_a_receipt_without_end_is_cut_and_refused() -> None:
    rows = [f"a,soho,Tea {number},5" for number in range(MOST_ROWS * 2 + 10)]
    entries = bare(*rows)
    assert max(len(entry.rows) for entry in entries) == MOST_ROWS + 1
    assert all(told(entry) for entry in entries)


@pytest.mark.parametrize(
    ("header", "problems"),
    [
        ("receipt_id,e-mail", [(1, "e-mail", "is not a column that is taken here")]),
        ("receipt_id,4111111111111111", [(1, "(a name we do not repeat)", "is not a column that is taken here")]),
        ("receipt_id,total,total", [(1, "total", "is named twice")]),
        ("store_id", [(1, "receipt_id", "is required")]),
        ("receipt_id,", [(1, "(a name we do not repeat)", "has no name")]),
        ("", [(1, "", "the first row must name the columns")]),
        ('"receipt_id', [(1, "", "the first row must name the columns")]),
    ],
)
def test_a_first_row_that_names_no_columns(header: str, problems: list[tuple[int, str, str]]) -> None:
    _, _, found = receipt_files_csv.header(Lines([header.encode()], Place()))
    assert [(one.row, one.field, one.message) for one in found] == problems


def test_a_problem_is_told_by_the_row_of_its_line_and_the_name_of_its_column() -> None:
    raw = CSV.replace(b"265,265,0", b"265,265,cheap").replace(b"card,440", b"card,x").replace(b"G7H8J9", b"G7 H8")
    assert [told(entry) for entry in read_csv(raw)] == [
        [(3, "line.vat_rate")],
        [(4, "tenders[0].amount")],
        [(7, "tenders[0].auth_code")],
    ]


def filled(name: str, column: receipt_files_csv.Column, chance: random.Random) -> Any:
    """A value that the column's field could have."""
    words = {
        "kind": "sale", "currency": "GBP", "quantity": "1", "vat_rate": "20", "rate": "20", "type": "card",
        "last4": "4242", "gtin": "5012345678900", "symbology": "code128", "issued_at": "2026-11-21T09:14:03Z",
    }  # fmt: skip
    last = str(column.way[-1])
    return chance.randrange(1, 99) if column.whole_number else words.get(last, f"{last}-{len(name)}")


def test_every_field_of_a_receipt_has_its_column_and_arrives() -> None:
    chance = random.Random(3)
    cells = {name: filled(name, column, chance) for name, column in COLUMNS.items()}
    text = io.StringIO(newline="")
    csv.writer(text).writerows([list(cells), list(cells.values())])
    (entry,) = read_csv(text.getvalue().encode())
    # Every field arrives under its own name, and nothing but the sums can be wrong.
    assert {field for _, field in told(entry)} <= {"total", "tenders", "vat", "line.amount"} | {
        f"vat[{number}].amount" for number in range(10)
    }
    value: Any = entry.value
    for name, column in COLUMNS.items():
        place = value["lines"][0] if column.of_line else value
        for step in column.way:
            place = place[step]
        assert place == cells[name]


def test_the_columns_are_documented() -> None:
    page = (EVENTS.parent / "docs" / "receipt-files.md").read_text("utf-8")
    patterns = {name.replace("[0]", "[n]") for name in COLUMNS if not any(f"[{n}]" in name for n in range(1, 10))}
    assert {name for name in patterns if f"`{name}`" not in page} == set()


def test_times_of_the_samples_are_of_one_morning() -> None:
    issued = {receipts.parse(entry.value).issued_at for entry in read_jsonl(JSONL)}
    assert {at.astimezone(UTC).date() for at in issued} == {datetime(2026, 11, 21, tzinfo=UTC).date()}
    assert json.loads(JSONL.splitlines()[0])["receipt_id"] == "soho-03-000123"


def test_quotes_that_never_match_cost_no_more_than_a_hundred_lines_a_row() -> None:
    # Each line leaves its quotes open, whether it is read by itself or as part of the one before.
    read = 0

    def blocks() -> Iterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield b'x","\n'

    columns, _, _ = receipt_files_csv.header(Lines([BARE.encode()], Place()))
    first = next(receipt_files_csv.entries(Lines(blocks(), Place()), columns))
    assert first.problems == (RowProblem(1, "", "goes on for more than 100 lines: its quotes do not match"),)
    assert read < 200
