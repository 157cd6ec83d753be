"""Replays files of transactions and receipts through the adapters and decisions of the application, without AWS.

    from infra.sandbox.replay import replay
    summary = replay("merchants.json", "transactions.jsonl", "receipts.jsonl", "matches.jsonl")

From the command line: `python -m infra.sandbox.replay --help`. Time is simulated: it is the time of the line that is
read. After the last line it runs on until every look that is still due was made.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from itertools import batched
from pathlib import Path

# In the functions it comes with a layer.
sys.path.append(str(Path(__file__).parents[3] / "layers" / "core" / "python"))

from counterfoil.domain.parameters import DEFAULT, Settings
from infra.sandbox.replay.intake import Intake
from infra.sandbox.replay.ledger import Ledger
from infra.sandbox.replay.lines import TOGETHER, Reader, in_order
from infra.sandbox.replay.matcher import Matcher
from infra.sandbox.replay.problems import Problems
from infra.sandbox.replay.rendezvous import Rendezvous
from infra.sandbox.replay.results import Results
from infra.sandbox.replay.shops import Shops, adapters
from infra.sandbox.replay.summary import Summary
from infra.sandbox.replay.world import World

BANKS = Path(__file__).parents[1] / "banks.json"
BATCHES_A_TICK = 8

type File = str | os.PathLike[str]
type Progress = Callable[[int, int, int], None]
"""Takes the bytes read, all bytes, and the lines read, now and then."""


def replay(
    merchants: File,
    transactions: File,
    receipts: File,
    out: File,
    *,
    settings: Settings = DEFAULT,
    problems: Problems | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Writes the matches of two files to `out`, and says how it went.

    A bank's name is one of `infra/sandbox/banks.json` or an adapter's; any other bank is taken for one that integrates
    directly. What cannot be taken goes to `problems`. Raises RegistrationInvalid for a `merchants.json` that says not
    enough, OSError or UnicodeDecodeError for a file that cannot be read or written.
    """
    problems = problems or Problems()
    shops = Shops.read(Path(merchants), problems.report)
    intake = Intake(shops, adapters(json.loads(BANKS.read_text())["banks"]))
    rendezvous = Rendezvous()
    started, processor = time.perf_counter(), time.process_time()
    with (
        Reader(Path(transactions), "transactions", problems.report) as payments,
        Reader(Path(receipts), "receipts", problems.report) as tills,
        Path(out).open("w", encoding="utf-8") as file,
        Ledger(rendezvous) as ledger,
    ):
        size = payments.size + tills.size
        results = Results(file)
        world = World(intake, Matcher(settings, rendezvous, ledger, results), problems)
        for number, lines in enumerate(batched(in_order(iter(payments), iter(tills)), TOGETHER, strict=False), start=1):
            world.take(lines)
            if progress and not number % BATCHES_A_TICK:
                progress(payments.done + tills.done, size, payments.count + tills.count)
        world.end()
        if progress:
            progress(size, size, payments.count + tills.count)
    return Summary(
        transactions=payments.count,
        receipts=tills.count,
        bad=problems.count,
        methods=results.methods,
        left=results.left,
        counts=results.counts,
        seconds=time.perf_counter() - started,
        processor_seconds=time.process_time() - processor,
    )
