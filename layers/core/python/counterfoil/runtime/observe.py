"""Logs and metrics without people: names of things that happened, never what was in them."""

import traceback
from collections import Counter
from collections.abc import Iterable

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger()
metrics = Metrics(namespace="Counterfoil")


def count(names: Iterable[str]) -> None:
    """Counts each name as often as it comes, as a metric."""
    for name, number in Counter(names).items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)


def flush() -> None:
    """Writes what was counted in this invocation."""
    if metrics.metric_set:
        metrics.flush_metrics()


def failure(what: str, error: BaseException) -> None:
    """Logs an error by type and place. Its message may hold what a partner sent, so it is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    logger.error(what, extra={"error": type(error).__name__, "places": places[-8:]})
