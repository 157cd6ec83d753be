"""Operators ask the deployed Counterfoil why, by their command line."""

import json
import subprocess
import sys
from typing import Any

from infra.settings import ROOT
from tests.sandbox.live import Live


def operate(live: Live, *order: str) -> Any:
    """What the order answers as JSON."""
    command = [sys.executable, "-m", "infra.operate", *order, "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env=live.deployment.engine.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_match_and_its_tills_clock_are_told_to_operators(live: Live) -> None:
    live.consent("why_42")
    payment, receipt = live.sale("why", "why_42")
    live.stage.pay("openbank", payment)
    live.stage.print_receipt("kite", receipt)
    assert live.stage.shown("openbank", payment)["state"] == "matched"
    told = operate(live, "explain", "openbank", "why_42", payment["data"]["transaction_id"])
    assert told["state"] == "matched"
    assert "Authorisation code agrees: all but proves it." in str(told["support"])
    [shop] = operate(live, "clocks", "kite", "soho")["shops"]
    assert shop["tills"]["03"]["figures"]["sales"] >= 1
