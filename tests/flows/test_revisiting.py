"""Payments without a receipt are decided once more after a day, whatever dies or is missed."""

import json
from collections import Counter

import pytest

from counterfoil.runtime import observe
from counterfoil.store import rounds
from tests.audit import audit, held
from tests.flows.interleaving import Interleaver
from tests.flows.rounds import DAY, HOUR, SHARDS, WEEK, pay, revisit, skip, states
from tests.flows.scenarios import payment, receipt, tell
from tests.flows.test_deaths import moments
from tests.world import World


def asked(world: World) -> list[str]:
    return sorted(message.body for message in world.queues["match"] if "look_again" in message.body)


def test_a_payment_is_decided_once_more_when_its_day_is_over(watched: World) -> None:
    pay(watched, "tx_001", "tx_002")
    watched.pass_time(DAY - HOUR)
    assert revisit(watched) == {}
    watched.pass_time(2 * HOUR)
    assert revisit(watched) == {"AskedAfterADay": 2}
    assert len(asked(watched)) == 2
    watched.run()
    assert states() == {"unmatched": 2}
    assert revisit(watched) == {}
    audit(watched)


def test_what_no_receipt_came_for_is_open_to_one_that_comes_later(watched: World) -> None:
    sale = receipt(watched)
    tell(watched, payment(watched))
    watched.pass_time(DAY + 2 * HOUR)
    revisit(watched)
    watched.run()
    assert states() == {"unmatched": 1}
    tell(watched, sale)
    watched.run()
    assert held(watched).keys() == {"tx_0001"}
    audit(watched)


def test_a_till_that_stamps_its_receipts_at_closing_time_is_found_after_a_day(watched: World) -> None:
    paid = payment(watched)
    tell(watched, paid)
    watched.pass_time(6 * HOUR)
    tell(watched, receipt(watched))
    watched.run()
    assert held(watched) == {}
    watched.pass_time(DAY)
    assert revisit(watched) == {"AskedAfterADay": 1}
    watched.run()
    assert held(watched).keys() == {"tx_0001"}
    audit(watched)


def test_the_matcher_gets_its_messages_over_a_while(watched: World) -> None:
    pay(watched, *(f"tx_{number:03d}" for number in range(20)))
    watched.pass_time(DAY + HOUR)
    revisit(watched)
    waits = sorted((message.visible_at - watched.now).total_seconds() for message in watched.queues["match"])
    assert len(waits) == 20
    assert len(set(waits)) > 15
    assert waits[-1] - waits[0] > 300
    assert waits[-1] < 600, "as SPREAD_SECONDS says"


def test_days_that_were_missed_are_made_up_for(watched: World) -> None:
    for number in range(4):
        pay(watched, f"tx_{number:03d}")
        watched.pass_time(7 * HOUR)
    watched.pass_time(2 * DAY)
    assert revisit(watched) == {"AskedAfterADay": 4}
    watched.run()
    assert states() == {"unmatched": 4}
    assert revisit(watched) == {}


