"""`make files`: a million rows, uploaded and worked off in the embedded engine, the worker killed on the way.

The match queue's consumer is held back: in its place this program takes every message, and counts. Exit code 0 when
every error planted was reported and every good receipt was queued, else 1. ROWS=… makes the large file of another size.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.names import SECRETS_KEY_ALIAS
from infra.sandbox.deploy import DeployError, Deployment, deploy
from infra.sandbox.engine import STATE, EngineError, running
from infra.sandbox.made_file import MadeFile, merchant, write
from infra.sandbox.signing import STANDARD_WEBHOOKS, Request, new_secret
from infra.sandbox.terminal import Terminal

RETAILER, SECRET = "alder", "counterfoil/webhooks/alder/2026-11"
SMALL_ROWS, ROWS = 100_000, 1_000_000
VISIBILITY = 35  # a little longer than a worker may run, so that a killed one's message soon comes back
NEIGHBOURS = 100
SPREAD = 6  # seconds; the engine looks through all that are kept back, again and again
CONSUMERS = 4  # the engine serves one at a time, and a batch that is taken costs two calls


@dataclass
class Measured:
    """One file worked off. `shares`: the most of one store among neighbours in the queue, looked at again and again."""

    made: MadeFile
    spread: int
    seconds: float = 0
    told: dict[str, Any] = field(default_factory=dict)
    reported: list[tuple[int, str]] = field(default_factory=list)
    peaks: dict[int, int] = field(default_factory=dict)
    killed: int = 0
    queued: Counter[str] = field(default_factory=Counter)
    shares: list[int] = field(default_factory=list)

    @property
    def as_planted(self) -> bool:
        counts = {"taken": self.made.good, "refused": len(self.made.errors)}
        return (
            (self.told["state"], self.told["rows"], self.told["receipts"]) == ("done", self.made.rows, counts)
            and self.reported == list(self.made.errors)
            and len(self.queued) == self.made.good
        )


class Desk:
    """The chain's desk and its operators, at a deployment."""

    def __init__(self, deployment: Deployment, http: httpx.Client) -> None:
        self.deployment = deployment
        self._http = http
        self._secret = new_secret()
        self._files = f"{deployment.api_url}/v1/retailers/{RETAILER}/receipt-files"

    def client(self, service: str) -> Any:
        return self.deployment.engine.client(service)

    def register(self) -> None:
        store = self.client("secretsmanager").create_secret
        store(Name=SECRET, SecretString=self._secret, KmsKeyId=SECRETS_KEY_ALIAS)
        text = json.dumps({"merchants": json.dumps({"merchants": [merchant(RETAILER, SECRET)]})})
        answer = self.client("lambda").invoke(FunctionName=self.deployment.register_function, Payload=text)
        told = json.loads(answer["Payload"].read())
        if "registered" not in told:
            raise RuntimeError(f"the chain could not be registered: {told}")

    def upload(self, made: MadeFile) -> str:
        """Asks for a form and posts the file by it; the file's id."""
        asked = self._call("POST", self._files, b'{"format": "csv"}').json()
        form = asked["upload"]
        with made.path.open("rb") as content:
            answer = self._http.post(form["url"], data=form["fields"], files={"file": content}, timeout=300)
        answer.raise_for_status()
        return str(asked["id"])

    def state(self, file_id: str) -> dict[str, Any]:
        return dict(self._call("GET", f"{self._files}/{file_id}", b"").json())

    def report(self, told: dict[str, Any]) -> list[tuple[int, str]]:
        lines = self._http.get(told["error_report"]).raise_for_status().text.splitlines()
        return [(error["row"], error["field"]) for error in map(json.loads, lines)]

    def _call(self, method: str, url: str, body: bytes) -> httpx.Response:
        headers = STANDARD_WEBHOOKS.sign(self._secret, Request(method, httpx.URL(url).path, body), datetime.now(UTC))
        return self._http.request(method, url, content=body, headers=headers).raise_for_status()

    # As operators

    def prepare(self) -> None:
        """Nobody matches, and what a killed worker left comes back soon."""
        sqs, functions = self.client("sqs"), self.client("lambda")
        (mapping,) = functions.list_event_source_mappings(EventSourceArn=self._arn(self.deployment.match_queue_url))[
            "EventSourceMappings"
        ]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        attributes = {"VisibilityTimeout": str(VISIBILITY)}
        sqs.set_queue_attributes(QueueUrl=self.deployment.files_queue_url, Attributes=attributes)

    def spread_over(self, seconds: int) -> None:
        """For how long receipts are kept back in the queue at most."""
        functions = self.client("lambda")
        arn = self._arn(self.deployment.files_queue_url)
        (mapping,) = functions.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
        name = mapping["FunctionArn"]
        known = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        variables = known | {"SPREAD_SECONDS": str(seconds)}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    def _arn(self, url: str) -> str:
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(found["Attributes"]["QueueArn"])

    def workers(self) -> dict[int, int]:
        """The memory in KB of each process that works on files, by its id."""
        command = ["ps", "-ww", "-eo", "pid,pgid,rss,args"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rows = [line.split(None, 3) for line in listed.splitlines()[1:]]
        ours = [row for row in rows if row[1] == str(self.deployment.engine.pid)]
        return {int(pid): int(rss) for pid, _, rss, args in ours if "awslambdaric receipt_file_rows.handler" in args}

    def kill_workers(self) -> int:
        found = self.workers()
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        return len(found)


@contextmanager
def counting(desk: Desk, measured: Measured) -> Iterator[None]:
    """Takes every message of the match queue while the block runs, and until none is left."""
    ended = threading.Event()
    url, sqs = desk.deployment.match_queue_url, desk.client("sqs")
    latest: deque[str] = deque(maxlen=NEIGHBOURS)
    one_at_a_time = threading.Lock()

    def take() -> bool:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        receipts = [json.loads(message["Body"])["receipt"] for message in found]
        with one_at_a_time:
            measured.queued.update(receipt["key"] for receipt in receipts)
            latest.extend(receipt["tenders"][0]["scope"] for receipt in receipts)
            if len(latest) == NEIGHBOURS:
                measured.shares.append(max(Counter(latest).values()))
        handles = [{"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]} for at, one in enumerate(found)]
        if found:
            sqs.delete_message_batch(QueueUrl=url, Entries=handles)
        return bool(found)

    def take_all() -> None:
        while take() or not ended.is_set():
            pass

    consumers = [threading.Thread(target=take_all, daemon=True) for _ in range(CONSUMERS)]
    for consumer in consumers:
        consumer.start()
    yield
    time.sleep(measured.spread + 1)  # the last are kept back so long
    ended.set()
    for consumer in consumers:
        consumer.join()


def work_off(desk: Desk, made: MadeFile, spread: int, console: Console, *, kill_at: float | None = None) -> Measured:
    """Uploads a file and waits until it is done. `kill_at`: the part of its bytes at which the worker is killed."""
    measured = Measured(made, spread)
    desk.kill_workers()  # each file is measured in processes of its own
    desk.spread_over(spread)
    with counting(desk, measured), _progress(console) as progress:
        bar = progress.add_task(f"{made.rows:,} rows", total=made.size)
        started = time.monotonic()
        file_id = desk.upload(made)
        while not measured.told or measured.told["state"] in ("waiting", "processing"):
            time.sleep(0.5)
            measured.told = desk.state(file_id)
            done = measured.told["bytes"]["done"]
            progress.update(bar, completed=done)
            for pid, memory in desk.workers().items():
                measured.peaks[pid] = max(memory, measured.peaks.get(pid, 0))
            if kill_at is not None and not measured.killed and done > kill_at * made.size:
                measured.killed = desk.kill_workers()
                console.print(f"  the worker was killed at {done / made.size:.0%}")
        measured.seconds = time.monotonic() - started
    measured.reported = desk.report(measured.told)
    return measured


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def show(console: Console, runs: list[Measured]) -> None:
    table = Table("", *(f"{run.made.rows:,} rows" for run in runs), title="Receipt files", title_justify="left")
    for name, cells in (
        ("file", [f"{run.made.size / 1e6:.1f} MB" for run in runs]),
        ("time, upload included", [f"{run.seconds:.1f} s" for run in runs]),
        ("rows a second", [f"{run.made.rows / run.seconds:,.0f}" for run in runs]),
        ("peak memory of a worker", [f"{max(run.peaks.values()) / 1024:.1f} MB" for run in runs]),
        ("workers killed", [str(run.killed) for run in runs]),
        ("errors planted", [f"{len(run.made.errors):,}" for run in runs]),
        ("errors reported, each in its place", [f"{_in_place(run):,}" for run in runs]),
        ("good receipts made", [f"{run.made.good:,}" for run in runs]),
        ("receipts counted as taken", [f"{run.told['receipts']['taken']:,}" for run in runs]),
        ("different receipts queued", [f"{len(run.queued):,}" for run in runs]),
        ("queued again, after the kill", [f"{run.queued.total() - len(run.queued):,}" for run in runs]),
        ("spread over", [f"{run.spread} s" for run in runs]),
        (f"of one store among {NEIGHBOURS} neighbours, usually", [f"{median(run.shares):.0f}" for run in runs]),
    ):
        table.add_row(name, *cells)
    console.print(table)


def _in_place(run: Measured) -> int:
    return sum(told == planted for told, planted in zip(run.reported, run.made.errors, strict=False))


def main() -> int:
    terminal, rows = Terminal(), int(os.environ.get("ROWS", ROWS))
    console = terminal.console
    try:
        with running() as engine, tempfile.TemporaryDirectory(dir=STATE) as folder:
            with terminal.step("Writing the files"):
                small, large = (write(Path(folder) / f"{size}.csv", size) for size in (min(SMALL_ROWS, rows), rows))
            with terminal.step("Deploying the stacks into the embedded engine") as step:
                deployment = deploy(engine, step.progress)
            with httpx.Client(timeout=30) as http:
                desk = Desk(deployment, http)
                desk.register()
                desk.prepare()
                runs = [
                    work_off(desk, small, 0, console),
                    work_off(desk, large, SPREAD, console, kill_at=0.5),
                ]
            show(console, runs)
            good = all(run.as_planted for run in runs) and runs[-1].killed > 0
            terminal.title("Everything was as expected" if good else "Not as expected")
            return 0 if good else 1
    except KeyboardInterrupt:
        terminal.say("Everything is stopped.")
        return 1
    except (EngineError, DeployError, RuntimeError) as error:
        terminal.say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
