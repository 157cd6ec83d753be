"""A customer misses a receipt: what they are told, and what is done about it."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from counterfoil.domain.explanations import NOT_KNOWN
from counterfoil.runtime import secrets
from counterfoil.store import claims
from tests.account import stored
from tests.audit import kept
from tests.flows.scenarios import Body, at, payment, receipt, reversed_payment, tell, without_codes
from tests.world import World

UNKNOWN = {"finding": "unknown", "says": list(NOT_KNOWN.customer), "match_id": None}


def claim(world: World, transaction_id: str = "tx_0001", customer: str = "cust_42", bank: str = "openbank") -> Any:
    path = f"/v1/banks/{bank}/customers/{customer}/receipts/claims"
    body = json.dumps({"transaction_id": transaction_id}).encode()
    answer = world.request("POST", path, body, scope=f"counterfoil/{bank}.customers")
    assert answer["statusCode"] == 200, answer
    return answer["json"]


def records() -> list[dict[str, Any]]:
    return [item for item in stored("ledger") if item["sk"].startswith("M#")]


def looks(world: World) -> list[dict[str, Any]]:
    return [json.loads(message.body)["look_again"] for message in world.queues["match"]]


def two_alike(world: World) -> list[Body]:
    """Receipts of two sales that nothing tells apart but a few seconds."""
    first = without_codes(receipt(world))
    later = datetime.fromisoformat(first["issued_at"]) + timedelta(seconds=5)
    return [first, first | {"receipt_id": "soho-03-000124", "issued_at": later.isoformat()}]


def test_an_open_payment_is_looked_at_and_its_customer_told_how_long_still(shop: World) -> None:
    tell(shop, payment(shop))
    answer = claim(shop)
    assert answer["finding"] == "looking"
    assert answer["match_id"] is None
    assert "we keep looking until 28 November 2026" in answer["says"][1]
    [known] = kept()[0].values()
    assert looks(shop) == [{"side": "transaction", "key": known.key, "step": 1}]
    assert len(records()) == 1


def test_a_claim_again_is_the_same_claim_and_no_look_within_a_minute(shop: World) -> None:
    tell(shop, payment(shop))
    assert claim(shop) == claim(shop)
    assert (len(looks(shop)), len(records())) == (1, 1)
    first = records()[0]["at"]
    shop.pass_time(60)
    claim(shop)
    assert len(looks(shop)) == 2
    assert [record["at"] for record in records()] == [first]


def test_after_a_day_the_whole_day_is_looked_at(shop: World) -> None:
    tell(shop, payment(shop))
    shop.run()
    shop.pass_time(86_400)
    claim(shop)
    assert [look["step"] for look in looks(shop)] == [100]
    shop.run()
    [known] = kept()[0].values()
    assert known.state == "unmatched"


def test_a_claim_lowers_nothing_that_a_match_must_reach(shop: World) -> None:
    """Two receipts that may be its: with a claim at every minute it stays as it is without one."""
    tell(shop, without_codes(payment(shop)))
    tell(shop, *two_alike(shop))
    memory = shop.remember()
    shop.run()
    assert [known.is_open for known in kept()[0].values()] == [True]
    shop.restore(memory)
    for _ in range(20):
        assert claim(shop)["finding"] == "looking"
        shop.run(60)
        shop.pass_time(60)
    shop.run()
    assert [known.is_open for known in kept()[0].values()] == [True]
    assert shop.wires == []


def test_a_claim_finds_a_receipt_that_is_there_by_now(shop: World) -> None:
    tell(shop, payment(shop), receipt(shop))
    shop.run(0)
    answer = claim(shop)
    assert answer["finding"] == "found"
    assert answer["match_id"] == shop.notices()[0]["data"]["match_id"]
    assert "sent it to your bank" in answer["says"][0]
    assert looks(shop) == []


def test_what_is_over_is_not_looked_at(shop: World) -> None:
    tell(shop, payment(shop), at(reversed_payment(shop), 9))
    answer = claim(shop)
    assert (answer["finding"], looks(shop)) == ("none", [])
    assert "reversed" in answer["says"][0]


def test_after_a_withdrawal_nothing_is_looked_for(shop: World) -> None:
    tell(shop, payment(shop))
    shop.consent(granted=False)
    answer = claim(shop)
    assert (answer["finding"], looks(shop)) == ("none", [])
    assert "switched off" in " ".join(answer["says"])


def test_what_is_not_known_has_one_answer_and_leaves_nothing(shop: World) -> None:
    shop.consent("cust_43")
    not_live = payment(shop, "tx_live")
    not_live["data"]["merchant"]["merchant_id"] = "MID000300"
    tell(shop, payment(shop), not_live, payment(shop, "tx_stranger", customer_id="cust_44"))
    before = stored("ledger")
    assert claim(shop, "tx_live") == UNKNOWN
    assert claim(shop, "tx_stranger", "cust_44") == UNKNOWN
    assert claim(shop, "tx_0001", "cust_43") == UNKNOWN
    assert claim(shop, "tx_0001", bank="harbourbank") == UNKNOWN
    assert claim(shop, "tx_none") == UNKNOWN
    assert (stored("ledger"), looks(shop)) == (before, [])


def test_the_words_are_the_same_whatever_others_bought(shop: World) -> None:
    shop.consent("cust_43")
    tell(shop, without_codes(payment(shop)))
    alone = claim(shop)
    theirs = without_codes(payment(shop, "tx_0002", customer_id="cust_43"))
    tell(shop, theirs, *two_alike(shop))
    assert claim(shop) == alone


def test_a_claim_is_counted_and_nothing_of_it_stands_in_the_clear(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(shop, payment(shop))
    claim(shop)
    assert '"ClaimLooking":[1.0]' in capsys.readouterr().out
    assert "tx_0001" not in repr(records())
    subject = secrets.sealer().subject("openbank", "cust_42")
    [known] = kept()[0].values()
    kept_claim = claims.get(subject, known.key)
    assert kept_claim is not None
    assert kept_claim.first_at == kept_claim.looked_at == shop.now
