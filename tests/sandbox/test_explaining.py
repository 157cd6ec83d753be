"""Operators ask the deployed Counterfoil why, by their command line."""

import json
from typing import Any

import pytest

from infra.operate import deployment
from infra.operate.__main__ import main
from tests.sandbox.live import Live


@pytest.fixture
def operate(live: Live, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """What an order answers as JSON."""
    monkeypatch.setattr(deployment, "client", live.client)

    def carry_out(*order: str) -> Any:
        assert main([*order, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return carry_out


def test_a_match_and_its_tills_clock_are_told_to_operators(live: Live, operate: Any) -> None:
    live.consent("why_42")
    payment, receipt = live.sale("why", "why_42")
    live.stage.pay("openbank", payment)
    live.stage.print_receipt("kite", receipt)
    assert live.stage.shown("openbank", payment)["state"] == "matched"
    told = operate("explain", "openbank", "why_42", payment["data"]["transaction_id"])
    assert told["state"] == "matched"
    assert "Authorisation code agrees: all but proves it." in str(told["support"])
    [shop] = operate("clocks", "kite", "soho")["shops"]
    assert shop["tills"]["03"]["figures"]["sales"] >= 1
