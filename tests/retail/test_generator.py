"""What is made is valid, true, the same each time, and in the shares that were asked for."""

import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from counterfoil.banks import direct
from counterfoil.domain import receipts, registration
from counterfoil.domain.merchants import scopes
from infra.retail.files import MERCHANTS, RECEIPTS, TRANSACTIONS, TRUTH, SortedLines
from infra.retail.price_lists import KINDS
from infra.retail.recipe import SCENARIOS, Recipe
from infra.retail.tills import DAY, SWITCH, Line, TillClock, made_clock
from infra.retail.trading import write

SALES = 10_000
EVERY_FILE = (MERCHANTS, TRANSACTIONS, RECEIPTS, TRUTH)


@dataclass(frozen=True)
class Made:
    folder: Path
    transactions: list[dict[str, Any]]
    receipts: list[dict[str, Any]]
    truth: list[dict[str, Any]]

    @property
    def tags(self) -> Counter[str]:
        return Counter(
            tag for row in self.truth for tag in (*row["tags"], "sent" if row["receipt_ids"] else "not sent")
        )


def make(folder: Path, recipe: Recipe, seed: int = 7) -> Made:
    write(recipe, seed, folder)
    return Made(folder, *[_lines(folder / name) for name in (TRANSACTIONS, RECEIPTS, TRUTH)])


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Made:
    # With enough of what is rare.
    recipe = replace(
        SCENARIOS["mixed"],
        sales=SALES,
        days=1,
        chain_size=1,
        reprinted=0.05,
        corrected_amount=0.05,
        two_cards=0.05,
        refunds=0.05,
    )
    return make(tmp_path_factory.mktemp("mixed"), recipe)


def test_every_kind_of_shop_sells(mixed: Made) -> None:
    assert {row["shop"] for row in mixed.truth} == {kind.name for kind in KINDS}
    assert {"pump", "transit", "refund", "tip_cleared", "gift_card", "corrected_amount", "reprint"} <= mixed.tags.keys()


def test_every_line_can_be_taken(mixed: Made) -> None:
    merchants = registration.parse_merchants((mixed.folder / MERCHANTS).read_text())
    stores = {(merchant.retailer, store.store_id): store for merchant in merchants for store in merchant.stores}
    for line in mixed.receipts:
        receipt = receipts.parse(line["body"])
        store = stores[line["retailer"], receipt.store_id]
        assert {tender.merchant_id for tender in receipt.tenders} <= {None, *store.merchant_ids}
    for line in mixed.transactions:
        direct.parse(line["body"])


def test_lines_come_in_order_of_arrival(mixed: Made) -> None:
    for lines in (mixed.transactions, mixed.receipts):
        times = [line["at"] for line in lines]
        assert times == sorted(times)


def test_the_truth_is_of_what_was_sent(mixed: Made) -> None:
    events: dict[str, list[dict[str, Any]]] = {}
    prints: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for line in mixed.transactions:
        events.setdefault(line["body"]["data"]["transaction_id"], []).append(line)
    for line in mixed.receipts:
        prints.setdefault((line["retailer"], line["body"]["receipt_id"]), []).append(line)
    assert {row["transaction_id"] for row in mixed.truth} == events.keys()
    for row in mixed.truth:
        told = events[row["transaction_id"]]
        assert told[0]["at"] == row["transaction_at"]
        assert (
            (row["receipt_at"] is None)
            == (row["receipt_ids"] == [])
            == ("lost" in row["tags"] or "reversed" in row["tags"])
        )
        for receipt_id in row["receipt_ids"]:
            last = prints[row["retailer"], receipt_id][-1]["body"]
            amount = last["tenders"][row["tender"]]["amount"]
            assert amount in {line["body"]["data"]["amount"] for line in told}
            assert last["store_id"] == row["store_id"]
        if row["receipt_ids"]:
            first = prints[row["retailer"], row["receipt_ids"][0]]
            assert row["receipt_at"] == (first[-1] if "corrected_amount" in row["tags"] else first[0])["at"]


def test_the_same_seed_makes_the_same_bytes(mixed: Made, tmp_path: Path) -> None:
    recipe = replace(SCENARIOS["mixed"], sales=800)
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        write(recipe, seed, tmp_path / name)
    one, again, other = (
        [(tmp_path / name / file).read_bytes() for file in EVERY_FILE] for name in ("one", "again", "other")
    )
    assert one == again
    assert all(mine != theirs for mine, theirs in zip(one, other, strict=True))


def test_as_much_is_sold_as_was_asked_for(mixed: Made) -> None:
    sold = {(line["retailer"], line["body"]["receipt_id"].removesuffix("-R")) for line in mixed.receipts}
    assert len(sold) == pytest.approx(SALES, rel=0.1)


@pytest.fixture(scope="module")
def unusual(tmp_path_factory: pytest.TempPathFactory) -> Made:
    # Pumps are paid by card alone; tips and pumps are always cleared again.
    recipe = replace(
        SCENARIOS["mixed"], sales=5000, paid_at_pump=0, tips=0, refunds=0, reversed=0, retried=0, **UNUSUAL
    )
    return make(tmp_path_factory.mktemp("unusual"), recipe)


UNUSUAL: dict[str, float] = {
    "lost": 0.2, "wallets": 0.6, "enrolled": 0.5, "reprinted": 0.1, "two_cards": 0.1, "clearing_told": 0.7, "cash": 0.3,
}  # fmt: skip


