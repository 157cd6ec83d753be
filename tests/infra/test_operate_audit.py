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

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "audit"
        self.asked.append(json.loads(Payload))
        return {"Payload": io.BytesIO(json.dumps(self.answers.pop(0)).encode())}


@pytest.fixture
def auditing(monkeypatch: pytest.MonkeyPatch) -> Auditing:
    made = Auditing()
    monkeypatch.setattr(deployment, "client", {"lambda": made}.__getitem__)
    monkeypatch.setattr(deployment, "outputs", lambda: {"AuditFunction": "audit"})
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
