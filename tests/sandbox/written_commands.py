"""The commands of a Markdown file, in its order, in one shell; their output against what the file says they print."""

import fnmatch
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```(sh|python)\n(.*?)```(?:\n```text\n(.*?)```)?", re.DOTALL)
TARGET = re.compile(r"^(?:ONCE=1 )?make ([a-z]+)$")
END_OF_BLOCK = "--- end of block ---"
SECONDS = 150


@dataclass(frozen=True)
class Block:
    """A command for the shell, and what it prints; … stands for anything, and no text for whatever."""

    command: str
    prints: str

    @property
    def target(self) -> str | None:
        """The `make` target that it is: these are checked apart, they would start everything again."""
        found = TARGET.match(self.command)
        return found[1] if found else None

    def is_what_it_prints(self, said: str) -> bool:
        pattern = "*".join(re.sub(r"([\[\]*?])", r"[\1]", part) for part in self.prints.strip().split("…"))
        return not self.prints or fnmatch.fnmatchcase(said.strip(), pattern)


def blocks_of(file: str) -> list[Block]:
    found = BLOCK.findall((ROOT / file).read_text())
    return [Block(_in_shell(language, text.strip()), prints) for language, text, prints in found]


def _in_shell(language: str, text: str) -> str:
    return text if language == "sh" else f".venv/bin/python - <<'END_OF_PYTHON'\n{text}\nEND_OF_PYTHON"


def run(blocks: list[Block]) -> list[str]:
    """What each block printed. All of them must succeed."""
    lines = ["set -eu"]
    for block in blocks:
        lines += [":" if block.target else block.command, f"echo; echo '{END_OF_BLOCK}'"]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, f"{done.stderr}\n{done.stdout[-3000:]}"
    return done.stdout.split(f"\n{END_OF_BLOCK}\n")
