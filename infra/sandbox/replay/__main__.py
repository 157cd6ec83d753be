"""`python -m infra.sandbox.replay`: see `--help`."""

import argparse
import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

import infra.sandbox.replay as replaying
from counterfoil.domain.parameters import DEFAULT
from counterfoil.domain.registration import RegistrationInvalid
from infra.sandbox.replay.problems import SHOWN, Problems
from infra.sandbox.replay.summary import show

INTERRUPTED = 130
COLLECTED = (50_000, 20, 100)
"""Objects between collections: what waits is long-lived and in no cycles, and going through it finds nothing."""
EPILOG = """\
Each line of the transactions is {"at": "2026-11-21T09:14:07Z", "bank": "openbank", "body": {…}}, each line of the
receipts {"at": "…", "retailer": "kite", "body": {…}}, in order of arrival; the bodies are those of the webhooks. A bank
is one of infra/sandbox/banks.json, or an adapter's name (direct, monzo, starling, jws); any other bank is taken for one
that integrates directly. Every customer counts as consenting, every signature as good.

OUT gets a line for each match as it is decided, a line with "outcome": "withdrawn" where one is taken back, and in the
end a line for each side that is left over. Bad lines are shown, counted and skipped.

Example: make replay MERCHANTS=infra/sandbox/merchants.json TRANSACTIONS=events/replay/transactions.jsonl \\
           RECEIPTS=events/replay/receipts.jsonl OUT=matches.jsonl
"""


class Unusable(Exception):
    """What was given cannot be replayed; the text says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 replayed, bad lines or not; 2 could not be; 130 interrupted."""
    given = _parser().parse_args(arguments)
    gc.set_threshold(*COLLECTED)
    console = Console(stderr=True, highlight=False)
    try:
        _check(given)
        with ExitStack() as stack:
            kept = stack.enter_context(given.problems.open("w", encoding="utf-8")) if given.problems else None
            progress = stack.enter_context(_progress(console))
            problems = Problems(partial(console.print, markup=False, soft_wrap=True), kept)
            summary = replaying.replay(
                given.merchants,
                given.transactions,
                given.receipts,
                given.out,
                settings=replace(DEFAULT, look_again=given.waits),
                problems=problems,
                progress=progress,
            )
    except Unusable as unusable:
        return _refuse(str(unusable))
    except RegistrationInvalid as error:
        first = error.problems[0]
        more = f" ({len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        what = f"{first.field} {first.message}".strip()
        return _refuse(f"{given.merchants}, line {first.line}: {what}{more}")
    except UnicodeDecodeError:
        return _refuse(f"{given.merchants}: not UTF-8")
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        print(f"Stopped. {given.out} holds what was decided so far.", file=sys.stderr)
        return INTERRUPTED
    if problems.count > SHOWN:
        console.print(f"… and {problems.count - SHOWN:,} more bad lines")
    show(summary, Console(highlight=False))
    return 0


def _refuse(text: str) -> int:
    print(text, file=sys.stderr)
    return 2


def _check(given: argparse.Namespace) -> None:
    read = [given.merchants, given.transactions, given.receipts]
    written = [path for path in (given.out, given.problems) if path]
    for path in written:
        if path.resolve() in {other.resolve() for other in read}:
            raise Unusable(f"{path}: is read, and cannot be written too")


@contextmanager
def _progress(console: Console) -> Iterator[replaying.Progress]:
    columns = (
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, refresh_per_second=4) as bar:
        task = bar.add_task("", total=None)

        def tell(done: int, total: int, lines: int) -> None:
            bar.update(task, completed=done, total=total, description=f"{lines:,} lines")

        yield tell


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.sandbox.replay",
        description="Replays files of card transactions and receipts, and writes which receipt is whose.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--merchants", type=Path, required=True, metavar="FILE", help="merchants.json: who takes part")
    parser.add_argument(
        "--transactions", type=Path, required=True, metavar="FILE", help="transactions.jsonl: what banks tell"
    )
    parser.add_argument("--receipts", type=Path, required=True, metavar="FILE", help="receipts.jsonl: what tills tell")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="matches.jsonl, the result; written anew"
    )
    parser.add_argument(
        "--problems", type=Path, metavar="FILE", help=f"write all bad lines there, not only show the first {SHOWN}"
    )
    parser.add_argument(
        "--waits",
        type=_waits,
        default=DEFAULT.look_again,
        metavar="S,S,…",
        help="seconds after which what is undecided is looked at again (default: 15,60,600)",
    )
    return parser


def _waits(text: str) -> tuple[float, ...]:
    try:
        waits = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("seconds, with commas between them, such as 15,60,600") from None
    if not all(0 < earlier < later for earlier, later in zip((0.001, *waits), (*waits, inf), strict=True)):
        raise argparse.ArgumentTypeError("seconds, each more than the one before")
    return waits


if __name__ == "__main__":
    sys.exit(main())
