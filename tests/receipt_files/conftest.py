"""What the tests of receipt files may ask for."""

import pytest

from counterfoil.flows import receipt_files
from tests.receipt_files.desk import Desk
from tests.world import World


@pytest.fixture
def desk(counterfoil: World) -> Desk:
    return Desk(counterfoil)


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt_files, "MOST_RECEIPTS", 2)
