"""E-mail to a person, as plain text."""

import functools
from typing import Any

import boto3
from botocore.config import Config

from counterfoil.runtime import env

_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})


@functools.cache
def _client() -> Any:
    return boto3.client("sesv2", config=_CONFIG)


def send(to: str, subject: str, text: str) -> None:
    """Hands it to SES, from the deployment's own address. Raises botocore's errors where it is not taken."""
    _client().send_email(
        FromEmailAddress=env.text("MAIL_SENDER"),
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}},
    )
