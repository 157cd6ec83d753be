"""Both deployments, synthesised once for the whole run, and the account that the operators' commands work in."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from infra.operate import deployment
from infra.settings import Settings
from tests.infra.deployed import Erasing, Stacks, make_queues
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


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The stand-ins, by service, for what is not moto's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    real = deployment.client
    with mock_aws():
        functions = {"RegisterFunction": "register", "ProbeFunction": "probe", "ErasuresFunction": "erasures"}
        outputs = {"Queues": json.dumps(make_queues()), "AuditDeskFunction": "desk", **functions}
        services: dict[str, Any] = {"cloudformation": Stacks(outputs), "lambda": Erasing()}
        monkeypatch.setattr(deployment, "client", lambda service: services.get(service) or real(service))
        yield services
