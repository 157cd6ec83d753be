"""The lines that cannot be taken: told by file and number, by field and message, never by value."""

import json
from collections import Counter
from collections.abc import Callable
from typing import TextIO

from counterfoil.errors import Problem
from infra.sandbox.replay.lines import Source

SHOWN = 20


class Problems:
    """Counts bad lines; gives the first of them to `show` in words, and writes all to `kept` as JSON Lines."""

    def __init__(self, show: Callable[[str], None] | None = None, kept: TextIO | None = None) -> None:
        self.lines: Counter[Source] = Counter()
        self._show, self._kept = show, kept

    @property
    def count(self) -> int:
        return self.lines.total()

    def report(self, source: Source, number: int, problems: tuple[Problem, ...]) -> None:
        """One bad line, or one bad receipt of a line that holds several."""
        self.lines[source] += 1
        if self._show is not None and self.count <= SHOWN:
            told = "; ".join(f"{problem.field} {problem.message}".strip() for problem in problems)
            self._show(f"{source}, line {number}: {told}")
        if self._kept is not None:
            errors = [{"field": problem.field, "message": problem.message} for problem in problems]
            self._kept.write(json.dumps({"file": source, "line": number, "errors": errors}, ensure_ascii=False) + "\n")
