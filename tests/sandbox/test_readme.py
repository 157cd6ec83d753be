"""What the README and docs/integrate.md tell to type, against the deployed sandbox; the output is what they say."""

import subprocess
from collections.abc import Callable, Iterator

import pytest

from infra.sandbox import credentials
from infra.sandbox.deploy import Deployment
from infra.sandbox.partners import Partners
from tests.sandbox.written_commands import ROOT, Block, blocks_of, run

WRITTEN = {file: blocks_of(file) for file in ("README.md", "docs/integrate.md")}
ALL = [(file, number) for file, blocks in WRITTEN.items() for number in range(len(blocks))]


def name_of(value: object) -> str:
    return str(value)


@pytest.fixture(scope="module")
def said(deployment: Deployment, partners: Partners) -> Iterator[Callable[[str], list[str]]]:
    """What each block of a file printed; all of a file's run at the first question."""
    known: dict[str, list[str]] = {}

    def of(file: str) -> list[str]:
        if file not in known:
            known[file] = run(WRITTEN[file])
        return known[file]

    with credentials.written(deployment, partners):
        yield of


@pytest.mark.parametrize(("file", "number"), ALL, ids=name_of)
def test_a_block_prints_what_is_written(said: Callable[[str], list[str]], file: str, number: int) -> None:
    printed, block = said(file)[number], WRITTEN[file][number]
    assert block.is_what_it_prints(printed), printed


def targets() -> list[str]:
    blocks: list[Block] = [block for each in WRITTEN.values() for block in each]
    return sorted({block.target for block in blocks if block.target})


@pytest.mark.parametrize("target", targets())
def test_a_target_that_is_written_exists(target: str) -> None:
    done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
