"""One run: a made town is replayed and scored; and all runs, two at a time."""

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

from infra.retail.files import MERCHANTS, RECEIPTS, TRANSACTIONS
from infra.retail.recipe import SCENARIOS
from infra.retail.trading import write
from infra.sandbox.quality import naive
from infra.sandbox.quality.misses import Misses, count
from infra.sandbox.quality.scoring import Score, score
from infra.sandbox.quality.truth import MATCHES, facts, left_over, said
from infra.sandbox.replay import replay

OURS, NEAREST, CODES = "Counterfoil", "nearest in time", "auth code, else last4"
METHODS = (OURS, NEAREST, CODES)
PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Run:
    """What is to be run. `folder`: where its files stay; without one they are deleted."""

    scenario: str
    seed: int
    sales: int
    folder: Path | None = None


@dataclass(slots=True)
class Result:
    """What a run, or several together, came to: a score a method. `lines` were replayed in `seconds`."""

    lines: int = 0
    seconds: float = 0.0
    scores: dict[str, Score] = field(default_factory=lambda: {method: Score() for method in METHODS})
    misses: Misses = field(default_factory=Misses)

    def __add__(self, other: "Result") -> "Result":
        scores = {method: self.scores[method] + other.scores[method] for method in METHODS}
        return Result(self.lines + other.lines, self.seconds + other.seconds, scores, self.misses + other.misses)


def perform(run: Run) -> Result:
    """Makes the files of a run, replays and scores them."""
    folder = run.folder or Path(tempfile.mkdtemp(prefix="match-quality-"))
    try:
        write(replace(SCENARIOS[run.scenario], sales=run.sales), run.seed, folder)
        return _replayed(folder)
    finally:
        if run.folder is None:
            shutil.rmtree(folder)


def _replayed(folder: Path) -> Result:
    out = folder / MATCHES
    summary = replay(folder / MERCHANTS, folder / TRANSACTIONS, folder / RECEIPTS, out)
    if summary.bad:
        raise ValueError(f"{summary.bad} of the lines that were made cannot be taken")
    truth, matches = facts(folder), list(said(out))
    paid, printed = naive.payments(folder), naive.tenders(folder)
    scores = {
        OURS: score(truth, matches),
        NEAREST: score(truth, naive.nearest_in_time(paid, printed)),
        CODES: score(truth, naive.auth_else_last4(paid, printed)),
    }
    return Result(summary.lines, summary.seconds, scores, count(truth, matches, left_over(out)))


def perform_all(runs: list[Run]) -> Iterator[tuple[Run, Result]]:
    """Each run with its result, as they end. What one raises ends all."""
    # Spawned: who shows progress has threads, and a fork would copy their locks.
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        under_way = {pool.submit(perform, run): run for run in runs}
        try:
            for done in as_completed(under_way):
                yield under_way[done], done.result()
        finally:
            pool.shutdown(cancel_futures=True)
