"""Logs and metrics without people: names of things that happened, never what was in them.

Nothing else in Counterfoil writes to a log. What can be told is one of `Happening`, the type of an error and the
places in the code that it went through; an error's message, or any other text, has no way in. What libraries log or
warn of is told without their words, and an error that nobody caught leaves the Lambda without its own (`nameless`),
since the runtime would print it.
"""

import functools
import logging
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, get_args

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

type Happening = Literal[
    "failed", "cannot be worked on", "comes back later", "could not be kept back", "could not send"
]
type Entry = Callable[[Any, object], Any]

_HAPPENINGS: Final = frozenset(get_args(Happening.__value__))
_METRIC: Final = re.compile(r"[A-Z][A-Za-z]{2,39}([1-5]\d\d)?")

_logger = Logger(level="INFO", location=None)
_metrics = Metrics(namespace="Counterfoil")


class Failed(Exception):
    """Something went wrong; the log says what and where. It carries no words, no cause and no values."""


def tell(happening: Happening, error: BaseException) -> None:
    """Logs what happened because of `error`: its type and the places in the code, innermost last."""
    if happening not in _HAPPENINGS:
        raise ValueError("not in the log's vocabulary")
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    fields = {"error": type(error).__name__, "places": places[-8:]}
    write = _logger.info if happening == "comes back later" else _logger.error
    write(happening, extra=fields)


def count(names: Iterable[str]) -> None:
    """Counts each name as often as it comes, as a metric: words in one, such as `ReceiptTaken`, or else `Unnamed`."""
    for name, number in Counter(name if is_metric(name) else "Unnamed" for name in names).items():
        _metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)


def is_metric(name: str) -> bool:
    """Whether this may name a metric: no id, code, address or sentence does."""
    return _METRIC.fullmatch(name) is not None


def flush() -> None:
    """Writes what was counted in this invocation."""
    if _metrics.metric_set:
        _metrics.flush_metrics()


def forget() -> None:
    """Drops what was counted and not written."""
    _metrics.clear_metrics()


def nameless(handler: Entry) -> Entry:
    """A Lambda's handler, of which no error's words reach the runtime: it prints them, and answers with them."""

    @functools.wraps(handler)
    def guarded(event: Any, context: object) -> Any:
        try:
            return handler(event, context)
        except Exception as error:
            tell("failed", error)
        raise Failed

    return guarded


def _record(name: str, level: int, path: str, line: int, words: object, values: Any, *more: Any, **named: Any) -> Any:
    """A log record as it is ours, or without the words, values and error of a library's."""
    if name == _logger.name:
        return logging.LogRecord(name, level, path, line, words, values, *more, **named)
    return logging.LogRecord(name, level, path, line, "a library's words, left out", (), None)


logging.setLogRecordFactory(_record)
# Warnings quote values too: pydantic's say what a field held.
logging.captureWarnings(True)
