"""`python -m infra.sandbox.replay`: what it answers, and what it leaves behind."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

import infra.sandbox.replay.__main__ as command
from infra.sandbox.replay.lines import Reader
from tests.replay.tape import MERCHANTS, Tape, held, left

EXAMPLE = Path(__file__).parents[2] / "events/replay"


@pytest.fixture
def files(tape: Tape) -> dict[str, Path]:
    tape.pays(0)
    tape.sells(1)
    tape.tills.append("{")
    tape.play()
    names = ("transactions.jsonl", "receipts.jsonl", "matches.jsonl")
    given = dict(zip(("transactions", "receipts", "out"), (tape.folder / name for name in names), strict=True))
    given["out"].unlink()
    return {"merchants": MERCHANTS} | given


def run(files: dict[str, Path], *more: str) -> int:
    return command.main([*(f"--{name}={path}" for name, path in files.items()), *more])


def test_the_matches_and_a_summary(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files) == 0
    printed = capsys.readouterr()
    assert printed.err.splitlines() == ["receipts, line 2: not JSON: column 2"]
    told = {
        cell[0].strip(): cell[1].strip()
        for row in printed.out.splitlines()
        if len(cell := row.strip("│").split("│")) == 2
    }
    assert told["lines"] == "3"
    assert told["bad lines"] == "1"
    assert told["by rrn"] == "1"
    assert {"lines a second", "peak memory"} <= told.keys()
    assert len(files["out"].read_text().splitlines()) == 1


def test_all_bad_lines_on_request(files: dict[str, Path]) -> None:
    problems = files["out"].with_name("problems.jsonl")
    assert run(files, f"--problems={problems}") == 0
    assert json.loads(problems.read_text())["line"] == 2


@pytest.mark.parametrize("name", ["merchants", "transactions", "receipts"])
def test_a_file_that_is_missing_is_named(files: dict[str, Path], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    files[name] = files["out"].with_name("nowhere")
    assert run(files) == 2
    assert capsys.readouterr().err == f"{files[name]}: No such file or directory\n"
    assert not files["out"].exists()


def test_an_out_that_cannot_be_written_is_named(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    files["out"] = files["out"].parent
    assert run(files) == 2
    assert capsys.readouterr().err == f"{files['out']}: Is a directory\n"


def test_no_file_is_read_and_written(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    files["out"] = files["receipts"]
    assert run(files) == 2
    assert "is read, and cannot be written too" in capsys.readouterr().err
    assert files["receipts"].stat().st_size


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n"merchants": [{}]}', "line 2: merchants[0].retailer is required (4 more)"),
        ("{", "line 1: not JSON: line 1, column 2"),
        ("\xff", "not UTF-8"),
    ],
)
def test_a_wrong_registration_is_told_by_line(
    files: dict[str, Path], text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files["merchants"] = files["out"].with_name("merchants.json")
    files["merchants"].write_text(text, "latin-1")
    assert run(files) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(str(files["merchants"]))
    assert line.endswith(said)


@pytest.mark.parametrize("waits", ["", "5,5", "0,1", "a", "10,5", "nan"])
def test_waits_are_seconds_that_rise(files: dict[str, Path], waits: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(files, f"--waits={waits}")
    assert stopped.value.code == 2


def test_interrupted_it_leaves_nothing_but_what_was_decided(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scratch = files["out"].with_name("scratch")
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setenv("SQLITE_TMPDIR", str(scratch))
    read: list[Any] = []

    def refuse(reader: Reader, number: int, raw: bytes) -> None:
        read.append(raw)
        raise KeyboardInterrupt

    monkeypatch.setattr(Reader, "_line", refuse)
    assert run(files) == 130
    assert read
    assert "Stopped" in capsys.readouterr().err
    assert os.listdir(scratch) == []


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command.main(["--help"])
    assert stopped.value.code == 0
    assert "in order of arrival" in capsys.readouterr().out


def test_the_example_shows_a_little_of_everything(files: dict[str, Path]) -> None:
    files |= {"transactions": EXAMPLE / "transactions.jsonl", "receipts": EXAMPLE / "receipts.jsonl"}
    assert run(files) == 0
    lines = [json.loads(line) for line in files["out"].read_text().splitlines()]
    assert held(lines) == {
        "tx_01": "soho-03-0101",
        "tx_02": "soho-03-0102",
        "tx_03": "soho-03-0103",
        "11221122-0000-4000-8000-000000000006": "soho-03-0106",
        "tx_07": "soho-03-0107",
        "tx_08": "soho-03-0107",
    }
    alike = dict.fromkeys(("tx_04", "tx_05", "soho-03-0104", "soho-03-0105"), "ambiguous")
    assert left(lines) == {"soho-03-0109": "unmatched"} | alike
    assert [line["transaction_id"] for line in lines if line.get("outcome") == "withdrawn"] == ["tx_09"]
