"""What every test may ask for."""

from collections.abc import Iterator

import pytest

from tests.world import World, world


@pytest.fixture
def counterfoil() -> Iterator[World]:
    """The whole of Counterfoil in this process, on moto, with time standing still."""
    with world() as made:
        yield made
