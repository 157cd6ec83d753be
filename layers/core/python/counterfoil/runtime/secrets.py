"""Secrets by name, from Secrets Manager through a cache of five minutes, so that a rotation is seen."""

import functools
import time
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from counterfoil.runtime import env
from counterfoil.sealing import Sealer

CACHE_SECONDS = 300
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 4})

_cache: dict[str, tuple[float, str | None]] = {}


@functools.cache
def _client() -> Any:
    return boto3.client("secretsmanager", config=_CONFIG)


def forget() -> None:
    """Empties the caches."""
    _cache.clear()
    sealer.cache_clear()


@functools.cache
def sealer() -> Sealer:
    """The keys derived from the managed secret. Raises KeyError where there is none."""
    secret = _read(env.text("SEALING_SECRET"))
    if secret is None:
        raise KeyError("the sealing secret is missing")
    return Sealer(secret.encode())


def active(names: Sequence[str]) -> list[str]:
    """The values of the named secrets, without those that were deleted: they are retired."""
    return [value for name in names if (value := _read(name)) is not None]


def _read(name: str) -> str | None:
    until, value = _cache.get(name, (0.0, None))
    if time.monotonic() >= until:
        value = _fetch(name)
        _cache[name] = (time.monotonic() + CACHE_SECONDS, value)
    return value


def _fetch(name: str) -> str | None:
    try:
        return str(_client().get_secret_value(SecretId=name)["SecretString"])
    except ClientError as error:
        # InvalidRequest: marked for deletion.
        if error.response["Error"]["Code"] in ("ResourceNotFoundException", "InvalidRequestException"):
            return None
        raise
