"""The operators' orders about requests under data protection law, answered by a function that stands for the deployed
one."""

import io
import json
from typing import Any

import pytest

from infra.operate import deployment
from infra.operate.__main__ import main

ROWS = [
    {"request": "prq_late", "kind": "rectification", "state": "in_progress", "origin": "bank", "received_at": "x",
     "due_by": "2026-11-20", "overdue": True},
    {"request": "prq_waits", "kind": "access", "state": "waiting_for_identity", "origin": "public", "received_at": "x",
     "due_by": None, "overdue": False},
]  # fmt: skip
ONE = {
    "request": "prq_late", "kind": "erasure", "state": "partial", "due_by": "2026-12-21",
    "message": "You asked us to erase your data.\n\n" + "Part of it is done. " * 12,
    "words": {"email": "somebody@example.com"}, "phases": {"records": "failed"},
    "history": [["2026-11-20T09:00:00Z", "received", ""], ["2026-11-20T09:00:05Z", "phase", "records: failed"]],
}  # fmt: skip


class Desk:
    """Stands for the deployed `rights_clock`."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.asked: list[dict[str, Any]] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "clock"
        self.asked.append(json.loads(Payload))
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode())}


@pytest.fixture
def desk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(request.param)
    monkeypatch.setattr(deployment, "client", {"lambda": made}.__getitem__)
    monkeypatch.setattr(deployment, "outputs", lambda: {"RightsClockFunction": "clock"})
    return made


@pytest.mark.parametrize("desk", [{"requests": ROWS}], indirect=True)
def test_the_open_ones_are_listed_and_what_is_late_is_marked(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rights", "list"]) == 0
    late, waits = capsys.readouterr().out.splitlines()
    assert late.split() == ["!", "2026-11-20", "prq_late", "rectification", "in_progress", "bank"]
    assert waits.split() == ["waits", "prq_waits", "access", "waiting_for_identity", "public"]
    assert main(["rights", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == ROWS
    assert desk.asked == [{"order": "list"}] * 2


@pytest.mark.parametrize("desk", [{"requests": []}], indirect=True)
def test_none_open_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rights", "list"]) == 0
    assert capsys.readouterr().out == "There are no open requests.\n"


@pytest.mark.parametrize("desk", [ONE], indirect=True)
@pytest.mark.parametrize(
    ("order", "asked"),
    [
        ("show prq_1", {"order": "show"}),
        ("prove prq_1 openbank cust_42", {"order": "prove", "bank": "openbank", "customer": "cust_42"}),
        ("ask-identity prq_1", {"order": "ask-identity"}),
        ("ask-clarification prq_1 Which?", {"order": "ask-clarification", "question": "Which?"}),
        ("clarified prq_1 Both.", {"order": "clarified", "answer": "Both."}),
        ("extend prq_1 complex", {"order": "extend", "reason": "complex"}),
        ("refuse prq_1 excessive", {"order": "refuse", "reason": "excessive"}),
        ("withdraw prq_1", {"order": "withdraw"}),
        ("done prq_1", {"order": "done"}),
    ],
)
def test_each_order_says_what_it_needs_and_shows_what_the_person_is_told(
    desk: Desk, order: str, asked: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rights", *order.split()]) == 0
    assert desk.asked == [{"request": "prq_1", **asked}]
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        "prq_late  erasure  partial  due 2026-12-21",
        "  email: somebody@example.com",
        "  records: failed",
        "  2026-11-20T09:00:00Z  received",
        "  2026-11-20T09:00:05Z  phase records: failed",
    ]
    assert lines[5:7] == ["The person is told:", "  You asked us to erase your data."]
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("desk", [{"problem": "the work has begun"}], indirect=True)
def test_what_cannot_be_done_is_refused_with_the_reason(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rights", "ask-identity", "prq_1"]) == 1
    assert capsys.readouterr().err == "rights ask-identity: the work has begun\n"


@pytest.mark.parametrize("arguments", [["refuse", "prq_1", "too_much_work"], ["extend", "prq_1", "holidays"], []])
def test_reasons_that_the_law_does_not_know_are_not_taken(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(["rights", *arguments])
