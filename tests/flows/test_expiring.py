"""Payments without a receipt are closed after a week, and pointers end then."""

import json
from collections import Counter
from datetime import timedelta

import pytest

from counterfoil.flows import messages
from counterfoil.store import rendezvous
from counterfoil.store.rendezvous import POINTER_LIFE, Pointer
from infra.settings import Settings
from tests.account import stored
from tests.audit import audit, held, kept
from tests.flows.rounds import DAY, HOUR, WEEK, pay, pointers, revisit, skip, states
from tests.flows.scenarios import at, cleared, payment, receipt, reversed_payment, tell
from tests.world import World


def test_a_week_closes_what_stayed_open(watched: World) -> None:
    pay(watched, "tx_001", "tx_002")
    tell(watched, payment(watched, "tx_003", amount=700, auth_code="MATCH1", rrn=None))
    sale = receipt(watched, amount=700)
    sale["tenders"][0] |= {"auth_code": "MATCH1", "rrn": None}
    tell(watched, sale)
    watched.run()
    watched.pass_time(DAY + HOUR)
    revisit(watched)
    watched.run()
    assert states() == {"unmatched": 2, "matched": 1}
    skip(watched, 6 * DAY - HOUR)
    watched.pass_time(HOUR)
    watched.calls.clear()
    assert revisit(watched) == {"Expired": 2}
    spent = Counter(watched.calls)
    assert (spent["dynamodb.GetItem"], spent["dynamodb.DeleteItem"]) == (2 + 2, 2)
    assert states() == {"expired": 2, "matched": 1}
    assert pointers() == []
    assert not [item for item in stored("ledger") if str(item.get("due")).startswith("open#")]
    assert revisit(watched) == {}
    audit(watched)


@pytest.mark.parametrize("told", ["cleared", "cleared with a tip", "reversed"])
def test_what_is_told_of_a_closed_payment_changes_its_record_alone(watched: World, told: str) -> None:
    first, sale = payment(watched), receipt(watched)
    later = {
        "cleared": at(cleared(watched), 60),
        "cleared with a tip": at(cleared(watched, amount=650), 60),
        "reversed": at(reversed_payment(watched), 60),
    }[told]
    tell(watched, first)
    skip(watched, WEEK)
    watched.pass_time(HOUR)
    assert revisit(watched) == {"Expired": 1}
    before, _ = kept()
    tell(watched, later, sale)
    watched.run()
    after, _ = kept()
    (was,), (now) = before.values(), after.values()
    (now,) = now
    assert len(now.facts) == len(was.facts) + 1
    assert (now.state, now.match, now.version) == ("expired", None, 0)
    assert watched.wires == []
    assert [item["sk"] for item in pointers() if "#t#" in item["sk"]] == []
    audit(watched)


def test_a_pointer_ends_after_a_week_whoever_comes_by(shop: World) -> None:
    first, sale = payment(shop), receipt(shop)
    tell(shop, first)
    beginning = shop.remember()
    for age, holds in ((WEEK - 60, {"tx_0001"}), (WEEK, set())):
        shop.restore(beginning)
        shop.pass_time(age)
        tell(shop, sale)
        shop.run()
        assert held(shop).keys() == holds


def test_a_card_tender_whose_week_is_over_is_matched_by_no_look(shop: World) -> None:
    first, sale = payment(shop), receipt(shop)
    tell(shop, sale)
    shop.pass_time(WEEK)
    tell(shop, first)
    (tender,) = kept()[1]
    look = messages.look_again(messages.LookAgain("receipt", tender, step=1), 0)
    shop.put("match", json.dumps(look.body))
    shop.run()
    assert held(shop) == {}
    assert len(pointers()) == 2, "time to live is nobody's hurry"


def test_a_fact_told_while_its_payment_is_closed_is_in_the_record(
    watched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, later = payment(watched), at(cleared(watched, amount=650), 60)
    tell(watched, first)
    skip(watched, WEEK)
    watched.pass_time(HOUR)
    watched.pays(later)
    delete = rendezvous.delete

    def first_tell(pointer: Pointer) -> None:
        monkeypatch.setattr(rendezvous, "delete", delete)
        watched.run(0)
        delete(pointer)

    monkeypatch.setattr(rendezvous, "delete", first_tell)
    assert revisit(watched) == {"Expired": 1}
    (known,) = kept()[0].values()
    assert (known.state, len(known.facts)) == ("expired", 2)
    assert pointers() == []
    audit(watched)


def test_the_settings_are_those_of_the_pointers_life() -> None:
    day, week = Settings(("openbank",)).revisited_after
    assert (timedelta(seconds=day), timedelta(seconds=week)) == (timedelta(days=1), POINTER_LIFE)
