"""The quick mode, from making the files to the charts."""

import json
from pathlib import Path

import pytest

from infra.sandbox.quality import __main__ as campaign
from infra.sandbox.quality.runs import METHODS, OURS, Run, perform


def test_a_small_campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--sales", "600", "--seeds", "2", "--scenario", "no-codes", "--misses"]
    monkeypatch.setattr("sys.argv", ["match-quality", *asked, "--out", str(tmp_path)])
    campaign.main()
    printed = capsys.readouterr().out
    assert "seed 2: recall" in printed
    assert "Missed" in printed
    taken = json.loads((tmp_path / "match-quality.json").read_text())
    assert (taken["sales"], taken["seeds"], list(taken["scenarios"])) == (600, [1, 2], ["no-codes"])
    for figures in taken["scenarios"].values():
        assert list(figures["methods"]) == list(METHODS)
        assert figures["methods"][OURS]["payments"] > 100
    page = (tmp_path / "match-quality-figures.md").read_text()
    assert "| no-codes | Counterfoil |" in page
    for chart in ("match-quality", "match-quality-calibration", "match-quality-time"):
        assert f"({chart}.svg)" in page
        assert (tmp_path / f"{chart}.svg").read_text().startswith("<?xml")
        assert (tmp_path / f"{chart}.png").stat().st_size > 10_000


def test_matching_is_far_better_than_the_nearest_in_time(tmp_path: Path) -> None:
    result = perform(Run("no-codes", 1, 2000, tmp_path))
    ours = result.scores[OURS]
    assert result.lines > 2000
    assert ours.recall > 0.9
    assert ours.wrong <= 1
    assert result.scores["nearest in time"].wrong > 5
    assert (tmp_path / "matches.jsonl").is_file()
