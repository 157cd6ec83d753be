"""What the replay's tests may ask for."""

from pathlib import Path

import pytest

from tests.replay.tape import Tape


@pytest.fixture
def tape(tmp_path: Path) -> Tape:
    return Tape(tmp_path)
