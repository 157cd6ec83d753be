"""The retention sweep: what is due goes, whole; what is held stays; deaths and repeats change nothing."""

from datetime import timedelta
from typing import Any

import pytest

from counterfoil.domain.holds import Hold
from counterfoil.runtime import secrets
from counterfoil.store import holds, keys, table
from tests.account import stored
from tests.flows.scenarios import payment, receipt, tell, with_lines
from tests.flows.sweeps import DAY, certificates, change_row, matters, of_kind, sweep, versions
from tests.world import World


@pytest.fixture
def shop(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A customer who allows receipts; few shards and short periods, since moto is slow."""
    monkeypatch.setattr(keys, "SHARDS", 2)
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


def hold(target: str, ground: Any = "legal claim") -> None:
    table.write(holds.placed(target, Hold("case-1", ground, None or _now())))


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


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
    hold(subject())
    assert sweep(shop)["SweepHeld"] == 2
    assert len(stored("salts")) == 1
    table.write(holds.lifted(subject(), "case-1"))
    assert sweep(shop, anew=True)["Swept"] == 3 + 4
    assert of_kind("T", "R", "D", "C", "O") == []
    assert stored("salts") == []
