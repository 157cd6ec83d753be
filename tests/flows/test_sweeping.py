"""The retention sweep: what is due goes, whole; what is held stays; deaths and repeats change nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zlib import crc32

import pytest

from counterfoil.domain import retention
from counterfoil.domain.holds import Ground, Hold, of_class
from counterfoil.domain.record import Redact
from counterfoil.domain.retention import Place, classes, period
from counterfoil.flows import sweeping
from counterfoil.runtime import secrets
from counterfoil.store import customers, holds, keys, table
from counterfoil.store import sweep as sweep_store
from counterfoil.store.table import LEDGER
from tests.account import stored
from tests.flows.rounds import revisit
from tests.flows.scenarios import payment, receipt, tell, with_lines
from tests.flows.sweeps import DAY, certificates, change_row, matters, of_kind, sweep, versions
from tests.world import World


@pytest.fixture
def shop(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A customer who allows receipts; few shards and days and short periods, since moto is slow."""
    monkeypatch.setattr(keys, "SHARDS", 2)
    monkeypatch.setattr(retention, "BEGINNING", counterfoil.now.date())
    change_row(monkeypatch, "matched transaction", kept=timedelta(days=10))
    counterfoil.consent()
    return counterfoil


def matched(world: World, number: int = 1, amount: int = 585, **changes: Any) -> None:
    code = f"CODE{number:02d}"
    sale = receipt(world, f"soho-03-{number:06d}", amount, **changes)
    sale["tenders"][0] |= {"auth_code": code, "rrn": None}
    tell(world, payment(world, f"tx_{number:04d}", amount=amount, auth_code=code, rrn=None), sale)
    world.run(60)


def unmatched(world: World, number: int = 50) -> None:
    sale = receipt(world, f"soho-03-{number:06d}", 1000 + number)
    sale["tenders"][0] |= {"auth_code": f"CODE{number:02d}", "rrn": None}
    tell(world, sale)
    world.run(60)


def subject() -> str:
    return secrets.sealer().subject("openbank", "cust_42")


def hold(world: World, target: str, ground: Ground = "legal claim") -> None:
    table.write(holds.placed(target, Hold("case-1", ground, world.now)))


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Just before the sweep's transaction that deletes."""
    transact = table.transact

    def late(writes: Sequence[table.Write]) -> None:
        if any(isinstance(write, table.Delete) and write.key["pk"].startswith("T#") for write in writes):
            monkeypatch.setattr(table, "transact", transact)
            happens()
        transact(writes)

    monkeypatch.setattr(table, "transact", late)


def test_a_pair_goes_whole_when_its_time_is_over_and_not_before(shop: World) -> None:
    matched(shop)
    assert matters() == ["D", "R", "T"]
    shop.pass_time(10 * DAY)
    assert sweep(shop) == {"SweepDone": 1}
    assert matters() == ["D", "R", "T"]
    shop.pass_time(DAY)
    assert sweep(shop) == {"SweepDone": 1, "Swept": 3}
    assert matters() == []
    assert [one["counts"]["match"]["deleted"] for one in certificates() if "match" in one["counts"]] == [3]


def test_an_unmatched_receipt_goes_after_its_week(shop: World) -> None:
    unmatched(shop)
    shop.pass_time(8 * DAY)
    assert sweep(shop) == {"SweepDone": 1, "Swept": 2}
    assert matters() == []


def test_every_version_of_a_large_body_goes(shop: World) -> None:
    sale = with_lines(receipt(shop, amount=100_000), 900)
    tell(shop, payment(shop, amount=100_000), sale)
    tell(shop, sale)
    shop.run(60)
    assert len(set(versions())) == 2, "one of them was discarded, and left its marker"
    shop.pass_time(11 * DAY)
    sweep(shop)
    assert matters() == []
    assert len(set(versions())) == 1


