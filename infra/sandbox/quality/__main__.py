"""`make match-quality`: five seeds of each scenario, replayed and scored, beside two naive methods.

The table is printed; every figure is written to build/match-quality.json.
"""

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from infra.retail.recipe import SCENARIOS
from infra.sandbox.quality import misses, report
from infra.sandbox.quality.runs import OURS, Result, Run, perform_all

SALES, SEEDS = 100_000, 5
WIDTH = 165


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make match-quality", description=__doc__)
    parser.add_argument("--sales", type=int, default=SALES, help="a run (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs a scenario (default: %(default)s)")
    parser.add_argument("--first-seed", type=int, default=1, help="others than were tuned on (default: %(default)s)")
    parser.add_argument("--scenario", choices=SCENARIOS, action="append", help="only this one; may be repeated")
    parser.add_argument("--misses", action="store_true", help="count the wrong and the missing by kind of sale")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the files of each run there")
    parser.add_argument("--out", type=Path, default=Path("build"), metavar="FOLDER", help="(default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    asked = _arguments()
    scenarios = asked.scenario or list(SCENARIOS)
    runs = [
        Run(scenario, seed, asked.sales, asked.keep and asked.keep / f"{scenario}-{seed}")
        for seed in range(asked.first_seed, asked.first_seed + asked.seeds)
        for scenario in scenarios
    ]
    results = _with_progress(runs, scenarios)
    console = Console(width=WIDTH)
    report.show(results, console)
    if asked.misses:
        for scenario, result in results.items():
            misses.show(scenario, result.misses, console)
    asked.out.mkdir(parents=True, exist_ok=True)
    figures = {"sales": asked.sales, "seeds": [run.seed for run in runs[:: len(scenarios)]], **report.as_json(results)}
    (asked.out / "match-quality.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    console.print(f"Every figure is in {asked.out}/match-quality.json")


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


if __name__ == "__main__":
    main()
