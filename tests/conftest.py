"""What every test may ask for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from infra import openapi
from tests.world import World, world

IN_ONE_PROCESS = ("tests/sandbox/", "tests/browser/", "tests/budgets/")
"""They share engines and ports, and some measure how quick things are."""

SYNTHESES = "tests/infra/"
"""They share the stacks' templates, which take half a minute to make."""


class EnginesInOneProcess(LoadScopeScheduling):
    """Each file in one process, as it shares a world; all that needs an engine or a browser in the same one."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(SYNTHESES):
            return "syntheses"
        return "engines" if nodeid.startswith(IN_ONE_PROCESS) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> EnginesInOneProcess:
    return EnginesInOneProcess(config, log)


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
