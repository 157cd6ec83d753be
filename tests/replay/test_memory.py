"""Memory follows what is undecided, not the length of the files."""

import json
import tracemalloc
from pathlib import Path

import pytest

from infra.sandbox.replay import ledger, rendezvous, replay
from infra.sandbox.replay.summary import Summary
from tests.replay.tape import CARD, Tape

PAIRS = 400
FEW = PAIRS // 5
A_MATCH = 2_000
"""Bytes that the records of a match take in memory."""


def write(folder: Path, pairs: int, *, decided: bool) -> tuple[Path, Path, Path]:
    """Sales with codes, three seconds apart, of a hundred amounts; `decided`: whether their payments are told too."""
    tape = Tape(folder)
    paths = [folder / f"{name}-{pairs}-{decided}.jsonl" for name in ("transactions", "receipts", "matches")]
    with paths[0].open("w") as payments, paths[1].open("w") as receipts:
        for number in range(pairs):
            tape.banks, tape.tills = [], []
            codes = {"auth_code": f"{number:06}", "rrn": None}
            tape.pays(3 * number, f"tx_{number}", amount=500 + number % 100, **codes)
            tape.sells(3 * number + 1, f"soho-{number}", amount=500 + number % 100, card=CARD | codes)
            receipts.write(json.dumps(tape.tills[0]) + "\n")
            if decided:
                payments.write(json.dumps(tape.banks[0]) + "\n")
    return paths[0], paths[1], paths[2]


def peak(folder: Path, pairs: int, *, decided: bool) -> tuple[int, Summary]:
    files = write(folder, pairs, decided=decided)
    tracemalloc.start()
    try:
        summary = replay(Tape(folder).merchants, *files)
        return tracemalloc.get_traced_memory()[1], summary
    finally:
        tracemalloc.stop()


@pytest.fixture(autouse=True)
def small_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "RECENT", 50)
    monkeypatch.setattr(rendezvous, "AWAKE", 50)


def test_a_longer_file_takes_no_more(tmp_path: Path) -> None:
    peak(tmp_path, 10, decided=True)  # what is imported and cached once
    short, _ = peak(tmp_path, FEW, decided=True)
    long, summary = peak(tmp_path, PAIRS, decided=True)
    assert summary.matches == PAIRS
    assert long - short < A_MATCH * (PAIRS - FEW) / 2


def test_what_waits_is_small(tmp_path: Path) -> None:
    few, _ = peak(tmp_path, FEW, decided=False)
    many, summary = peak(tmp_path, PAIRS, decided=False)
    assert summary.left["receipts unmatched"] == PAIRS
    assert (many - few) / (PAIRS - FEW) < 1000  # bytes
