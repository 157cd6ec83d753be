"""The document as it is packaged."""

import json
from typing import Any

import pytest

from infra import openapi


@pytest.fixture(scope="session")
def described() -> dict[str, Any]:
    return json.loads(openapi.document())
