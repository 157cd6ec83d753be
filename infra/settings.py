"""What a deployment is told: the context of the CDK app, read and checked once."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from aws_cdk import aws_lambda as lambda_
from constructs import Node

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"

Architecture = Literal["arm64", "x86_64"]


@dataclass(frozen=True)
class Settings:
    """One deployment.

    `banks` are the names from banks.json, in its order: each gets a queue, dead letters, a mapping,
    alarms and an OAuth client. `mail_sender`: the address that e-mail comes from; SES must know it.
    Waits are seconds; one attempt follows each delivery wait.
    """

    banks: tuple[str, ...]
    architecture: Architecture = "arm64"
    sandbox: bool = False
    mail_sender: str = "receipts@counterfoil.example"

    @property
    def machine(self) -> lambda_.Architecture:
        return lambda_.Architecture.ARM_64 if self.architecture == "arm64" else lambda_.Architecture.X86_64

    @property
    def match_waits(self) -> tuple[int, ...]:
        return (2, 4, 8) if self.sandbox else (15, 60, 600)

    @property
    def revisited_after(self) -> tuple[int, int]:
        """When an open payment is decided once more, and when it is closed."""
        return (10, 3600) if self.sandbox else (24 * 3600, 7 * 24 * 3600)

    @property
    def revisit_spread(self) -> int:
        """Over how many seconds such decisions are spread (SQS delays by at most 900)."""
        return 1 if self.sandbox else 900

    @property
    def delivery_waits(self) -> tuple[int, ...]:
        if self.sandbox:
            return (1, 2, 3, 4, 5, 6, 7, 8)
        return (5, 300, 1800, 7200, 18000, 36000, 43200, 43200, 43200, 43200, 43200)

    @property
    def stopped_again_after(self) -> int:
        """When what a customer stopped is looked at once more: after the longest that a message is worked on."""
        return 12 if self.sandbox else 900

    @property
    def erasure_waits(self) -> tuple[int, int, int]:
        """Until nothing is under way any more, between two looks, and for a bank to take what is recalled."""
        return (16, 2, 45) if self.sandbox else (900, 900, 6 * 3600)

    @property
    def file_spread(self) -> int:
        """Over how many seconds the receipts of a large file are spread at most (SQS delays by 900)."""
        return 2 if self.sandbox else 600

    @classmethod
    def of(cls, node: Node) -> Self:
        """From `-c arch=`, `-c sandbox=true`, `-c banks=<file>` and `-c mail_sender=<address>`.

        Raises ValueError with the reason when one of them cannot be used.
        """
        architecture = node.try_get_context("arch") or "arm64"
        if architecture not in ("arm64", "x86_64"):
            raise ValueError("context arch: arm64 or x86_64")
        banks = node.try_get_context("banks") or "infra/banks.json"
        sandbox = str(node.try_get_context("sandbox")).lower() == "true"
        sender = node.try_get_context("mail_sender") or cls.mail_sender
        return cls(bank_names(ROOT / banks), architecture, sandbox, sender)


def bank_names(path: Path) -> tuple[str, ...]:
    """The names of the banks that a banks.json registers; ValueError where one cannot name a queue."""
    names = tuple(bank["bank"] for bank in json.loads(path.read_text())["banks"])
    for name in names:
        if name in ("match", "files", "links", "rights") or not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name):
            raise ValueError(f"{path.name}: a bank's name is a lower-case word of at most 31 letters and digits")
    if not names or len(set(names)) != len(names):
        raise ValueError(f"{path.name}: at least one bank, and each once")
    return names
