"""The contract's ground, for every adapter in BANKS."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.ground import ADAPTERS, Ground, ground_of


@pytest.fixture(scope="module", params=list(ADAPTERS))
def founded_ground(request: pytest.FixtureRequest) -> Iterator[tuple[Ground, Any]]:
    """One world a module and wire, and how it was at first."""
    with ground_of(ADAPTERS[request.param]) as made:
        yield made, made.world.remember()


@pytest.fixture
def ground(founded_ground: tuple[Ground, Any]) -> Ground:
    made, beginning = founded_ground
    made.world.restore(beginning)
    return made
