"""Engines for the tests: one bare, one with Counterfoil deployed, each started once and ended by its pid."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.sandbox.deploy import Deployment, deploy
from infra.sandbox.engine import Engine, running
from infra.sandbox.partners import Partners, connected
from tests.sandbox.live import Live

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="session")
def mended_engine() -> Iterator[Engine]:
    with running() as engine:
        yield engine


@pytest.fixture(scope="session")
def plain_engine() -> Iterator[Engine]:
    with running(plain=True) as engine:
        yield engine


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """A bare engine, with IAM and tokens enforced; `plain` as parameter leaves the patches out."""
    kind = getattr(request, "param", "mended")
    found: Engine = request.getfixturevalue(f"{kind}_engine")
    return found


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    """Counterfoil's own stacks, deployed into an engine of their own."""
    with running() as engine:
        yield deploy(engine, print)


@pytest.fixture(scope="session")
def partners(deployment: Deployment) -> Iterator[Partners]:
    """Its banks and tills; connected once, since the functions remember for a while where a bank listens."""
    with connected(deployment) as partners:
        yield partners


@pytest.fixture(scope="module")
def live(deployment: Deployment, partners: Partners, request: pytest.FixtureRequest) -> Live:
    """The deployment with its partners, its queues emptied of what other modules left."""
    made = Live(deployment, partners, take=request.module.__name__.rpartition("_")[2])
    for bank in partners.banks.values():
        bank.behave(None)
    made.empty_queues()
    return made
