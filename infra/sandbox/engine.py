"""The embedded engine as a child process of ours: started, waited for, and ended by its process id.

It listens on 127.0.0.1 only. Whatever is started against it gets `Engine.environment`, in which no
configuration file, credential or endpoint of a real account can be found.
"""

import contextlib
import functools
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

ROOT = Path(__file__).parents[2]
STATE = ROOT / ".sandbox"
ACCOUNT = "111122223333"
REGION = "eu-west-1"
LAUNCHER = Path(__file__).with_name("launcher.py")
START_SECONDS = 30
STOP_SECONDS = 5
_one_at_a_time = threading.Lock()


class EngineError(Exception):
    """The engine did not start, or ended; the message says why and where its log is."""


def require_loopback(endpoint: str) -> str:
    """`endpoint` itself, if it is plain HTTP to a loopback address; else ValueError."""
    parts = urlsplit(endpoint)
    with contextlib.suppress(ValueError):
        if parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback:
            return endpoint
    raise ValueError("the sandbox talks to 127.0.0.1 only, never to an account")


@dataclass(frozen=True)
class Engine:
    """A running engine. `log` is its log file, `pid` its process."""

    endpoint: str
    pid: int
    log: Path

    def __post_init__(self) -> None:
        require_loopback(self.endpoint)

    @functools.cached_property
    def environment(self) -> dict[str, str]:
        """The environment of a child process (the CDK CLI, an SDK) that is to talk to this engine."""
        return _isolated(os.environ) | {
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": self.endpoint,
        }

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """A boto3 client for this engine, as the account's root, or with the `Credentials` of an
        AssumeRole answer."""
        keys = credentials or {"AccessKeyId": ACCOUNT, "SecretAccessKey": "test"}
        with _one_at_a_time:  # a session is not made for several threads
            return _session().client(
                service,
                endpoint_url=self.endpoint,
                aws_access_key_id=keys["AccessKeyId"],
                aws_secret_access_key=keys["SecretAccessKey"],
                aws_session_token=keys.get("SessionToken"),
                config=Config(
                    signature_version="s3v4" if service == "s3" else "v4",
                    s3={"addressing_style": "path"},
                    retries={"mode": "standard", "total_max_attempts": 1},
                    max_pool_connections=50,
                    inject_host_prefix=False,
                ),
            )


@functools.cache
def _session() -> boto3.Session:
    """One for all clients: it reads each service's description, which is slow, only once."""
    return boto3.Session(region_name=REGION)


@contextlib.contextmanager
def running(port: int = 0, *, plain: bool = False) -> Iterator[Engine]:
    """A healthy engine on `port` (0: a free one) for as long as the block runs; its state ends with it.

    `plain` starts it without the launcher's patches. A SIGTERM ends the block as Ctrl-C does.
    Raises EngineError.
    """
    port = _bindable(port)
    STATE.mkdir(exist_ok=True)
    remove_old(STATE.glob("engine-*.log"), hours=24)
    scratch, log = STATE / f"engine-{port}", STATE / f"engine-{port}.log"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    process = _start(port, scratch, log, plain)
    try:
        with _terminable():
            engine = Engine(f"http://127.0.0.1:{port}", process.pid, log)
            _wait_until_healthy(engine, process)
            yield engine
    finally:
        _stop(process)
        shutil.rmtree(scratch, ignore_errors=True)


def remove_old(paths: Iterable[Path], hours: float) -> None:
    """Removes those files and folders that were not touched for `hours`."""
    for path in paths:
        if path.stat().st_mtime > time.time() - hours * 3600:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def python() -> Path:
    """The Python of the engine's own environment (it pins its own botocore)."""
    found = ROOT / ".venv-engine" / "bin" / "python"
    if not found.exists():
        raise EngineError(f"{found.relative_to(ROOT)} is missing: `make test` and `make run` install it")
    return found


def _start(port: int, scratch: Path, log: Path, plain: bool) -> subprocess.Popen[bytes]:
    environment = _isolated(os.environ) | {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": "unix:///dev/null/no-docker",  # it would otherwise remove containers that are not ours
        "S3_DATA_DIR": str(scratch / "s3"),
        "TMPDIR": str(scratch),
        "PYTHONUNBUFFERED": "1",
    }
    command = [str(python()), "-P", str(LAUNCHER), str(os.getpid()), *(["plain"] if plain else [])]
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            env=environment,
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us, and we end the engine in our own order
        )


def _isolated(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if not name.startswith(("AWS_", "PYTHON"))}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "NO_PROXY": "127.0.0.1,localhost",
    }


def _bindable(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise EngineError(f"port {port} of 127.0.0.1 is taken by another program") from error
        return int(probe.getsockname()[1])


def _wait_until_healthy(engine: Engine, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"{engine.endpoint}/_ministack/health", timeout=1)
            return
        time.sleep(0.05)
    last = engine.log.read_text(errors="replace").strip().splitlines()[-1:]
    raise EngineError(f"the engine did not start: {''.join(last)} (log: {engine.log.relative_to(ROOT)})")


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Turns SIGTERM into SystemExit, so that `finally` runs, in the main thread of a program."""
    try:
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    except ValueError:  # not the main thread: whoever owns it decides
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the engine, and whatever functions still run in its process group."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: nobody left in the group
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
