"""Ops load merchants.json and banks.json; called by `python -m infra.operate register`, never over HTTP."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from counterfoil.flows import registering
from counterfoil.runtime import env, observe


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """`{"merchants": text or None, "banks": text or None}` to `{"registered": counts}` or `{"problems": [...]}`."""
    registered, problems = registering.register(
        event.get("merchants"),
        event.get("banks"),
        datetime.now(UTC),
        allow_loopback=env.flag("ALLOW_LOOPBACK_CALLBACKS"),
    )
    return {"registered": asdict(registered)} if registered else {"problems": problems}
