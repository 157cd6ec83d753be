"""The retention sweep: deletes what the data map says is over. Every hour; the day's run goes on until it is done."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from counterfoil.flows import sweeping
from counterfoil.runtime import env, observe


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """`{}`: begins the day's run, or goes on with the one under way; `{"anew": true}`: begins one more, as ops say.

    Answers what happened, and how often. `{"dry_run": true}`: what a run would do now, by class. `{"report": true}`:
    that, the periods, how far each class was swept, and the last certificates. Both change nothing.
    """
    now = datetime.now(UTC)
    if event.get("report"):
        return sweeping.report(now)
    if event.get("dry_run"):
        return {due: asdict(counts) for due, counts in sweeping.rehearse(now).items()}
    (seconds,) = env.seconds("WORK_SECONDS")
    work = sweeping.Work(lambda: datetime.now(UTC), seconds)
    counts = sweeping.sweep_due(work, anew=bool(event.get("anew")))
    observe.count(counts.elements())
    observe.flush()
    return dict(counts)
