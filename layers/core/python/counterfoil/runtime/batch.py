"""An SQS batch, message by message: what fails comes back alone, and its neighbours are done.

A message's sends go out at the end of the batch, ten a request; a message whose send failed counts as failed, and
resumes when it comes back. Nothing is raised: the runtime would log it, with whatever its text holds.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from counterfoil.errors import Poison, TryAgain
from counterfoil.runtime import observe, queues
from counterfoil.runtime.queues import Outgoing, Send

Event = Mapping[str, Any]
Failures = dict[str, list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Received:
    """One message of a batch: `attempt` counts its receives, from 1; `queue` is the name at its ARN's end."""

    body: Any
    attempt: int


class Outcome(Protocol):
    @property
    def sends(self) -> Sequence[Send]: ...
    @property
    def counts(self) -> Sequence[str]: ...


def work_off(
    event: Event, work: Callable[[Received], Outcome], urls: Mapping[str, str], *, side_by_side: int = 1
) -> Failures:
    """Works on every message; the answer names those that shall come back."""
    records = event["Records"]
    if side_by_side > 1 and len(records) > 1:
        with ThreadPoolExecutor(min(side_by_side, len(records))) as pool:
            outcomes = list(pool.map(lambda record: _attempt(record, work, urls), records))
    else:
        outcomes = [_attempt(record, work, urls) for record in records]
    ids = [record["messageId"] for record in records]
    failed = {name for name, outcome in zip(ids, outcomes, strict=True) if outcome is None}
    done = [(name, outcome) for name, outcome in zip(ids, outcomes, strict=True) if outcome is not None]
    failed |= _send_all(done, urls)
    for name, outcome in done:
        if name not in failed:
            observe.count(outcome.counts)
    observe.flush()
    return {"batchItemFailures": [{"itemIdentifier": name} for name in ids if name in failed]}


def each(names: Sequence[str], work: Callable[[str], Outcome]) -> None:
    """Works on each by itself and side by side: what fails is told and hinders no other."""
    with ThreadPoolExecutor(max(1, len(names))) as pool:
        for counts in pool.map(lambda name: _counts_of(name, work), names):
            observe.count(counts)
    observe.flush()


def _counts_of(name: str, work: Callable[[str], Outcome]) -> Sequence[str]:
    try:
        return work(name).counts
    except Exception as error:
        observe.tell("failed", error)
        return ["RoundFailed"]


def _attempt(record: Mapping[str, Any], work: Callable[[Received], Outcome], urls: Mapping[str, str]) -> Outcome | None:
    try:
        attempt = int(record["attributes"]["ApproximateReceiveCount"])
        return work(Received(_decoded(record["body"]), attempt))
    except TryAgain as later:
        observe.tell("comes back later", later)
        observe.count([later.count] if later.count else [])
        if later.after is not None:
            _keep_back(record, later.after, urls)
    except Poison as error:
        observe.tell("cannot be worked on", error)
        # Nothing to wait for: it uses up its receives and goes to the dead letters.
        _keep_back(record, 1, urls)
    except Exception as error:
        observe.tell("failed", error)
    return None


def _decoded(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Poison("not JSON") from error


def _keep_back(record: Mapping[str, Any], seconds: int, urls: Mapping[str, str]) -> None:
    queue = record["eventSourceARN"].rpartition(":")[2]
    url = next((url for url in urls.values() if url.rpartition("/")[2] == queue), None)
    if url is None:
        return
    try:
        queues.keep_back(url, record["receiptHandle"], seconds)
    except Exception as error:
        # It comes back at its visibility timeout instead.
        observe.tell("could not be kept back", error)


def _send_all(done: Sequence[tuple[str, Outcome]], urls: Mapping[str, str]) -> set[str]:
    """Sends what was asked for, the same message once however many ask; the names of those not served."""
    asked: dict[str, tuple[Outgoing, set[str]]] = {}
    for name, outcome in done:
        for send in outcome.sends:
            content = json.dumps([send.queue, send.body, send.delay])
            message = Outgoing(urls[send.queue], send.body, send.delay, of=content)
            asked.setdefault(content, (message, set()))[1].add(name)
    try:
        failed = queues.send([message for message, _ in asked.values()])
    except Exception as error:
        observe.tell("could not send", error)
        failed = set(asked)
    return {name for content in failed for name in asked[content][1]}
