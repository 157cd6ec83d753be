"""Lambdas that die at any call while a request is taken, proved, looked at or worked on."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from counterfoil.domain.erasures import PHASES
from counterfoil.errors import TryAgain
from counterfoil.flows import rights
from counterfoil.runtime import queues, secrets
from counterfoil.store import audit, customers
from functions import rights_clock
from tests.account import stored
from tests.flows.test_deaths import ALL, moments
from tests.functions.test_rights_api import ASKED, OF_CUSTOMER, anybody, bank, subject
from tests.world import Death, World

DAY = 86_400


def dying(world: World, act: Callable[[], Any], then: Callable[[tuple[int, str]], None]) -> int:
    """Has `act` die before and after each of its calls, `then` looks at what became of it; how many calls it makes."""
    beginning = world.remember()
    world.mortal = 1
    act()
    calls, world.mortal = world.passed, 0
    for number in range(calls):
        for when in ("before", "after"):
            world.restore(beginning)
            world.deaths, world.mortal = {number: when}, 1
            with suppress(Death):
                act()
            world.deaths, world.mortal = {}, 0
            then((number, when))
    return calls


def requests() -> list[dict[str, Any]]:
    return [item for item in stored("ledger") if item["pk"].startswith("Q#")]


def trail() -> list[str]:
    """What the customer's audit trail says of their requests."""
    head = audit.head(subject())
    entries = list(audit.entries(head.chain)) if head else []
    return [step for entry in entries if entry.what == "rights request" for step in entry.detail["steps"]]  # type: ignore[union-attr,misc]


def test_a_death_while_it_is_taken_loses_nothing_for_who_asks_again(counterfoil: World) -> None:
    counterfoil.consent()
    wish = {"kind": "restriction", "request_id": "ask_1", "details": "canary"}

    def ask() -> None:
        bank(counterfoil, "POST", body=wish)

    def look(at: tuple[int, str]) -> None:
        ask()
        counterfoil.run(120)
        [request] = requests()
        assert request["state"] == "done", at
        assert trail() == ["received", "begun", "done"], at
        assert not any(counterfoil.dead.values()), at

    assert dying(counterfoil, ask, look) >= 4


@pytest.mark.parametrize("kind", ["restriction", "rectification"])
def test_a_death_while_it_is_worked_on_changes_nothing(counterfoil: World, kind: str) -> None:
    counterfoil.consent()
    bank(counterfoil, "POST", body={"kind": kind, "request_id": "ask_1"})
    beginning = counterfoil.remember()
    counterfoil.run(400)
    calls, ended = counterfoil.passed, (requests()[0]["state"], trail())
    assert ended[0] == ("in_progress" if kind == "rectification" else "done")
    for number in range(calls):
        for when in ("before", "after"):
            counterfoil.restore(beginning)
            counterfoil.deaths = {number: when}
            counterfoil.run(400)
            customer = customers.get(subject())
            assert customer
            assert (requests()[0]["state"], trail()) == ended, (number, when)
            assert customer.restricted == (kind == "restriction"), (number, when)
            assert not any(counterfoil.dead.values()), (number, when)


def test_a_death_while_it_erases_leaves_the_request_told(counterfoil: World) -> None:
    counterfoil.consent()
    bank(counterfoil, "POST", body={"kind": "erasure"})
    beginning = counterfoil.remember()
    counterfoil.restore(beginning)  # so that its calls are counted from here
    counterfoil.run(DAY)
    ended = (requests()[0]["state"], requests()[0]["phases"])
    assert ended == ("done", dict.fromkeys(PHASES[:-1], "done"))
    for death in list(moments(counterfoil))[:: 1 if ALL else 8]:
        counterfoil.restore(beginning)
        counterfoil.deaths = dict([death])
        counterfoil.run(DAY)
        assert (requests()[0]["state"], requests()[0]["phases"]) == ended, death
        assert customers.get(subject()) is None, death
        assert not any(counterfoil.dead.values()), death


def test_a_store_that_fails_is_shown_as_partial_until_it_does_not(
    counterfoil: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    counterfoil.consent()
    for name in ("bank_webhook.authorised", "retailer_receipt.sale"):
        counterfoil.play(name)
    counterfoil.run(60)

    def unreachable(_found: object) -> None:
        raise TryAgain("the bucket is away")

    with monkeypatch.context() as patch:
        patch.setattr("counterfoil.flows.erasing.forget", unreachable)
        path = f"{OF_CUSTOMER}/" + bank(counterfoil, "POST", body={"kind": "erasure"})["request_id"]
        counterfoil.run(2 * 3600)
        shown = bank(counterfoil, "GET", path)
        assert (shown["state"], shown["due_by"]) == ("partial", "2026-12-21")
        assert "being tried again" in shown["message"]
    counterfoil.run(DAY)
    assert bank(counterfoil, "GET", path)["state"] == "done"


def test_a_death_while_identity_is_proved_leaves_words_that_one_key_opens(counterfoil: World) -> None:
    counterfoil.consent()
    made = anybody(counterfoil, "POST", body={**ASKED, "kind": "rectification"})

    def prove() -> None:
        given = (made["request_id"], made["token"], subject(), secrets.sealer(), counterfoil.now)
        rights.prove(*given, queues.announce)

    def look(at: tuple[int, str]) -> None:
        prove()
        counterfoil.run(120)
        request = rights.with_token(made["request_id"], made["token"])
        words = rights.words_of(request, secrets.sealer())
        assert (request.state, words and words.email) == ("in_progress", ASKED["email"]), at
        assert not any(item["pk"].startswith("Q#") for item in stored("salts")), at

    assert dying(counterfoil, prove, look) >= 4


def test_a_death_of_the_clock_leaves_its_work_to_the_next(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterfoil.flows.rights_clock.LOOKED_BACK", 0)
    made = anybody(counterfoil, "POST", body=ASKED)
    counterfoil.pass_time(timedelta(days=31).total_seconds())

    def look(at: tuple[int, str]) -> None:
        rights_clock.handler({}, None)
        counterfoil.run(120)
        shown = anybody(counterfoil, "GET", made["request_id"], token=made["token"])
        assert shown["state"] == "refused", at
        assert [step["what"] for step in shown["history"]] == ["received", "asked", "refused"], at
        assert not any(item["pk"].startswith("Q#") for item in stored("salts")), at

    assert dying(counterfoil, lambda: rights_clock.handler({}, None), look) >= 4


def test_a_request_that_was_announced_and_never_kept_is_nothing(counterfoil: World) -> None:
    counterfoil.consent()
    queues.announce(rights.to_pursue("prq_never"))
    counterfoil.run(60)
    assert requests() == []
    assert bank(counterfoil, "GET", f"{OF_CUSTOMER}/prq_never")["status"] == 404
