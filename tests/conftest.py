"""What every test may ask for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from infra import openapi
from tests.world import World, world

SHARED = {
    "tests/sandbox/test_engine_": "bare engines",
    "tests/sandbox/": "deployment",
    "tests/infra/": "templates",
    "tests/browser/": "browser",
    "tests/budgets/": "budgets",
}
"""What files share that takes long to make, by the beginning of their paths: they stay in one process."""

LONGEST_FIRST = ("deployment", "templates")
"""While one process waits for these, the other does all the rest."""


class SharedInOneProcess(LoadScopeScheduling):
    """Each file in one process, as it shares a world; those that share more than that in the same one."""

    def _split_scope(self, nodeid: str) -> str:
        shared = (name for path, name in SHARED.items() if nodeid.startswith(path))
        return next(shared, nodeid.partition("::")[0])

    def _assign_work_unit(self, node: WorkerController) -> None:
        for name in reversed(LONGEST_FIRST):
            if name in self.workqueue:
                self.workqueue.move_to_end(name, last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedInOneProcess:
    return SharedInOneProcess(config, log)


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
