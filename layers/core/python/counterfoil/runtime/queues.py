"""Sending to queues, in batches of ten, and keeping a message back."""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any, Protocol

import boto3
from botocore.config import Config

from counterfoil.errors import TryAgain
from counterfoil.runtime import env

MOST_A_BATCH = 10
LONGEST_DELAY = 900
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 4})


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for the queue at `url`; `of` is whatever it belongs to, told back where it could not be sent."""

    url: str
    body: Mapping[str, Any]
    delay: int = 0
    of: str = ""


@functools.cache
def _client() -> Any:
    return boto3.client("sqs", config=_CONFIG)


def send(messages: Sequence[Outgoing]) -> set[str]:
    """Sends all, as few requests as it takes. What the messages that could not be sent belong to."""
    failed: set[str] = set()
    for url in dict.fromkeys(message.url for message in messages):
        for batch in batched([message for message in messages if message.url == url], MOST_A_BATCH, strict=False):
            failed |= _send_batch(url, batch)
    return failed


def send_or_fail(messages: Sequence[Outgoing]) -> None:
    """Sends all, or raises TryAgain: then the caller must not say that anything was taken."""
    if send(messages):
        raise TryAgain("a queue did not take a message")


class Send(Protocol):
    """A message for the queue of that name."""

    @property
    def queue(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any]: ...
    @property
    def delay(self) -> int: ...


def announce(message: Send) -> None:
    """Sends what must be on its way before something is written. Raises TryAgain where it could not be sent."""
    send_or_fail([Outgoing(env.queue_urls()[message.queue], message.body, message.delay)])


def _send_batch(url: str, batch: Sequence[Outgoing]) -> set[str]:
    entries = [_entry(index, message) for index, message in enumerate(batch)]
    answer = _client().send_message_batch(QueueUrl=url, Entries=entries)
    return {batch[int(entry["Id"])].of for entry in answer.get("Failed", [])}


def _entry(index: int, message: Outgoing) -> dict[str, Any]:
    body = json.dumps(message.body, separators=(",", ":"))
    entry: dict[str, Any] = {"Id": str(index), "MessageBody": body}
    if message.delay:
        entry["DelaySeconds"] = min(message.delay, LONGEST_DELAY)
    return entry


@dataclass(frozen=True, slots=True)
class Taken:
    """A message taken from a queue by hand; it comes back at the queue's visibility timeout unless it is deleted."""

    body: str
    attempt: int
    handle: str


def take_one(url: str) -> Taken | None:
    """Any message that is visible now."""
    count = "ApproximateReceiveCount"
    answer = _client().receive_message(QueueUrl=url, MaxNumberOfMessages=1, AttributeNames=[count], WaitTimeSeconds=1)
    for message in answer.get("Messages", []):
        return Taken(message["Body"], int(message["Attributes"][count]), message["ReceiptHandle"])
    return None


def delete(url: str, receipt_handle: str) -> None:
    _client().delete_message(QueueUrl=url, ReceiptHandle=receipt_handle)


def keep_back(url: str, receipt_handle: str, seconds: int) -> None:
    """The message comes back after `seconds` (at most twelve hours)."""
    _client().change_message_visibility(QueueUrl=url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)
