"""What every test may ask for."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.world import World, world


@pytest.fixture(scope="module")
def founded() -> Iterator[tuple[World, Any]]:
    """One world a module, and how it was when it was founded: making one takes half a second."""
    with world() as made:
        yield made, made.remember()


@pytest.fixture
def counterfoil(founded: tuple[World, Any]) -> World:
    """The whole of Counterfoil in this process, on moto, with time standing still."""
    made, beginning = founded
    made.restore(beginning)
    return made
