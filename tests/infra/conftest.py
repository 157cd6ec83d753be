"""Both deployments, synthesised once for the whole run."""

import pytest

from infra.settings import Settings
from tests.infra.synthesis import BANKS, Synthesis, synthesise


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesise(tmp_path_factory.mktemp("production"), Settings(BANKS))


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesise(tmp_path_factory.mktemp("sandbox"), Settings(BANKS, architecture="x86_64", sandbox=True))


@pytest.fixture(params=["production", "sandbox"])
def either(request: pytest.FixtureRequest) -> Synthesis:
    return request.getfixturevalue(request.param)
