"""Whether a queue is worked off: its event source mapping is held, or released.

A change takes Lambda a while, and meanwhile it refuses another: so nothing is asked for that is so, or is becoming so.
"""

import functools
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 4})


@functools.cache
def _client() -> Any:
    return boto3.client("lambda", config=_CONFIG)


def hold(mapping: str) -> None:
    """Nothing more is taken from the queue; batches under way end as they do."""
    _set(mapping, enabled=False, alike=("Disabled", "Disabling"))


def release(mapping: str) -> None:
    _set(mapping, enabled=True, alike=("Enabled", "Enabling", "Creating", "Updating"))


def _set(mapping: str, *, enabled: bool, alike: tuple[str, ...]) -> None:
    if _client().get_event_source_mapping(UUID=mapping)["State"] not in alike:
        _client().update_event_source_mapping(UUID=mapping, Enabled=enabled)
