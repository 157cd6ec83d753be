"""The API's description, made from the models, and the pages to read it by: `python -m infra.openapi`.

The application makes the document itself, in a process of its own: nothing of its code runs in the stacks' process.
"""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.settings import BUILD, ROOT

PAGES = BUILD / "docs"
PAGE = Path(__file__).with_name("openapi_page")
VIEWER = ROOT / "node_modules" / "swagger-ui-dist"
VIEWER_FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "LICENSE", "NOTICE")


@functools.cache
def document() -> bytes:
    """openapi.json."""
    events, merchants = ROOT / "events", ROOT / "infra" / "sandbox" / "merchants.json"
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "counterfoil.openapi", str(events), str(merchants)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "layers" / "core" / "python")},
        check=True,
        stdout=subprocess.PIPE,
    ).stdout


def pages() -> Path:
    """The folder with a page that shows the document: from any server, or opened as a file."""
    PAGES.mkdir(parents=True, exist_ok=True)
    for file in (*PAGE.iterdir(), *(VIEWER / name for name in VIEWER_FILES)):
        shutil.copyfile(file, PAGES / file.name)
    (PAGES / "openapi.json").write_bytes(document())
    # A page that was opened as a file may run a script beside it, but not read other files.
    (PAGES / "openapi.js").write_bytes(b"window.openapi = " + document() + b"\n")
    return PAGES


if __name__ == "__main__":
    print(pages().relative_to(ROOT) / "index.html")  # noqa: T201
