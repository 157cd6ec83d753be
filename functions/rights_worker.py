"""What a customer's choice or request leaves to be done, piece by piece: the queue of rights.

A message names its task and carries opaque names only. A piece may be repeated, and died in, at any point; what has
more to do sends a message for the next.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from counterfoil.documents.archive import Archive
from counterfoil.errors import Poison
from counterfoil.flows import erasing, exporting, pursuing, stopping
from counterfoil.flows.linking import Outside
from counterfoil.flows.outcome import Outcome
from counterfoil.runtime import batch, env, http, observe, secrets
from counterfoil.runtime.batch import Received

Task = Callable[[Mapping[str, Any], Outside], Outcome]


def _stop(body: Mapping[str, Any], outside: Outside) -> Outcome:
    (again_after,) = env.seconds("STOPPED_AGAIN_AFTER")
    return stopping.stop(body, outside, again_after)


def _erase(body: Mapping[str, Any], outside: Outside) -> Outcome:
    return erasing.erase(body, outside, erasing.Waits(*env.seconds("ERASURE_WAITS")))


def _export(body: Mapping[str, Any], outside: Outside) -> Outcome:
    return exporting.export(body, outside, Archive)


_TASKS: Mapping[str, Task] = {
    "request": pursuing.pursue,
    "stop": _stop,
    "erase": _erase,
    "export": _export,
}


def _work(message: Received) -> Outcome:
    task = _TASKS.get(message.body.get("task")) if isinstance(message.body, dict) else None
    if task is None:
        raise Poison("not a message of ours")
    return task(message.body, Outside(secrets.sealer(), http.send, secrets.active, lambda: datetime.now(UTC)))


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> batch.Failures:
    return batch.work_off(event, _work, env.queue_urls())
