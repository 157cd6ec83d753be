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
    known = {name: value for name, value in engine.items() if name.startswith("AWS_")}
    known |= {"API": deployment.api_url, "TOKEN_URL": deployment.token_url, "APP": partners.page_url}
    known["MONZO"] = partners.monzo_url
    for name, bank in partners.banks.items():
        known[f"{name.upper()}_CLIENT"] = deployment.client_ids[name]
        known[f"{name.upper()}_CLIENT_SECRET"] = deployment.client_secret(name)
        known[f"{name.upper()}_SECRET"] = bank.secrets[0]
        if bank.signing_key != bank.secrets[0]:
            known[f"{name.upper()}_KEY"] = bank.signing_key
    known |= {f"{name.upper()}_SECRET": till.secret for name, till in partners.tills.items()}
    file.touch(mode=0o600)
    file.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(known.items())))
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)