def test_a_run_whose_time_is_over_goes_on_where_it_stopped(watched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    monkeypatch.setattr(observe, "count", counted.extend)
    pay(watched, *(f"tx_{number:03d}" for number in range(12)))
    watched.pass_time(DAY + HOUR)
    monkeypatch.setenv("WORK_SECONDS", "2")
    reads = rounds.open_transactions
    monkeypatch.setattr(rounds, "open_transactions", lambda place: watched.pass_time(1) or reads(place))
    runs = []
    while not runs or runs[-1].get("RoundBehind"):
        runs.append(revisit(watched) or {})
    messages = [json.loads(message.body)["look_again"]["key"] for message in watched.queues["match"]]
    assert len(messages) == len(set(messages)) == sum(run.get("AskedAfterADay", 0) for run in runs) == 12
    # A second for a shard: two shards a run, in each of the two rounds over as many hours.
    assert len(runs) > SHARDS * 24 * 2 / 2
    assert counted.count("RoundBehind") >= len(runs) - 1


def test_nothing_is_read_twice_and_what_is_read_grows_with_what_is_due(watched: World) -> None:
    pay(watched, *(f"tx_{number:03d}" for number in range(12)))
    skip(watched, DAY)
    watched.pass_time(HOUR)
    spent = []
    for _ in range(2):
        watched.calls.clear()
        revisit(watched)
        spent.append(Counter(watched.calls))
    # Of each round its place, an hour's shards, and its new place; of the payments nothing but messages, by the ten.
    assert spent[0]["dynamodb.GetItem"] == 2
    assert spent[0]["dynamodb.Query"] == 2 * SHARDS
    assert spent[0]["dynamodb.PutItem"] == 2
    assert spent[0]["sqs.SendMessageBatch"] <= 2 * SHARDS
    assert spent[1] == {"dynamodb.GetItem": 2}


def test_ops_need_not_wait_for_the_hour(watched: World) -> None:
    pay(watched, "tx_001")
    watched.pass_time(HOUR / 4)
    pay(watched, "tx_002")
    skip(watched, DAY - HOUR / 4 + 60)
    assert revisit(watched) == {}
    assert revisit(watched, early=True) == {"AskedAfterADay": 1}
    watched.run()
    assert states() == {"unmatched": 1, "undecided": 1}
    watched.pass_time(HOUR)
    assert revisit(watched) == {"AskedAfterADay": 2}


def test_an_hour_that_is_done_is_not_made_again(watched: World) -> None:
    for name in ("tx_001", "tx_002"):
        pay(watched, name)
        watched.pass_time(HOUR)
    skip(watched, DAY - 2 * HOUR)
    watched.pass_time(2 * HOUR)
    beginning = watched.remember()
    watched.restore(beginning)
    revisit(watched)
    first_hour_done = watched.calls.index("dynamodb.PutItem")
    watched.restore(beginning)
    watched.deaths = {first_hour_done + 1: "before"}
    assert revisit(watched) is None
    assert revisit(watched) == {"AskedAfterADay": 1}
    assert len(watched.queues["match"]) == 2


def prepare(world: World, age: float) -> None:
    """A payment whose receipt came hours late and one that finds none; nearly of that age."""
    first = payment(world, "tx_001", auth_code="LATE01", rrn=None)
    tell(world, first, payment(world, "tx_002", amount=333, auth_code="NEVER1", rrn=None))
    world.pass_time(5 * HOUR)
    sale = receipt(world)
    sale["tenders"][0] |= {"auth_code": "LATE01", "rrn": None}
    tell(world, sale)
    world.run()
    skip(world, age - 5 * HOUR)
    assert revisit(world) == {}
    world.pass_time(HOUR)


def come_by(world: World) -> None:
    for _ in range(2):
        revisit(world)
        world.run(HOUR)


@pytest.mark.parametrize(("age", "expected"), [(DAY, {"matched": 1, "unmatched": 1}), (WEEK, {"expired": 2})])
def test_a_death_at_any_moment_changes_nothing(watched: World, age: float, expected: dict[str, int]) -> None:
    prepare(watched, age)
    beginning = watched.remember()
    watched.restore(beginning)
    come_by(watched)
    assert states() == expected
    audit(watched)
    for number, when in list(moments(watched)):
        watched.restore(beginning)
        watched.deaths = {number: when}
        come_by(watched)
        assert states() == expected, (number, when)
        audit(watched, deaths=1)


@pytest.mark.parametrize("seed", range(4))
def test_runs_at_once_lose_nothing(watched: World, seed: int) -> None:
    pay(watched, "tx_001", "tx_002", "tx_003")
    for age, state in ((DAY, "unmatched"), (WEEK - DAY - HOUR, "expired")):
        skip(watched, age)
        watched.pass_time(HOUR)
        both = Interleaver(watched, seed, deaths=1)
        for _ in range(2):
            both.alongside(lambda: revisit(watched))
        both.run()
        revisit(watched)
        watched.run()
        assert states() == {state: 3}
    audit(watched, raced=True)
