"""Runs of the retention sweep, for tests: one that may die, rows as if they had been changed, and what is left."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from counterfoil.domain import records
from functions import retention_sweep
from tests.account import stored
from tests.world import Death, World

DAY = 86_400
YEARS = timedelta(days=2192)


def sweep(world: World, **order: Any) -> dict[str, Any] | None:
    """One invocation of the function, and what it said; None where it died."""
    world.mortal += 1
    world.lives.append(world.passed)
    try:
        return retention_sweep.handler(order, None)
    except Death:
        return None
    finally:
        world.mortal -= 1


def change_row(monkeypatch: pytest.MonkeyPatch, name: str, **changes: Any) -> None:
    """As if the row said otherwise."""
    rows = tuple(replace(row, **changes) if row.name == name else row for row in records.RECORDS)
    assert rows != records.RECORDS
    monkeypatch.setattr(records, "RECORDS", rows)


def of_kind(*letters: str) -> list[dict[str, Any]]:
    return sorted((item for item in stored("ledger") if item["pk"][0] in letters), key=lambda item: item["pk"])


def matters() -> list[str]:
    """The kinds of what is left of payments and receipts."""
    return [item["pk"][0] for item in of_kind("T", "R", "D")]


def certificates() -> list[dict[str, Any]]:
    return [item for item in stored("ledger") if item["pk"] == "S#certificates"]


def versions() -> list[str]:
    """Every version and delete marker of every object that holds a body."""
    answer = boto3.client("s3").list_object_versions(Bucket="payloads")
    return [one["Key"] for one in [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]]
