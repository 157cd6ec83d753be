"""What every test may ask for."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import openapi
from tests.world import World, world

HERE = Path(__file__).parent
IN_ONE_PROCESS = ("sandbox", "browser", "budgets")
"""They share engines and ports, and some measure how quick things are. The rest is spread over the other processes."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(HERE).parts[0] in IN_ONE_PROCESS:
            item.add_marker(pytest.mark.xdist_group("engine"))


@pytest.fixture(scope="session")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The API's description, where the function that serves it finds it."""
    file = tmp_path_factory.mktemp("package") / "openapi.json"
    file.write_bytes(openapi.document())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAPI_FILE", str(file))
        yield json.loads(openapi.document())


@pytest.fixture(scope="module")
def founded(described: dict[str, Any]) -> Iterator[tuple[World, Any]]:
    """One world a module, and how it was when it was founded: making one takes half a second."""
    with world() as made:
        yield made, made.remember()


@pytest.fixture
def counterfoil(founded: tuple[World, Any]) -> World:
    """The whole of Counterfoil in this process, on moto, with time standing still."""
    made, beginning = founded
    made.restore(beginning)
    return made