@pytest.mark.parametrize(
    ("share", "of"),
    [
        ("lost", lambda made: made.tags["lost"] / len(made.truth)),
        (
            "wallets",
            lambda made: made.tags["phone"] / len(made.truth) / (1 - SCENARIOS["mixed"].issuers_telling_devices),
        ),
        ("enrolled", lambda made: made.tags["sent"] / _card_payments(made)),
        ("reprinted", lambda made: made.tags["reprint"] / made.tags["sent"]),
        ("two_cards", lambda made: _two_cards(made) / len(made.receipts)),
        ("clearing_told", lambda made: _told(made, "cleared") / (len(made.truth) - made.tags["two_cards"])),
        ("cash", lambda made: _paid(made, "cash") / len(made.receipts)),
    ],
)
def test_shares_are_as_asked(share: str, of: Callable[[Made], float], unusual: Made) -> None:
    assert of(unusual) == pytest.approx(UNUSUAL[share], rel=0.12)


def _two_cards(made: Made) -> int:
    return sum([tender["type"] for tender in line["body"]["tenders"]] == ["card", "card"] for line in made.receipts)


def _card_payments(made: Made) -> int:
    """By their receipts, each once."""
    bodies = {(line["retailer"], line["body"]["receipt_id"]): line["body"] for line in made.receipts}
    first_prints = [body for (_, receipt_id), body in bodies.items() if not receipt_id.endswith("-R")]
    return sum(tender["type"] == "card" for body in first_prints for tender in body["tenders"])


def _paid(made: Made, tender: str) -> int:
    return sum(line["body"]["tenders"][0]["type"] == tender for line in made.receipts)


def _told(made: Made, status: str) -> int:
    return sum(line["body"]["data"]["status"] == status for line in made.transactions)


def test_without_codes_nobody_tells_one(tmp_path: Path) -> None:
    made = make(tmp_path, replace(SCENARIOS["no-codes"], sales=1500))
    codes = {"auth_code", "rrn"}
    assert made.truth
    assert not any(codes & line["body"]["data"].keys() for line in made.transactions)
    assert not any(codes & tender.keys() for line in made.receipts for tender in line["body"]["tenders"])


def test_with_codes_both_sides_tell_the_same(tmp_path: Path) -> None:
    made = make(tmp_path, replace(SCENARIOS["auth-codes"], sales=1500, auth_garbled=0))
    codes = {line["body"]["data"]["transaction_id"]: line["body"]["data"]["auth_code"] for line in made.transactions}
    printed = {line["body"]["receipt_id"]: line["body"]["tenders"] for line in made.receipts}
    pairs = [
        (codes[row["transaction_id"]], printed[row["receipt_ids"][0]][row["tender"]]["auth_code"])
        for row in made.truth
        if row["receipt_ids"] and row["retailer"] == made.truth[0]["retailer"]
    ]
    assert pairs
    assert all(ours == theirs for ours, theirs in pairs)


def test_a_chain_of_fifty_is_one_scope(tmp_path: Path) -> None:
    write(replace(SCENARIOS["chain-ids"], sales=500), 1, tmp_path)
    for merchant in registration.parse_merchants((tmp_path / MERCHANTS).read_text()):
        assert len(merchant.stores) == 50
        assert len(set(scopes(merchant).values())) == 1


def test_half_the_clocks_are_wrong_by_minutes() -> None:
    recipe, random = SCENARIOS["wrong-clocks"], Random(1)
    clocks = [made_clock(recipe, random, SWITCH) for _ in range(2000)]
    assert sum(abs(clock.offset) >= 120 for clock in clocks) / 2000 == pytest.approx(0.5, abs=0.04)


def test_what_a_wrong_clock_shows() -> None:
    clock = TillClock(start=SWITCH - DAY, offset=90, drift=10, switching="misses the switch", tells_zone=True)
    assert clock.shows(SWITCH - DAY) - (SWITCH - DAY) == 90
    assert clock.shows(SWITCH) - SWITCH == 90 + 10 + 3600
    assert clock.stamp(SWITCH - DAY) == "2026-10-24T02:00:00+01:00"
    assert clock.stamp(SWITCH + DAY) == "2026-10-26T01:00:00+00:00"


def test_receipts_that_wait_for_the_hour_the_night_or_the_line() -> None:
    random, printed, closes = Random(1), 10 * 3600.0, 20 * 3600.0
    hourly, delayed = Line("hourly", lag=2).arrival(printed, closes, random)
    assert (delayed, hourly // 3600) == ("hourly", 11)
    assert Line("at close", lag=2).arrival(printed, closes, random)[0] > closes
    offline, delayed = Line("at once", lag=2, outages=[(printed - 60, printed + 600)]).arrival(printed, closes, random)
    assert delayed == "offline"
    assert offline >= printed + 600
    assert Line("at once", lag=2).arrival(printed, closes, random)[0] < printed + 200


def test_lines_are_held_back_only_until_their_hour_is_over() -> None:
    file = io.StringIO()
    lines = SortedLines(file)
    for at in (7300.0, 20.0, 3500.0, 10.0):
        lines.add(at, f"{at}\n")
    lines.flush(before=3600)
    assert file.getvalue() == "10.0\n20.0\n3500.0\n"
    lines.flush()
    assert file.getvalue() == "10.0\n20.0\n3500.0\n7300.0\n"
