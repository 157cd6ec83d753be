"""Ops load who takes part: all of both files, or nothing and every problem with its line."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from counterfoil.banks import BANKS
from counterfoil.domain import registration
from counterfoil.domain.audit import OPS
from counterfoil.domain.registration import RegistrationInvalid
from counterfoil.store import audit, registry

REQUIRED = {adapter.name: adapter.requires for adapter in BANKS}


@dataclass(frozen=True, slots=True)
class Registered:
    """How many of each were taken in; `frozen_ids` are merchant ids that another retailer claims too."""

    merchants: int
    banks: int
    frozen_ids: int


def register(
    merchants_text: str | None, banks_text: str | None, now: datetime, *, allow_loopback: bool
) -> tuple[Registered | None, list[dict[str, Any]]]:
    """What was registered, or None and the problems: `file`, `line`, `field`, `message` each."""
    merchants, wrong = _parsed("merchants", merchants_text, registration.parse_merchants)
    banks, also_wrong = _parsed(
        "banks", banks_text, lambda text: registration.parse_banks(text, REQUIRED, allow_loopback=allow_loopback)
    )
    if wrong or also_wrong:
        return None, [*wrong, *also_wrong]
    audit.append(OPS, "registration", _detail(merchants=merchants_text, banks=banks_text), now)
    for bank in banks:
        registry.register_bank(bank)
    frozen = [merchant_id for merchant in merchants for merchant_id in registry.register_merchant(merchant)]
    return Registered(len(merchants), len(banks), len(frozen)), []


def _detail(**files: str | None) -> dict[str, str]:
    """Which files, by their SHA-256."""
    return {name: sha256(text.encode()).hexdigest() for name, text in files.items() if text is not None}


def _parsed[T](
    file: str, text: str | None, parse: Callable[[str], Sequence[T]]
) -> tuple[Sequence[T], list[dict[str, Any]]]:
    if text is None:
        return [], []
    try:
        return parse(text), []
    except RegistrationInvalid as error:
        return [], [{"file": file} | asdict(problem) for problem in error.problems]
