"""The operators' orders about the audit trail, answered by a function that stands in for the deployed one."""

import io
import json
from typing import Any

import pytest

from infra.operate import deployment
from infra.operate.__main__ import main

HOLDS = {"says": ["2 checkpoints.", "3 chains with 9 entries."], "faults": [], "go_on": None}
BROKEN = HOLDS | {"faults": ["chain ab: entry 3 missing"]}


class Auditing:
    """Stands for the deployed functions: gives one answer after the other."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.called: list[str] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        self.called.append(FunctionName)
        self.asked.append(json.loads(Payload))
        return {"Payload": io.BytesIO(json.dumps(self.answers.pop(0)).encode())}


@pytest.fixture
def auditing(monkeypatch: pytest.MonkeyPatch) -> Auditing:
    made = Auditing()
    monkeypatch.setattr(deployment, "client", {"lambda": made}.__getitem__)
    monkeypatch.setattr(deployment, "outputs", lambda: {"AuditFunction": "audit", "AuditDeskFunction": "desk"})
    return made


def test_a_trail_that_holds_is_said_to_hold(auditing: Auditing, capsys: pytest.CaptureFixture[str]) -> None:
    auditing.answers = [HOLDS]
    assert main(["audit", "verify"]) == 0
    assert auditing.asked == [{"verify": {"bank": None, "customer": None, "from": ""}}]
    assert capsys.readouterr().out.splitlines()[1].startswith("It holds")


def test_one_customers_is_asked_for_by_the_banks_ids(auditing: Auditing) -> None:
    auditing.answers = [HOLDS]
    assert main(["audit", "verify", "--subject", "openbank", "cust_42"]) == 0
    assert auditing.asked == [{"verify": {"bank": "openbank", "customer": "cust_42", "from": ""}}]


def test_where_it_breaks_is_told_and_refused(auditing: Auditing, capsys: pytest.CaptureFixture[str]) -> None:
    """Over several calls; a fault of the checkpoints, which each call tells, once."""
    auditing.answers = [BROKEN | {"faults": ["checkpoint 2 is missing"], "go_on": "cd"},
                        BROKEN | {"faults": ["checkpoint 2 is missing", "chain cd: entry 1 missing"]}]  # fmt: skip
    assert main(["audit", "verify"]) == 1
    assert [asked["verify"]["from"] for asked in auditing.asked] == ["", "cd"]
    assert capsys.readouterr().err.splitlines() == [
        "checkpoint 2 is missing",
        "chain cd: entry 1 missing",
        "audit: 2 found. The trail is not as it was recorded.",
    ]


def test_a_checkpoint_is_taken_now(auditing: Auditing, capsys: pytest.CaptureFixture[str]) -> None:
    auditing.answers = [{"did": ["CheckpointTaken"]}]
    assert main(["audit", "checkpoint"]) == 0
    assert auditing.asked == [{}]
    assert capsys.readouterr().out == "CheckpointTaken\n"


MADE = {
    "id": "f1", "at": "2026-11-28T09:00:00Z", "authority": "Metropolitan Police", "ground": "crime",
    "law": "prevention of crime", "reference": "CR/2026/117", "records": ["matched transaction"], "told": False,
}  # fmt: skip
DISCLOSE = ["disclose", "openbank", "cust_42", "--authority", "Metropolitan Police", "--ground", "crime",
            "--reference", "CR/2026/117", "--what", "matched transaction"]  # fmt: skip


def test_a_disclosure_is_recorded_and_told_in_words(auditing: Auditing, capsys: pytest.CaptureFixture[str]) -> None:
    auditing.answers = [{"disclosures": [MADE]}]
    assert main(DISCLOSE) == 0
    order = {"bank": "openbank", "customer": "cust_42", "authority": "Metropolitan Police", "ground": "crime",
             "reference": "CR/2026/117", "records": ["matched transaction"]}  # fmt: skip
    assert (auditing.called, auditing.asked) == (["desk"], [{"disclose": order}])
    assert capsys.readouterr().out.splitlines() == [
        "2026-11-28T09:00:00Z  Metropolitan Police  CR/2026/117  matched transaction",
        "    prevention of crime; NOT to be told to the customer",
    ]


@pytest.mark.parametrize("left_out", ["--authority", "--ground", "--reference", "--what"])
def test_nothing_is_disclosed_without_ground_and_reference(left_out: str, auditing: Auditing) -> None:
    place = DISCLOSE.index(left_out)
    with pytest.raises(SystemExit):
        main([*DISCLOSE[:place], *DISCLOSE[place + 2 :]])
    assert auditing.asked == []


def test_what_is_wrong_with_a_disclosure_is_told(auditing: Auditing, capsys: pytest.CaptureFixture[str]) -> None:
    auditing.answers = [{"problems": ["reference: must be 1 to 64 of A-Z"]}]
    assert main(DISCLOSE) == 1
    assert capsys.readouterr().err == "reference: must be 1 to 64 of A-Z\n"


@pytest.mark.parametrize(
    ("named", "asked"),
    [([], {"days": 31}), (["--days", "3"], {"days": 3}), (["b", "c"], {"bank": "b", "customer": "c"})],
)
def test_disclosures_are_listed(named: list[str], asked: dict[str, Any], auditing: Auditing) -> None:
    auditing.answers = [{"disclosures": []}]
    assert main(["disclosures", *named]) == 0
    assert auditing.asked == [{"list": asked}]
    assert main(["disclosures", "openbank"]) == 1
