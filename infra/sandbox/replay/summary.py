"""What a replay came to, for people; and a measure of the machine it ran on."""

import resource
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

CALIBRATION_ROUNDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Summary:
    """Lines by file, matches by method, sides left over by kind and outcome, what else was counted, and times (s)."""

    transactions: int
    receipts: int
    bad: int
    seconds: float
    processor_seconds: float
    methods: Mapping[str, int] = field(default_factory=Counter)
    left: Mapping[str, int] = field(default_factory=Counter)
    counts: Mapping[str, int] = field(default_factory=Counter)

    @property
    def lines(self) -> int:
        return self.transactions + self.receipts

    @property
    def matches(self) -> int:
        """How many matches were made; a few of them may have been withdrawn."""
        return sum(self.methods.values())


def show(summary: Summary, console: Console) -> None:
    table = Table("Replay", "", show_header=False, title="Replay", title_justify="left", min_width=56)
    table.columns[1].justify = "right"
    table.add_row("lines", f"{summary.lines:,}")
    table.add_row("  of banks", f"{summary.transactions:,}")
    table.add_row("  of tills", f"{summary.receipts:,}")
    table.add_row("bad lines", f"{summary.bad:,}", end_section=True)
    for title, counts in (("matches", summary.methods), ("left over", summary.left), ("", summary.counts)):
        if title:
            table.add_row(title, f"{sum(counts.values()):,}")
        for name, count in sorted(counts.items()):
            table.add_row(f"{'  by ' if title == 'matches' else '  ' if title else ''}{name}", f"{count:,}")
        table.add_section()
    speed, machine = summary.lines / summary.processor_seconds, rounds_a_second()
    table.add_row("time", f"{summary.seconds:,.1f} s")
    table.add_row("lines a second", f"{summary.lines / summary.seconds:,.0f}")
    table.add_row("lines a second of the processor's time", f"{speed:,.0f}")
    table.add_row("rounds of a plain loop in such a second", f"{machine / 1e6:,.1f} million")
    table.add_row("lines a million rounds", f"{speed / machine * 1e6:,.0f}")
    table.add_row("peak memory", f"{peak_memory() / 2**20:,.0f} MiB")
    console.print(table)


def rounds_a_second() -> float:
    """How fast this machine runs a loop of plain Python, so that machines can be compared. The best of three."""
    return CALIBRATION_ROUNDS / min(_loop() for _ in range(3))


def _loop() -> float:
    started, total = time.process_time(), 0
    for number in range(CALIBRATION_ROUNDS):
        total = (total * 31 + number) & 0xFFFF
    return time.process_time() - started


def peak_memory() -> int:
    """The most this process had in memory, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
