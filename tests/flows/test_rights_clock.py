"""The clocks of requests as time goes by, and what ops do about them."""

from typing import Any, get_args

import pytest

from counterfoil.domain import rights
from functions import rights_clock
from infra.operate import rights as orders
from tests.account import stored
from tests.functions.test_rights_api import ASKED, OF_CUSTOMER, anybody, bank
from tests.world import World

DAY = 86_400


@pytest.fixture(autouse=True)
def _not_far_back(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "miss_nothing" not in request.node.name:
        # A run reads the index for each day that it looks back: slow on moto alone.
        monkeypatch.setattr("counterfoil.flows.rights_clock.LOOKED_BACK", 2)
        monkeypatch.setattr("counterfoil.flows.rights_desk.LOOKED_AHEAD", 40)


def order(name: str, request: str, **more: str) -> dict[str, Any]:
    return rights_clock.handler({"order": name, "request": request, **more}, None)


def wrong_card(world: World) -> str:
    """A request that waits for a person: asked on 21 November 2026, due on 21 December."""
    world.consent()
    made = bank(world, "POST", body={"kind": "rectification", "details": "canary-details"})
    world.run(60)
    return str(made["request_id"])


def days(world: World, count: int) -> list[dict[str, int]]:
    """What the clocks tell, day by day, looked at twice a day."""
    told = []
    for _ in range(count):
        world.pass_time(DAY / 2)
        first = rights_clock.handler({}, None)
        world.pass_time(DAY / 2)
        second = rights_clock.handler({}, None)
        told.append({name: first.get(name, 0) + second.get(name, 0) for name in {**first, **second}})
    return told


def test_ops_are_told_once_a_day_from_a_week_before_until_it_is_answered(counterfoil: World) -> None:
    request = wrong_card(counterfoil)
    assert rights_clock.handler({}, None) == {}
    counterfoil.pass_time(22 * DAY)
    assert days(counterfoil, 10) == [{"RightsDeadlineNear": 1}] * 8 + [{"RightsOverdue": 1}] * 2
    [row] = rights_clock.handler({"order": "list"}, None)["requests"]
    assert (row["request"], row["due_by"], row["overdue"]) == (request, "2026-12-21", True)
    assert order("done", request)["state"] == "done"
    assert days(counterfoil, 1) == [{}]
    assert rights_clock.handler({"order": "list"}, None) == {"requests": []}


def test_clocks_that_stood_still_themselves_miss_nothing(counterfoil: World) -> None:
    wrong_card(counterfoil)
    counterfoil.pass_time(60 * DAY)
    assert rights_clock.handler({}, None) == {"RightsOverdue": 1}
    assert rights_clock.handler({}, None) == {}


def test_identity_that_is_never_proved_closes_it_and_its_words_are_gone(counterfoil: World) -> None:
    made = anybody(counterfoil, "POST", body=ASKED)
    counterfoil.pass_time(28.5 * DAY)
    assert days(counterfoil, 3) == [{}, {}, {"RightsLapsed": 1}]
    counterfoil.run(60)
    shown = anybody(counterfoil, "GET", made["request_id"], token=made["token"])
    assert (shown["state"], shown["history"][-1]["detail"]) == ("refused", "identity_not_proved")
    assert "Wycliffe House" in shown["message"]
    assert not any(item["pk"].startswith("Q#") for item in stored("salts"))


def test_ops_read_what_was_written_and_that_is_in_the_audit_trail(counterfoil: World) -> None:
    made = anybody(counterfoil, "POST", body=ASKED)
    shown = order("show", made["request_id"])
    assert shown["words"] == {name: said for name, said in ASKED.items() if name != "kind"}
    [entry] = [item for item in stored("ledger") if item.get("what") == "ops action"]
    assert entry["detail"] == {"order": "rights show", "request": made["request_id"]}


def test_documents_prove_whose_it_is(counterfoil: World) -> None:
    counterfoil.consent()
    made = anybody(counterfoil, "POST", body={**ASKED, "kind": "rectification"})
    counterfoil.pass_time(5 * DAY)
    proved = order("prove", made["request_id"], bank="openbank", customer="cust_42")
    assert (proved["state"], proved["due_by"]) == ("received", "2026-12-29")
    assert proved["words"]["email"] == ASKED["email"]
    counterfoil.run(60)
    assert bank(counterfoil, "GET", f"{OF_CUSTOMER}/{made['request_id']}")["state"] == "in_progress"
    assert order("prove", made["request_id"], bank="openbank", customer="cust_43") == {
        "problem": "the request waits for no identity"
    }


def test_a_question_stops_the_clock_and_its_answer_comes_by_the_bank_or_by_letter(counterfoil: World) -> None:
    request = wrong_card(counterfoil)
    assert order("ask-clarification", request, question="Which card do you mean?")["due_by"] is None
    path = f"{OF_CUSTOMER}/{request}"
    shown = bank(counterfoil, "GET", path)
    assert (shown["state"], shown["due_by"]) == ("waiting_for_clarification", None)
    assert "Which card do you mean?" in shown["message"]
    counterfoil.pass_time(10 * DAY)
    answered = bank(counterfoil, "PUT", path, {"clarification": "the old one"})
    assert (answered["state"], answered["due_by"]) == ("in_progress", "2026-12-31")
    assert order("show", request)["words"]["answer"] == "the old one"
    order("ask-clarification", request, question="How old?")
    assert order("clarified", request, answer="very")["words"]["answer"] == "very"
    assert bank(counterfoil, "PUT", path, {"clarification": "late"})["status"] == 409


def test_ops_extend_and_refuse_with_words(counterfoil: World) -> None:
    request = wrong_card(counterfoil)
    extended = order("extend", request, reason="many_requests")
    assert (extended["state"], extended["due_by"]) == ("extended", "2027-02-22")
    assert "several requests" in extended["message"]
    assert "problem" in order("extend", request, reason="complex")
    refused = order("refuse", request, reason="correct_already")
    assert (refused["state"], refused["due_by"]) == ("refused", "2027-02-22")
    assert "found the data correct" in refused["message"]
    assert order("refuse", "prq_unknown", reason="excessive") == {"problem": "no such request"}


def test_what_goes_by_itself_is_not_done_by_an_order(counterfoil: World) -> None:
    counterfoil.consent()
    made = bank(counterfoil, "POST", body={"kind": "access"})
    assert "problem" in order("done", made["request_id"])


def test_the_orders_offer_every_reason_there_is() -> None:
    assert set(orders.EXTENSIONS) == set(get_args(rights.ExtensionReason))
    assert set(orders.REFUSALS) == set(get_args(rights.RefusalReason))


@pytest.mark.parametrize("name", ["ask-identity", "withdraw"])
def test_other_steps(counterfoil: World, name: str) -> None:
    request = wrong_card(counterfoil)
    assert order(name, request)["state"] == {"withdraw": "withdrawn"}.get(name, "waiting_for_identity")
