"""The README's commands, in its order, in one shell, against the deployed sandbox; their output is what it says."""

import fnmatch
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.sandbox import credentials
from infra.sandbox.deploy import Deployment
from infra.sandbox.partners import Partners

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"```sh\n(.*?)```(?:\n```text\n(.*?)```)?", re.DOTALL)
BLOCKS = [(command.strip(), output) for command, output in BLOCK.findall(README)]
TARGETS = re.compile(r"^(?:ONCE=1 )?make ([a-z]+)$")
END_OF_BLOCK = "--- end of block ---"


@pytest.fixture(scope="module")
def said(deployment: Deployment, partners: Partners) -> Iterator[list[str]]:
    """What each block printed. `make` targets are checked apart: they would start all this again."""
    with credentials.written(deployment, partners):
        lines = ["set -eu"]
        for command, _ in BLOCKS:
            lines += [command if not TARGETS.match(command) else ":", f"echo; echo '{END_OF_BLOCK}'"]
        done = subprocess.run(
            ["bash", "-c", "\n".join(lines)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        yield done.stdout.split(f"\n{END_OF_BLOCK}\n")


@pytest.mark.parametrize("number", range(len(BLOCKS)), ids=[command.split("\n")[0][:40] for command, _ in BLOCKS])
def test_a_block_prints_what_the_readme_says(said: list[str], number: int) -> None:
    expected = BLOCKS[number][1]
    if not expected:
        return
    pattern = "*".join(_literally(part) for part in expected.strip().split("…"))
    assert fnmatch.fnmatchcase(said[number].strip(), pattern)


def _literally(text: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", text)


@pytest.mark.parametrize("target", sorted({m[1] for command, _ in BLOCKS if (m := TARGETS.match(command))}))
def test_a_target_of_the_readme_exists(target: str) -> None:
    done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
