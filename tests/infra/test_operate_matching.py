"""The operators' questions about matching, answered by a function that stands in for the deployed one."""

import io
import json
from typing import Any

import pytest

from infra.operate import deployment
from infra.operate.__main__ import main

EXPLAINED = {
    "state": "matched",
    "customer": ["We found the receipt for this payment and sent it to your bank."],
    "support": [
        {"about": "How it stands", "says": ["Matched."]},
        {"about": "Why this receipt", "says": ["Authorisation code agrees: all but proves it.", "long " * 40]},
    ],
}
FAST = {"says": "1 h fast, ±3 s, 31 sales, 5 min ago", "odd": ["an hour wrong", "drifting"], "figures": {"sales": 31}}
NOTHING = {"says": "nothing learned yet", "odd": [], "figures": {}}
CLOCKS = {
    "shops": [
        {"retailer": "kite", "store": "soho", "scope": "kite/soho", "habits": NOTHING,
         "tills": {"03": FAST, "04": NOTHING}}
    ],
    "more": False,
    "problem": None,
}  # fmt: skip


class Inspecting:
    """Stands for the deployed `inspect_matching`."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.asked: list[dict[str, Any]] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "inspect"
        self.asked.append(json.loads(Payload))
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode())}


@pytest.fixture
def inspecting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Inspecting:
    made = Inspecting(request.param)
    monkeypatch.setattr(deployment, "client", {"lambda": made}.__getitem__)
    monkeypatch.setattr(deployment, "outputs", lambda: {"InspectFunction": "inspect"})
    return made


@pytest.mark.parametrize("inspecting", [EXPLAINED], indirect=True)
def test_explain_asks_by_the_banks_ids_and_prints_both_readers_words(
    inspecting: Inspecting, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "openbank", "cust_42", "tx_0001"]) == 0
    assert inspecting.asked == [{"explain": {"bank": "openbank", "customer": "cust_42", "transaction": "tx_0001"}}]
    lines = capsys.readouterr().out.splitlines()
    assert lines[:6] == [
        "Matched. To the customer",
        "  We found the receipt for this payment and sent it to your bank.",
        "How it stands",
        "  Matched.",
        "Why this receipt",
        "  Authorisation code agrees: all but proves it.",
    ]
    assert max(map(len, lines)) <= 110


@pytest.mark.parametrize("inspecting", [EXPLAINED, CLOCKS], indirect=True)
def test_both_are_given_as_json(inspecting: Inspecting, capsys: pytest.CaptureFixture[str]) -> None:
    order = ["explain", "openbank", "cust_42", "tx_0001"] if "state" in inspecting.answer else ["clocks"]
    assert main([*order, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == inspecting.answer


@pytest.mark.parametrize("inspecting", [CLOCKS], indirect=True)
@pytest.mark.parametrize("named", [[], ["kite"], ["kite", "soho"], ["kite", "soho", "03"]])
def test_clocks_prints_a_line_a_till_with_what_is_odd(
    named: list[str], inspecting: Inspecting, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clocks", *named]) == 0
    asked = dict(zip(("retailer", "store", "till"), [*named, None, None, None], strict=False))
    assert inspecting.asked == [{"clocks": asked}]
    assert capsys.readouterr().out.splitlines() == [
        "kite soho",
        "  shop     nothing learned yet",
        "  03       1 h fast, ±3 s, 31 sales, 5 min ago  ! an hour wrong  ! drifting",
        "  04       nothing learned yet",
    ]


@pytest.mark.parametrize("inspecting", [{**CLOCKS, "more": True}], indirect=True)
def test_that_there_are_more_tills_is_said(inspecting: Inspecting, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clocks"]) == 0
    assert "There are more" in capsys.readouterr().out


@pytest.mark.parametrize("inspecting", [{"shops": [], "more": False, "problem": "no such retailer"}], indirect=True)
def test_what_is_not_registered_is_refused(inspecting: Inspecting, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clocks", "kiwi"]) == 1
    assert capsys.readouterr().err == "clocks: no such retailer\n"


@pytest.mark.parametrize("order", ["explain", "clocks"])
def test_help_teaches_both_orders(order: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([order, "--help"])
    assert ended.value.code == 0
    assert len(capsys.readouterr().out.split()) > 40
