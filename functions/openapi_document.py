"""The API describes itself, in a document made when it was packaged: GET /v1/openapi.json."""

import functools
import json
from pathlib import Path
from typing import Any

from counterfoil.runtime import api, env
from counterfoil.runtime.api import Reply, Request


@functools.cache
def _document() -> dict[str, Any]:
    described: dict[str, Any] = json.loads((Path(__file__).parent / env.text("OPENAPI_FILE")).read_text("utf-8"))
    return described


def _show(_request: Request) -> Reply:
    return Reply(200, _document(), {"cache-control": "public, max-age=3600"})


handler = api.endpoint(_show)
