"""The audit trail's checkpoints, every hour; and the trail verified, by `python -m infra.operate audit verify`."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from counterfoil.flows import auditing
from counterfoil.runtime import env, observe, secrets


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """`{}` takes a checkpoint where anything was recorded: `{"did": [...]}`.

    `{"verify": {"bank", "customer"}}`, both or neither of them None, verifies one customer's chain or all of them, from
    the chain `from` on if that is given: `{"says", "faults", "go_on"}`, where `go_on` is the next `from` or None.
    """
    return _verify(event["verify"]) if "verify" in event else _take()


def _take() -> dict[str, Any]:
    outcome = auditing.take(_now())
    observe.count(outcome.counts)
    observe.flush()
    return {"did": list(outcome.counts)}


def _verify(asked: Mapping[str, str | None]) -> dict[str, Any]:
    (seconds,) = env.seconds("WORK_SECONDS")
    bank, customer = asked.get("bank"), asked.get("customer")
    subject = secrets.sealer().subject(bank, customer) if bank and customer else None
    until = _now() + timedelta(seconds=seconds)
    return asdict(auditing.verify(subject, _now, until, asked.get("from") or ""))


def _now() -> datetime:
    return datetime.now(UTC)
