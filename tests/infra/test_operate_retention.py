"""The operators' orders about retention, answered by the real functions in a world of their own."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest

from counterfoil.store import keys
from functions import legal_holds, retention_sweep
from infra.operate import deployment
from infra.operate.__main__ import main
from tests.flows.scenarios import payment, receipt, tell
from tests.flows.sweeps import DAY, change_row, matters
from tests.world import World


class Deployed:
    """Stands for the deployed functions."""

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        answer = {"sweep": retention_sweep, "holds": legal_holds}[FunctionName].handler(json.loads(Payload), None)
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def shop(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A customer with a receipt whose time is over."""
    monkeypatch.setattr(deployment, "client", {"lambda": Deployed()}.__getitem__)
    monkeypatch.setattr(deployment, "outputs", lambda: {"SweepFunction": "sweep", "HoldsFunction": "holds"})
    monkeypatch.setattr(keys, "SHARDS", 2)
    change_row(monkeypatch, "matched transaction", kept=timedelta(days=10))
    counterfoil.consent()
    tell(counterfoil, payment(counterfoil), receipt(counterfoil))
    counterfoil.run(60)
    counterfoil.pass_time(11 * DAY)
    return counterfoil


def told(capsys: pytest.CaptureFixture[str], *order: str) -> str:
    assert main(order) == 0
    return capsys.readouterr().out


def test_a_dry_run_and_the_report_say_what_a_run_then_does(shop: World, capsys: pytest.CaptureFixture[str]) -> None:
    due = "read 1  deleted 3  redacted 0  held 0  failed 0"
    before = matters()
    assert told(capsys, "retention", "run", "--dry-run").split("match", 1)[1].split("\n")[0].strip() == due
    report = told(capsys, "retention", "report")
    assert "match            matched transaction: 10 days; swept through 2026-10-31" in report
    assert due in report
    assert matters() == before
    assert "SweepDone 1" in told(capsys, "retention", "run")
    assert matters() == []
    assert told(capsys, "retention", "run", "--dry-run") == "Nothing is due.\n"
    assert f"Certificate {shop.now:%Y-%m-%d}" in told(capsys, "retention", "report")


def test_a_customers_hold_stops_the_sweep_until_it_is_released(shop: World, capsys: pytest.CaptureFixture[str]) -> None:
    hold = ("hold", "put", "case-7", "openbank", "cust_42", "--ground", "legal claim")
    assert told(capsys, *hold) == "Held.\n"
    assert told(capsys, *hold) == "Held before.\n"
    assert "case-7  legal claim  since 2026-" in told(capsys, "hold", "list")
    assert "held 1" in told(capsys, "retention", "run", "--dry-run")
    told(capsys, "retention", "run")
    assert matters() == ["D", "R", "T"]
    release = ("hold", "release", "case-7", "openbank", "cust_42")
    assert told(capsys, *release) == "Released.\n"
    assert told(capsys, *release) == "None.\n"
    assert told(capsys, "hold", "list") == ""
    told(capsys, "retention", "run")
    assert matters() == []


def test_a_class_is_held_as_a_whole(shop: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "hold", "put", "case-8", "--class", "match", "--ground", "regulator") == "Held.\n"
    told(capsys, "retention", "run")
    assert matters() == ["D", "R", "T"]
    assert "held as a class: match" in told(capsys, "retention", "report")
    told(capsys, "hold", "release", "case-8", "--class", "match")
    told(capsys, "retention", "run")
    assert matters() == []


@pytest.mark.parametrize(
    "order",
    [
        ("put", "case-9", "--class", "no-such", "--ground", "police"),
        ("put", "case-9", "openbank", "--ground", "police"),
        ("release", "case-9", "openbank", "cust_42", "--class", "match"),
    ],
)
def test_a_hold_on_nothing_is_refused(shop: World, capsys: pytest.CaptureFixture[str], order: tuple[str, ...]) -> None:
    assert main(("hold", *order)) == 1
    assert capsys.readouterr().err.startswith("hold: ")
