"""What a newcomer needs to play bank and till by hand: one file to `source`, while the sandbox is up."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.sandbox.deploy import Deployment
from infra.sandbox.engine import STATE
from infra.sandbox.partners import Partners

FILE = STATE / "partners.env"


@contextmanager
def written(deployment: Deployment, partners: Partners, file: Path = FILE) -> Iterator[Path]:
    """The file, readable by its owner only, for as long as the context lasts. Its secrets open this sandbox alone."""
    engine = deployment.engine.environment
    aws = {name: value for name, value in engine.items() if name.startswith("AWS_")}
    known = aws | {
        "API": deployment.api_url,
        "TOKEN_URL": deployment.token_url,
        "APP": partners.page_url,
        "OPENBANK_CLIENT": deployment.client_ids["openbank"],
        "OPENBANK_CLIENT_SECRET": deployment.client_secret("openbank"),
        "OPENBANK_SECRET": partners.banks["openbank"].secrets[0],
        "KITE_SECRET": partners.tills["kite"].secret,
    }
    file.touch(mode=0o600)
    file.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(known.items())))
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)
