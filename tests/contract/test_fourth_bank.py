"""A newcomer's integration, by the steps of docs/add-a-bank.md: three files, and the contract holds."""

import hashlib
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "add-a-bank.md"
COMMANDS = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
STEPS, CONTRACT = COMMANDS[:-1], COMMANDS[-1]
NEW = {
    "layers/core/python/counterfoil/banks/rook.py",
    "layers/core/python/counterfoil/banks/__init__.py",
    "events/bank_webhook.rook.json",
}


def tree(folder: Path) -> Path:
    """A copy of the project's files, without what was made from them."""
    order = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(order, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and not {"__pycache__", ".hypothesis", ".pytest_cache"} & set(file.parts)
    }


def follow(folder: Path, steps: list[str]) -> None:
    for step in steps:
        subprocess.run(["bash", "-euo", "pipefail", "-c", step], cwd=folder, check=True)


def contract(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The guide's last command, by this Python."""
    found = re.search(r'ARGS="([^"]*)"', CONTRACT)
    assert found, CONTRACT
    order = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *found[1].split(), *more]
    return subprocess.run(order, cwd=folder, capture_output=True, text=True)


def test_a_fourth_bank_is_three_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tree(tmp_path)
    before, began = digests(folder), time.monotonic()
    follow(folder, STEPS)
    done = contract(folder)
    took = time.monotonic() - began
    assert done.returncode == 0, done.stdout[-5000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) > 50
    assert "skipped" not in done.stdout
    after = digests(folder)
    touched = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    with capsys.disabled():
        print(f"\nA fourth bank: {len(touched)} files, {passed[1]} contract tests passed, {took:.0f} s with the tests")
    assert touched == NEW


def test_no_step_can_be_left_out(tmp_path: Path) -> None:
    def without(step: int) -> int:
        folder = tree(tmp_path / str(step))
        follow(folder, [command for number, command in enumerate(STEPS) if number != step])
        return contract(folder, "-x").returncode

    with ThreadPoolExecutor() as pool:
        codes = list(pool.map(without, range(len(STEPS))))
    assert len(codes) == 3
    assert 0 not in codes
