"""`make run`: the embedded engine, the real stacks, banks and shops, and what happens between them.

Stays up until Ctrl-C. With ONCE=1 in the environment it ends after the scenes: exit code 0 when everything was as
expected, else 1.
"""

import os
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from threading import Event

from infra.sandbox import credentials, scenes
from infra.sandbox.deploy import DeployError, Deployment, deploy
from infra.sandbox.engine import ROOT, EngineError, running
from infra.sandbox.partners import Partners, RegistrationError, connected
from infra.sandbox.stage import Stage
from infra.sandbox.terminal import Terminal

ENGINE_PORT = 4566


def main() -> int:
    """The exit code. Everything that was started has ended when it returns."""
    terminal = Terminal()
    terminal.title("Counterfoil: a card payment becomes a receipt in the bank's app")
    try:
        return run(terminal, once=os.environ.get("ONCE") == "1")
    except KeyboardInterrupt:
        terminal.say("Everything is stopped.")
        return 0
    except (EngineError, DeployError, RegistrationError) as error:
        terminal.say(str(error))
        return 1


def run(terminal: Terminal, *, once: bool) -> int:
    """Start, play, and stay up unless `once`."""
    with running(_engine_port()) as engine:
        terminal.say(f"✓ The embedded engine answers at {engine.endpoint}")
        with terminal.step("Deploying the stacks into it") as step:
            deployment = deploy(engine, step.progress)
        with ExitStack() as open_until_the_end:
            with terminal.step("Registering the banks and the shops"):
                partners = open_until_the_end.enter_context(connected(deployment))
            failures = scenes.play(Stage(deployment, partners, terminal))
            _verdict(terminal, failures)
            if not once:
                with credentials.written(deployment, partners) as file:
                    _stay(terminal, deployment, partners, file)
    return 1 if failures else 0


def _verdict(terminal: Terminal, failures: list[str]) -> None:
    terminal.console.print()
    terminal.title("Everything was as expected" if not failures else f"{len(failures)} not as expected")
    for failure in failures:
        terminal.say(f"✗ {failure}")


def _stay(terminal: Terminal, deployment: Deployment, partners: Partners, credentials_file: Path) -> None:
    terminal.addresses(
        {
            "Bank's app": f"{partners.page_url}/?bank=openbank&customer=cust_42",
            "the other bank's": f"{partners.page_url}/?bank=harbourbank&customer=H-1001",
            "their own page with us": f"{deployment.api_url}/connect/openbank",
            "API": deployment.api_url,
            "access tokens": deployment.token_url,
            "engine": deployment.engine.endpoint,
            "its log": str(deployment.engine.log.relative_to(ROOT)),
            "secrets to use them": f"source {credentials_file.relative_to(ROOT)}",
        }
    )
    terminal.say("Up until Ctrl-C.")
    Event().wait()


def _engine_port() -> int:
    """The usual one, or any (0) where that is taken."""
    try:
        with socket.create_server(("127.0.0.1", ENGINE_PORT)):
            return ENGINE_PORT
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
