"""`python -m infra.retail`: makes the files of a replay, and the truth beside them."""

import argparse
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from infra.retail.recipe import SCENARIOS, Recipe
from infra.retail.trading import write

_NUMBERS = {field.name: field.type for field in fields(Recipe) if field.type in (int, float)}


def _share(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or name not in _NUMBERS:
        raise argparse.ArgumentTypeError(f"must be NAME=NUMBER, with a name of: {', '.join(_NUMBERS)}")
    return name, _NUMBERS[name](value)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.retail", description=__doc__)
    parser.add_argument("--scenario", choices=SCENARIOS, default="mixed", help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same bytes (default: %(default)s)")
    parser.add_argument("--sales", type=int, help="how many, about (default: the scenario's)")
    parser.add_argument("--share", type=_share, action="append", default=[], metavar="NAME=NUMBER",
                        help="another number of infra/retail/recipe.py, such as lost=0.1")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("build/retail"), help="a folder (default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    asked = _arguments()
    changes = dict(asked.share) | ({"sales": asked.sales} if asked.sales else {})
    recipe = replace(SCENARIOS[asked.scenario], **changes)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("Sales", total=recipe.sales)
        write(recipe, asked.seed, asked.out, lambda sales: progress.advance(task, sales))
    print(f"{asked.out}/ holds merchants.json, transactions.jsonl, receipts.jsonl and truth.jsonl")


if __name__ == "__main__":
    main()
