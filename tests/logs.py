"""Everything that a Lambda would have written to its log: ours, the metrics, and whatever a library says."""

import io
import logging
import sys
from collections.abc import Callable, Iterator

import pytest

from counterfoil.runtime import observe


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """All that was written so far. Of libraries it has a level more than Lambda would hear."""
    written, root = io.StringIO(), logging.getLogger()
    ours = observe._logger.registered_handler
    before, level = ours.setStream(written), root.level
    everyone = logging.StreamHandler(written)
    root.addHandler(everyone)
    root.setLevel(logging.INFO)

    def so_far() -> str:
        written.write("".join(capsys.readouterr()))
        return written.getvalue()

    yield so_far
    root.setLevel(level)
    root.removeHandler(everyone)
    ours.setStream(before)


def lambda_tells(handler: Callable[[object, object], object], event: object) -> None:
    """Calls a handler as Lambda's runtime does, which prints the error that nobody caught, with its message."""
    try:
        handler(event, None)
    except Exception:
        sys.excepthook(*sys.exc_info())
