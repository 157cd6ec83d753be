"""Why a payment has this receipt or none, as ops ask: on the whole of Counterfoil, and nothing is changed by asking."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from counterfoil.store import transactions
from functions import inspect_matching
from tests.account import stored
from tests.audit import kept
from tests.flows.scenarios import Body, at, cleared, payment, receipt, reversed_payment, tell, without_codes
from tests.world import World

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "SendMessageBatch", "BatchWriteItem"}


def explain(world: World, transaction_id: str = "tx_0001", customer: str = "cust_42", bank: str = "openbank") -> Any:
    """The answer, whose asking wrote and sent nothing."""
    world.calls.clear()
    asked = {"bank": bank, "customer": customer, "transaction": transaction_id}
    told = json.loads(json.dumps(inspect_matching.handler({"explain": asked}, None)))
    assert {call.partition(".")[2] for call in world.calls} & WRITES == set()
    return told


def words(told: Any) -> str:
    return "\n".join([*told["customer"], *(line for section in told["support"] for line in section["says"])])


def later(body: Body, seconds: float) -> Body:
    issued = datetime.fromisoformat(body["issued_at"]) + timedelta(seconds=seconds)
    return body | {"issued_at": issued.isoformat()}


def in_state(world: World, state: str) -> None:
    """The payment as no message leaves it within this test's time."""
    item = next(item for item in stored("ledger") if item["pk"].startswith("T#"))
    transactions.put(transactions.from_item({**item, "state": state}), transactions.table.still_at(item["rev"]))


def test_a_match_is_explained_by_its_evidence(shop: World) -> None:
    tell(shop, payment(shop), receipt(shop))
    told = explain(shop)
    assert told["state"] == "matched"
    assert "sent it to your bank" in told["customer"][0]
    assert "Authorisation code agrees: all but proves it." in words(told)
    assert "Taken" in words(told)


def test_two_alike_are_explained_without_a_word_of_others_to_the_customer(shop: World) -> None:
    shop.consent("cust_43")
    alone = without_codes(payment(shop))
    tell(shop, alone)
    before = explain(shop)
    theirs = without_codes(payment(shop, "tx_0002", customer_id="cust_43"))
    receipts = [without_codes(receipt(shop)), later(without_codes(receipt(shop, "soho-03-000124")), 5)]
    tell(shop, theirs, *receipts)
    told = explain(shop)
    assert told["state"] == "undecided"
    assert told["customer"] == before["customer"]
    assert "2 receipts of this amount, and 1 other payment" in words(told)
    assert "Its probability is" in words(told)
    assert "next planned look is in" in words(told)


def test_only_what_has_candidates_is_looked_at_again_before_a_day_is_over(shop: World) -> None:
    tell(shop, without_codes(payment(shop)))
    assert "The next planned look" not in words(explain(shop))
    assert "A last look, over its whole day, is planned in 23 h 59 min" in words(explain(shop))
    tell(shop, later(without_codes(receipt(shop)), 60))
    assert "The next planned look is in 13 s" in words(explain(shop))


def test_after_a_day_the_whole_day_is_looked_at(shop: World) -> None:
    tell(shop, without_codes(payment(shop)), later(without_codes(receipt(shop)), -3 * 3_600))
    assert "no receipts of this amount" in words(explain(shop))
    shop.pass_time(86_400)
    assert "1 receipt of this amount" in words(explain(shop))
    assert "Stamped 3 h before the payment" in words(explain(shop))


@pytest.mark.parametrize(
    ("bodies", "state", "said"),
    [
        (lambda w: [payment(w), receipt(w), at(reversed_payment(w), 9)], "void", "taken back"),
        (lambda w: [payment(w), receipt(w), receipt(w, amount=700)], "undecided", "took back a receipt"),
        (lambda w: [payment(w), at(cleared(w, amount=650), 120)], "undecided", "the amount cleared"),
    ],
    ids=["reversed", "recalled", "cleared with a tip"],
)
def test_what_became_of_it_is_explained(shop: World, bodies: Any, state: str, said: str) -> None:
    tell(shop, *bodies(shop))
    told = explain(shop)
    assert told["state"] == state
    assert said in words(told) + str([section["about"] for section in told["support"]])


@pytest.mark.parametrize("state", ["ambiguous", "unmatched", "withdrawn", "expired"])
def test_every_state_is_explained(shop: World, state: str) -> None:
    tell(shop, payment(shop))
    in_state(shop, state)
    told = explain(shop)
    assert told["state"] == state
    assert told["customer"]
    assert told["support"]


def test_a_customer_who_withdrew_is_told_so(shop: World) -> None:
    tell(shop, payment(shop))
    shop.consent(granted=False)
    assert "switched off" in words(explain(shop))


def test_what_is_not_known_has_one_answer_for_whatever_reason(shop: World) -> None:
    shop.consent("cust_43")
    not_live = payment(shop, "tx_live")
    not_live["data"]["merchant"]["merchant_id"] = "MID000300"
    tell(shop, payment(shop), not_live, payment(shop, "tx_stranger", customer_id="cust_44"))
    asked: Sequence[tuple[str, str, str]] = [
        ("tx_live", "cust_42", "openbank"),
        ("tx_stranger", "cust_44", "openbank"),
        ("tx_0001", "cust_43", "openbank"),
        ("tx_0001", "cust_42", "harbourbank"),
        ("tx_none", "cust_42", "openbank"),
        ("not an id", "cust_42", "openbank"),
        ("tx_0001", "\ud800", "openbank"),
    ]
    answers = [explain(shop, *each) for each in asked]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["state"] == "unknown"
    assert "We know of no such payment" in answers[0]["customer"][0]


def test_no_word_tells_a_name_a_digit_a_code_or_a_persons_id(shop: World) -> None:
    paid, sold = payment(shop), receipt(shop)
    tell(shop, paid)
    texts = [words(explain(shop))]
    tell(shop, later(without_codes(receipt(shop, "soho-03-000124")), 300))
    texts.append(words(explain(shop)))
    tell(shop, sold)
    texts.append(words(explain(shop)))
    [known] = kept()[0].values()
    secret = {known.key, known.subject, known.owner, *filter(None, (known.codes.auth, known.codes.last4))}
    data = paid["data"]
    for part in (data, data["card"], data["merchant"], sold, sold["tenders"][0], sold["lines"][0]):
        secret |= {str(value) for value in part.values() if isinstance(value, str) and len(value) > 3}
    secret -= {data["authorised_at"], sold["issued_at"], data["status"], sold["kind"], "debit"}
    # Whose shop it was is no one's personal data.
    secret -= {sold["store_id"]}
    assert {"4242", "A1B2C3", "cust_42", "tx_0001"} <= secret
    found = [value for value in secret for text in texts if value in text]
    assert found == []
