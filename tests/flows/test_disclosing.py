"""What authorities were told: with ground and reference, once, in the trail, kept, and told where it may be."""

from typing import Any

import pytest

from counterfoil.domain.disclosures import GROUNDS
from counterfoil.domain.record import Keep
from counterfoil.domain.records import RECORDS
from counterfoil.runtime import secrets
from counterfoil.store import audit, keys
from functions import audit_desk
from tests.world import World

ORDER = {
    "bank": "openbank", "customer": "cust_42", "authority": "Metropolitan Police", "ground": "court_order",
    "reference": "CR/2026/117", "records": ["matched transaction", "receipt body"],
}  # fmt: skip


def told(event: dict[str, Any]) -> Any:
    answer = audit_desk.handler(event, None)
    return answer.get("problems") or answer["disclosures"]


def trail(stream: str) -> list[dict[str, Any]]:
    head = audit.head(stream)
    return [dict(one.detail) for one in audit.entries(head.chain) if one.what == "disclosure"] if head else []


@pytest.fixture
def subject(shop: World, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(keys, "SHARDS", 1)
    return secrets.sealer().subject("openbank", "cust_42")


def test_a_disclosure_is_kept_and_in_its_customers_trail(subject: str) -> None:
    [made] = told({"disclose": ORDER})
    assert (made["authority"], made["reference"], made["told"]) == ("Metropolitan Police", "CR/2026/117", True)
    [entry] = trail(subject)
    assert entry == {"disclosure": made["id"], "ground": "court_order", "records": ORDER["records"]}
    assert told({"list": {"bank": "openbank", "customer": "cust_42"}}) == [made]
    assert told({"list": {"days": 1}}) == [made]


@pytest.mark.parametrize("ground", [name for name, ground in GROUNDS.items() if not ground.tells])
def test_what_the_customer_must_not_know_is_in_neither_their_export_nor_their_trail(
    ground: str, subject: str, shop: World
) -> None:
    [made] = told({"disclose": ORDER | {"ground": ground}})
    assert made["told"] is False
    assert (trail(subject), len(trail("ops"))) == ([], 1)
    [item] = [one for one in shop.items("ledger") if one["sk"]["S"].startswith("Y#")]
    rows = [row for row in RECORDS if row.place == "ledger" and row.key == "C#/Y#"]
    assert [row.exported for row in rows] == [None]
    assert item["pk"]["S"] == f"C#{subject}"
    assert told({"list": {"bank": "openbank", "customer": "cust_42"}}) == told({"list": {"days": 1}}) == [made]


def test_the_same_order_again_is_the_same_disclosure(subject: str, shop: World) -> None:
    first = told({"disclose": ORDER})
    shop.pass_time(60)
    assert told({"disclose": ORDER}) == first
    assert told({"disclose": ORDER | {"reference": "CR/2026/118"}}) != first
    assert len(trail(subject)) == 2


def test_an_erasure_leaves_it() -> None:
    for row in RECORDS:
        if row.name.startswith("disclosure"):
            assert isinstance(row.erasure, Keep)
            assert row.held


@pytest.mark.usefixtures("subject")
@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"reference": "ask for Bob Jones"}, "reference: must be 1 to 64"),
        ({"ground": "curiosity"}, "ground: must be one of"),
        ({"authority": ""}, "authority: must not be empty"),
        ({"records": []}, "records: must hold at least 1"),
        ({"records": ["retailer"]}, "records[0]: names no customer's record"),
        ({"customer": "cust_of_nobody"}, "nothing is held of such a customer"),
    ],
)
def test_what_is_wrong_is_refused_by_name(wrong: dict[str, Any], problem: str, shop: World) -> None:
    [said, *_] = told({"disclose": ORDER | wrong})
    assert said.startswith(problem)
    assert [one for one in shop.items("ledger") if one["sk"]["S"][:2] in ("X#", "Y#")] == []


def test_what_ops_do_and_what_is_registered_is_in_the_trail(shop: World) -> None:
    audit_desk.handler({"did": {"what": "ops action", "detail": {"order": "redrive", "queue": "match"}}}, None)
    head = audit.head("ops")
    assert head is not None
    assert [entry.what for entry in audit.entries(head.chain)] == ["registration", "ops action"]
