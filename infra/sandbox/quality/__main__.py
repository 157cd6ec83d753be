"""`make match-quality`: five seeds of each scenario, replayed and scored, beside two naive methods.

The tables are printed. match-quality.json (every figure), match-quality-figures.md and the charts go to build/, or with
--docs to docs/.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from infra.retail.recipe import SCENARIOS
from infra.sandbox.quality import charts, misses, report
from infra.sandbox.quality.runs import OURS, Result, Run, perform_all

SALES, SEEDS = 100_000, 5
WIDTH = 175  # of the tables, also where the terminal is narrower
FIGURES, PAGE = "match-quality.json", "match-quality-figures.md"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make match-quality", description=__doc__)
    parser.add_argument("--sales", type=int, default=SALES, help="a run (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs a scenario (default: %(default)s)")
    parser.add_argument("--first-seed", type=int, default=1, help="others than were tuned on (default: %(default)s)")
    parser.add_argument("--scenario", choices=SCENARIOS, action="append", help="only this one; may be repeated")
    parser.add_argument("--misses", action="store_true", help="count the wrong and the missing by kind of sale")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the files of each run there")
    parser.add_argument("--docs", action="store_true", help="write figures and charts to docs/ instead of build/")
    parser.add_argument("--redraw", action="store_true", help="run nothing: table, page and charts of the last run")
    parser.add_argument("--out", type=Path, default=Path("build"), metavar="FOLDER", help="(default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    asked, console = _arguments(), Console(width=WIDTH)
    asked.out.mkdir(parents=True, exist_ok=True)
    if not asked.redraw:
        _run(asked, console)
    taken = json.loads((asked.out / FIGURES).read_text(encoding="utf-8"))
    told, folder = taken["scenarios"], Path("docs") if asked.docs else asked.out
    report.show(told, console)
    drawn = charts.draw(told, folder, ("svg",) if asked.docs else ("svg", "png"))
    (folder / PAGE).write_text(report.markdown(told, _how(taken), drawn), encoding="utf-8")
    console.print(f"Figures and charts: {folder / PAGE}. Every figure: {asked.out / FIGURES}")


def _run(asked: argparse.Namespace, console: Console) -> None:
    scenarios, seeds = asked.scenario or list(SCENARIOS), range(asked.first_seed, asked.first_seed + asked.seeds)
    runs = [
        Run(scenario, seed, asked.sales, asked.keep and asked.keep / f"{scenario}-{seed}")
        for seed in seeds
        for scenario in scenarios
    ]
    results = _with_progress(runs, scenarios)
    if asked.misses:
        for scenario, result in results.items():
            misses.show(scenario, result.misses, console)
    taken = {"sales": asked.sales, "seeds": list(seeds), "scenarios": report.figures(results)}
    (asked.out / FIGURES).write_text(json.dumps(taken, indent=1) + "\n", encoding="utf-8")


def _with_progress(runs: list[Run], scenarios: list[str]) -> dict[str, Result]:
    results = {scenario: Result() for scenario in scenarios}
    columns = (TextColumn("Runs"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("", total=len(runs))
        for run, result in perform_all(runs):
            results[run.scenario] += result
            score, speed = result.scores[OURS], result.lines / result.seconds
            came_to = f"recall {score.recall:.4f}, {score.wrong} wrong of {score.given:,}, {speed:,.0f} lines/s"
            progress.console.print(f"{run.scenario}, seed {run.seed}: {came_to}", highlight=False)
            progress.advance(task)
    return results


def _how(taken: dict[str, Any]) -> str:
    seeds, lines = taken["seeds"], sum(each["lines"] for each in taken["scenarios"].values())
    which = f"seeds {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
    return f"Taken with {taken['sales']:,} sales a run, {which} of each scenario, {lines:,} lines in all."


if __name__ == "__main__":
    main()
