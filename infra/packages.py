"""What is uploaded: the functions and the layers, built on this machine without Docker.

Every package lies under `build/` by the hash of what it is made from, so that a second build costs nothing.
Bytecode is compiled with unchecked hashes: the CDK's archive resets every time to 1980, which would
make bytecode that is dated by its source stale and every cold start a compilation.
"""

import compileall
import hashlib
import py_compile
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from infra import openapi
from infra.settings import BUILD, ROOT, Architecture

# The only AWS services that functions call; the layer carries no other service's description.
AWS_SERVICES = ("dynamodb", "lambda", "s3", "secretsmanager", "sesv2", "sqs")
# Lambda's Python 3.13 runs on a system with glibc 2.34; pip wants each older tag by name.
WHEEL_TAGS = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}


def functions() -> Path:
    """The folder of handlers, flat, with the API's description that one of them serves."""
    return _packaged(ROOT / "functions", "functions", "", "/var/task", {"openapi.json": openapi.document()})


def core_layer() -> Path:
    """Our own package."""
    return _packaged(ROOT / "layers" / "core" / "python", "core", "python", "/opt/python", {})


def library_layer(name: str, architecture: Architecture) -> Path:
    """The libraries of layers/<name>/requirements.txt, as wheels for `architecture`."""
    requirements = ROOT / "layers" / name / "requirements.txt"
    tag = hashlib.sha256(requirements.read_bytes() + repr((AWS_SERVICES, WHEEL_TAGS)).encode()).hexdigest()[:16]
    target = BUILD / f"{name}-{architecture}-{tag}"
    if not target.exists():
        print(f"Layer {name}: fetching wheels for {architecture}", file=sys.stderr)  # noqa: T201
        _build(target, "python", "/opt/python", lambda folder: _install(requirements, architecture, folder))
    return target


def _packaged(source: Path, name: str, inside: str, runtime_path: str, made: Mapping[str, bytes]) -> Path:
    """`source`'s Python files under `build/`, in the folder `inside`, compiled for `runtime_path`.

    `made`: files that lie in no folder, by name.
    """
    files = {str(file.relative_to(source)): file.read_bytes() for file in sorted(source.rglob("*.py"))} | made
    digest = hashlib.sha256()
    for path, content in files.items():
        digest.update(f"{path}\0".encode() + content)
    target = BUILD / f"{name}-{digest.hexdigest()[:16]}"
    if not target.exists():
        _build(target, inside, runtime_path, lambda folder: _write(files, folder))
    return target


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _install(requirements: Path, architecture: Architecture, folder: Path) -> None:
    platforms = [f"--platform={tag}_{MACHINES[architecture]}" for tag in WHEEL_TAGS]
    subprocess.run(  # noqa: S603
        [
            *(sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-compile"),
            *("--no-deps", "--require-hashes", "--only-binary=:all:", "--python-version=3.13", *platforms),
            *(f"--target={folder}", f"--requirement={requirements}"),
        ],
        check=True,
        stdout=sys.stderr,
    )
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for service in (folder / "botocore" / "data").glob("*"):
        if service.is_dir() and service.name not in AWS_SERVICES:
            shutil.rmtree(service)


def _build(target: Path, inside: str, runtime_path: str, fill: Callable[[Path], None]) -> None:
    """Makes `target` at once or not at all, so that a build that was cut short is never taken for done."""
    if sys.version_info[:2] != (3, 13):
        raise RuntimeError("packages are compiled by the Python they run on: use Python 3.13")
    BUILD.mkdir(exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=BUILD))
    folder = unfinished / inside
    folder.mkdir(parents=True, exist_ok=True)
    fill(folder)
    compileall.compile_dir(
        folder,
        quiet=1,
        stripdir=str(folder),
        prependdir=runtime_path,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    try:
        unfinished.rename(target)
    except OSError:
        # Another process built the same meanwhile.
        shutil.rmtree(unfinished)
        if not target.exists():
            raise
