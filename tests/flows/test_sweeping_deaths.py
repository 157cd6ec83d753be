"""A sweep that dies before or after any of its calls, and is run again: the same is left, with one certificate."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from counterfoil.domain import records, retention
from counterfoil.domain.holds import Hold
from counterfoil.runtime import secrets
from counterfoil.store import holds, keys, table
from tests.account import stored
from tests.flows.scenarios import payment, receipt, tell, with_lines
from tests.flows.sweeps import DAY, certificates, change_row, matters, sweep, versions
from tests.flows.test_deaths import READS
from tests.world import World

ALL = "ALL_DEATHS" in os.environ
"""Every moment, not only those that differ."""


@pytest.fixture
def due(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> tuple[World, Callable[[], None]]:
    """What is due: pairs with a large body and with small ones, a receipt that is nobody's, and a pair that is held.

    With a way back to it.
    """
    monkeypatch.setattr(keys, "SHARDS", 2)
    monkeypatch.setattr(retention, "BEGINNING", counterfoil.now.date())
    rows = [row for row in records.RECORDS if row.due in ("transaction", "match", "tender")]
    monkeypatch.setattr(records, "RECORDS", tuple(rows))
    change_row(monkeypatch, "matched transaction", kept=timedelta(days=8))
    for number, customer in enumerate(("cust_42", "cust_43", "cust_42"), start=1):
        amount, named = 7000 + number, {"auth_code": f"CODE{number:02d}", "rrn": None}
        counterfoil.consent(customer)
        sale = receipt(counterfoil, f"soho-03-{number:06d}", amount)
        sale = with_lines(sale, 600) if number == 3 else sale
        sale["tenders"][0] |= named
        tell(counterfoil, payment(counterfoil, f"tx_{number:04d}", amount=amount, customer_id=customer, **named), sale)
    tell(counterfoil, receipt(counterfoil, "soho-03-000099", 99))
    counterfoil.run(60)
    subject = secrets.sealer().subject("openbank", "cust_43")
    table.write(holds.placed(subject, Hold("case-1", "regulator", counterfoil.now)))
    assert matters() == ["D"] * 4 + ["R"] * 4 + ["T"] * 3
    (large,) = {*versions()}
    counterfoil.pass_time(9 * DAY)
    memory = counterfoil.remember()

    def again() -> None:
        counterfoil.restore(memory)
        boto3.client("s3").put_object(Bucket="payloads", Key=large, Body=b"sealed")

    return counterfoil, again


def what_is_left() -> list[Any]:
    """But for the audit trail, whose chain begins at random."""
    trail = [item for item in stored("ledger") if item["pk"].startswith("A#") and item.get("stream") == "ops"]
    rest = [item for item in stored("ledger") if not item["pk"].startswith("A#")]
    return [sorted(map(str, rest)), [(one["what"], str(one["detail"])) for one in trail], stored("salts"), versions()]


def test_a_death_at_any_moment_changes_nothing(due: tuple[World, Callable[[], None]]) -> None:
    world, again = due
    again()
    assert sweep(world) == {"SweepDone": 1, "Swept": 8, "SweepHeld": 1}
    calls = world.calls[-world.passed :]
    expected = what_is_left()
    assert (matters(), versions()) == (["D", "R", "T"], [])
    moments = [
        (number, when)
        for number, name in enumerate(calls)
        for when in ("before", "after")
        if ALL or number == 0 or (when == "after" and name not in READS)
    ]
    died = 0
    for number, when in moments:
        again()
        world.deaths = {number: when}
        said = [sweep(world), sweep(world)]
        died += None in said
        assert what_is_left() == expected, (number, when, calls[number])
        assert len(certificates()) == 1
    assert died >= len(moments) - 1 > 8, "but for the transaction that a hold stops: no death comes after what fails"
