"""What the functions' tests may ask for."""

import pytest

from tests.world import World


@pytest.fixture
def shop(counterfoil: World) -> World:
    counterfoil.consent()
    return counterfoil
