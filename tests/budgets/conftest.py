"""An engine for what is counted. The fixture patches this process, so it ends with its module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.sandbox.engine import running
from tests.budgets.meter import Meter, metered

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.budget)


@pytest.fixture(scope="module")
def meter() -> Iterator[Meter]:
    with running() as engine, metered(engine) as made:
        yield made
