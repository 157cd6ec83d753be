"""The project's own files, and what each of them imports."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
CORE = ROOT / "layers" / "core" / "python" / "counterfoil"
FUNCTIONS = ROOT / "functions"
INFRA = ROOT / "infra"


@dataclass(frozen=True)
class Import:
    """`from module import name`, or `import module` with no name."""

    file: Path
    line: int
    module: str
    name: str | None = None

    def __str__(self) -> str:
        what = f"{self.module}.{self.name}" if self.name else self.module
        return f"{self.file.relative_to(ROOT)}:{self.line} {what}"

    def within(self, allowed: set[str]) -> bool:
        whole = f"{self.module}.{self.name}"
        return any(path == part or path.startswith(f"{part}.") for path in (self.module, whole) for part in allowed)

    @property
    def top(self) -> str:
        return self.module.split(".")[0]


def python_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imports_of(file: Path) -> Iterator[Import]:
    """Those inside functions too."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (Import(file, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: absolute imports tell which room they enter"
            yield from (Import(file, node.lineno, node.module or "", alias.name) for alias in node.names)


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
