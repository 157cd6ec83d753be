"""Why a payment has this receipt or none, and what was learned of tills' clocks: for ops alone, never over HTTP.

Called by `python -m infra.operate explain` and `clocks`. It reads, and writes nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from counterfoil.flows import explaining, inspecting
from counterfoil.runtime import env, observe, secrets


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """`{"explain": {"bank", "customer", "transaction"}}` to `{"state", "customer", "support"}`;
    `{"clocks": {"retailer", "store", "till"}}`, each of them or None, to `{"shops", "more", "problem"}`."""
    return _explain(event["explain"]) if "explain" in event else _clocks(event["clocks"])


def _explain(asked: Mapping[str, str]) -> dict[str, Any]:
    given = (asked["bank"], asked["customer"], asked["transaction"])
    day, week = env.seconds("REVISITED_AFTER")
    waits, now = env.seconds("MATCH_WAITS"), datetime.now(UTC)
    return asdict(explaining.explain(*given, secrets.sealer(), waits, (day, week), now))


def _clocks(asked: Mapping[str, str | None]) -> dict[str, Any]:
    given = (asked["retailer"], asked["store"], asked["till"])
    return asdict(inspecting.look_at(*given, secrets.sealer(), datetime.now(UTC)))