def test_choices_go_six_years_after_the_last_was_withdrawn_with_the_salt(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_row(monkeypatch, "customer's choices", kept=timedelta(days=12))
    matched(shop)
    shop.pass_time(2 * DAY)
    shop.consent(granted=False)
    shop.run()
    shop.pass_time(13 * DAY)
    hold(shop, subject())
    assert sweep(shop)["SweepHeld"] == 2
    assert len(stored("salts")) == 1
    table.write(holds.lifted(subject(), "case-1"))
    assert sweep(shop, anew=True)["Swept"] == 3 + 4
    assert of_kind("T", "R", "D", "C", "O") == []
    assert stored("salts") == []


def test_a_shorter_period_applies_at_the_next_sweep_and_a_longer_one_too(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    matched(shop, 1)
    shop.pass_time(4 * DAY)
    matched(shop, 2)
    shop.pass_time(4 * DAY)
    sweep(shop)
    assert len(of_kind("T")) == 2
    change_row(monkeypatch, "matched transaction", kept=timedelta(days=6))
    assert sweep(shop, anew=True)["Swept"] == 3
    assert len(of_kind("T")) == 1
    shop.pass_time(7 * DAY)
    change_row(monkeypatch, "matched transaction", kept=timedelta(days=30))
    assert "Swept" not in sweep(shop)
    shop.pass_time(21 * DAY)
    assert sweep(shop)["Swept"] == 3


def test_a_body_of_two_payers_goes_with_the_last(shop: World) -> None:
    shop.consent("cust_43")
    sale = receipt(shop, amount=600)
    card = sale["tenders"][0]
    sale["tenders"] = [
        card | {"amount": 400, "auth_code": "CODE01", "rrn": None},
        card | {"amount": 200, "auth_code": "CODE02", "rrn": None},
    ]
    for number, (amount, customer) in enumerate(((400, "cust_42"), (200, "cust_43")), start=1):
        named = {"auth_code": f"CODE{number:02d}", "rrn": None, "customer_id": customer}
        tell(shop, payment(shop, f"tx_{number:04d}", amount=amount, **named))
    tell(shop, sale)
    shop.run(60)
    assert matters() == ["D", "R", "R", "T", "T"]
    shop.pass_time(11 * DAY)
    hold(shop, secrets.sealer().subject("openbank", "cust_43"))
    assert sweep(shop) == {"SweepDone": 1, "Swept": 2, "SweepHeld": 1}
    assert matters() == ["D", "R", "T"]
    table.write(holds.lifted(secrets.sealer().subject("openbank", "cust_43"), "case-1"))
    shop.pass_time(9 * DAY)
    assert sweep(shop)["Swept"] == 3, "it was remembered, days after its day was swept"
    assert matters() == []
    assert [item for item in stored("ledger") if item["sk"].startswith("L#match")] == []


@pytest.mark.parametrize("by", ["hold", "restriction", "class"])
def test_what_stops_the_sweep_comes_in_time_until_the_very_write(
    shop: World, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    def restrict() -> None:
        customer = customers.get(subject())
        assert customer is not None
        moved = replace(customer, restrictions={"asked": shop.now}, rev=customer.rev + 1)
        customers.save(moved, [], b"", [])

    matched(shop)
    before = of_kind("T", "R", "D")
    shop.pass_time(11 * DAY)
    happens = {
        "hold": lambda: hold(shop, subject()),
        "restriction": restrict,
        "class": lambda: hold(shop, of_class("match")),
    }[by]
    meanwhile(monkeypatch, happens)
    for _ in range(3):
        sweep(shop)
    assert of_kind("T", "R", "D") == before
    (certificate,) = certificates()
    assert certificate["skipped"] == (["match"] if by == "class" else [])
    assert by == "class" or certificate["counts"]["match"]["held"] == 1


def test_a_payment_that_moves_meanwhile_is_left_alone(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    matched(shop)
    shop.pass_time(11 * DAY)

    def move() -> None:
        (item,) = of_kind("T")
        table.write(table.Put(LEDGER, item | {"rev": item["rev"] + 1}))

    meanwhile(monkeypatch, move)
    assert sweep(shop) == {"SweepDone": 1}
    assert matters() == ["D", "R", "T"]
    assert sweep(shop, anew=True)["Swept"] == 3


def test_of_two_sweeps_at_once_one_stops_and_both_come_to_one_certificate(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    matched(shop)
    shop.pass_time(11 * DAY)
    others: list[object] = []
    meanwhile(monkeypatch, lambda: others.append(sweep(shop)))
    assert sweep(shop) == {"SweepOvertaken": 1}
    assert others == [{"SweepDone": 1, "Swept": 3}]
    assert len(certificates()) == 1
    assert sweep(shop) == {}


def test_a_run_that_is_out_of_time_goes_on_where_it_stopped(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 7):
        matched(shop, number, 600 + number)
    shop.pass_time(11 * DAY)
    monkeypatch.setattr(sweeping, "PAGE", 2)
    transact, said = table.transact, []

    def slow(writes: Sequence[table.Write]) -> None:
        transact(writes)
        shop.pass_time(60)

    monkeypatch.setattr(table, "transact", slow)
    while not said or "SweepDone" not in said[-1]:
        said.append(sweep(shop))
    assert said[0] == {"SweepBehind": 1}
    assert len(said) > 2
    (certificate,) = certificates()
    assert certificate["counts"]["match"] == {"read": 6, "deleted": 18, "redacted": 0, "held": 0, "failed": 0}


def test_a_row_may_redact(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    change_row(monkeypatch, "receipt file", then=Redact(("errors", "parts")))
    shop.play("receipt_files.csv_asked_for")
    (before,) = of_kind("F")
    shop.pass_time(32 * DAY)
    assert sweep(shop)["Swept"] == 1
    (after,) = of_kind("F")
    assert before.keys() - after.keys() == {"errors", "parts", "due"}
    assert sweep(shop, anew=True) == {"SweepDone": 1}


def test_every_class_of_the_data_map_is_swept(shop: World) -> None:
    """Whoever gives a record a class and a row need not do more: it goes when its time is over."""
    plain = [record for record in classes() if record.due not in ("match", "tender", "body", "choices")]
    long_ago = shop.now - max(period(record) for record in plain) - timedelta(days=2)
    for record in plain:
        key = {"pk": f"{record.key.partition('/')[0]}x", "sk": f"{record.key.partition('/')[2]}x"}
        item = key | {"subject": "somebody", "due": keys.due(record.due, long_ago, "x")}
        table.write(table.Put(LEDGER, item))
        table.write(sweep_store.left(record.due, Place(long_ago.date(), crc32(b"x") % keys.shards_of(record.due))))
    assert sweep(shop)["Swept"] == len(plain)
    assert [item for item in stored("ledger") if item.get("subject") == "somebody"] == []


def test_all_versions_of_a_receipt_go_with_it(shop: World) -> None:
    sale = receipt(shop)
    tell(shop, payment(shop), sale | {"version": 2})
    for version in (3, 4, 1):
        line = sale["lines"][0] | {"description": f"Breakfast {version}"}
        tell(shop, sale | {"version": version, "lines": [line]})
    shop.run(60)
    assert matters() == ["D"] * 4 + ["R", "T"]
    shop.pass_time(11 * DAY)
    assert sweep(shop)["Swept"] == 5
    assert matters() == ["D"], "the one that came after its correction is kept against reprints"
    shop.pass_time(21 * DAY)
    assert sweep(shop)["Swept"] == 1
    assert matters() == []


def test_a_payment_that_gives_up_its_receipt_long_after_waits_a_week_and_goes(shop: World) -> None:
    matched(shop)
    shop.pass_time(9 * DAY)
    revisit(shop)
    sweep(shop)
    sale = receipt(shop, "soho-03-000001", 999)
    sale["tenders"][0] |= {"auth_code": "CODE01", "rrn": None}
    tell(shop, sale)
    shop.run(60)
    assert [item["state"] for item in of_kind("T")] == ["undecided"]
    shop.pass_time(8 * DAY)
    assert revisit(shop)["Expired"] == 1
    shop.pass_time(DAY)
    sweep(shop)
    assert of_kind("T") == []
