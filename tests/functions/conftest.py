"""What the functions find in their package."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import openapi


@pytest.fixture(scope="session", autouse=True)
def packaged_description(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    file = tmp_path_factory.mktemp("package") / "openapi.json"
    file.write_bytes(openapi.document())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAPI_FILE", str(file))
        yield file
