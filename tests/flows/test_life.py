"""The life of a payment told in any order and however often: one record, and one last word to the bank."""

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.audit import audit, held, kept
from tests.flows.scenarios import Body, at, cleared, payment, receipt, reprint, reversed_payment
from tests.world import World


@dataclass(frozen=True)
class Life:
    """What is told of one payment, and the total of the receipt that its customer has in the end (None: none)."""

    name: str
    told: Callable[[World], Sequence[Body]]
    total: int | None


def journeys(w: World) -> Body:
    """A day's taps on one receipt, made when the day is charged."""
    body = receipt(w, amount=890)
    taps = [("Bank to Angel, 08:12", 280), ("Angel to Bank, 17:40", 280), ("Bus 43, 19:05", 330)]
    body["lines"] = [{"description": tap, "quantity": "1", "amount": amount} for tap, amount in taps]
    paid_at = at(payment(w), 1190)["timestamp"]
    return body | {"issued_at": paid_at}


LIVES = [
    Life("plain", lambda w: [payment(w), at(cleared(w), 1440), receipt(w)], 585),
    Life("a tip", lambda w: [payment(w), at(cleared(w, amount=650), 300), receipt(w)], 585),
    Life("a tip on the receipt", lambda w: [payment(w), at(cleared(w, amount=650), 300), receipt(w, amount=650)], 650),
    Life("fuel", lambda w: [payment(w, amount=9900), at(cleared(w, amount=4523), 6), receipt(w, amount=4523)], 4523),
    Life(
        "fuel, the rest released",
        lambda w: [
            payment(w, amount=9900),
            at(reversed_payment(w, amount=5377), 6),
            at(cleared(w, amount=4523), 1440),
            receipt(w, amount=4523),
        ],
        4523,
    ),
    Life(
        "shipped in three",
        lambda w: [
            payment(w, amount=9000),
            *(at(cleared(w, amount=3000), minutes) for minutes in (600, 1200, 1800)),
            receipt(w, amount=9000),
        ],
        9000,
    ),
    Life(
        "shipped in two, one missing",
        lambda w: [
            payment(w, amount=9000),
            at(cleared(w, amount=3000), 600),
            at(cleared(w, amount=4000), 900),
            receipt(w, amount=7000),
        ],
        7000,
    ),
    Life("journeys", lambda w: [payment(w, amount=10), at(cleared(w, amount=890), 1191), journeys(w)], 890),
    Life("reversed", lambda w: [payment(w), at(reversed_payment(w), 5), receipt(w)], None),
    Life(
        "charged back",
        lambda w: [payment(w), at(cleared(w, amount=650), 300), at(reversed_payment(w, amount=650), 9000), receipt(w)],
        None,
    ),
    Life(
        "charged back in part",
        lambda w: [payment(w), at(cleared(w), 300), at(reversed_payment(w, amount=85), 9000), receipt(w)],
        585,
    ),
    Life(
        "reversed, and cleared all the same",
        lambda w: [payment(w), at(reversed_payment(w), 5), at(cleared(w), 300), receipt(w)],
        585,
    ),
    Life("reprinted", lambda w: [payment(w), receipt(w), reprint(receipt(w), "soho-03-000124")], 585),
]


def last_word(counterfoil: World) -> Any:
    """What the bank knows in the end: nothing, a withdrawal, or a receipt; not how often it changed."""
    notices = counterfoil.notices()
    if not notices:
        return None
    data = max(notices, key=lambda notice: notice["data"]["version"])["data"]
    if "receipt" not in data:
        return None
    shown = data["receipt"] | {"receipt_id": "", "issued_at": "", "barcode": ""}
    return data["transaction_id"], shown


def record() -> Any:
    [known] = kept()[0].values()
    return known.facts, known.state == "void", known.match is not None and known.state == "matched", known.codes


def end_of(told: Sequence[Body], order: Sequence[int], counterfoil: World, beginning: Any) -> Any:
    counterfoil.restore(beginning)
    for place in order:
        body = told[place]
        if "data" in body:
            counterfoil.pays(body)
        else:
            counterfoil.sells(body)
        counterfoil.run(0)
        counterfoil.pass_time(1)
    counterfoil.run()
    audit(counterfoil)
    return record(), last_word(counterfoil), {name: one["total"] for name, one in held(counterfoil).items()}


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.name)
def test_any_order_and_repetition_ends_alike(life: Life, counterfoil: World) -> None:
    counterfoil.consent()
    told, beginning = life.told(counterfoil), counterfoil.remember()
    count = len(told)
    expected = end_of(told, range(count), counterfoil, beginning)
    assert expected[2] == ({"tx_0001": life.total} if life.total else {})

    for order in orders(count, random.Random(life.name)):
        assert end_of(told, order, counterfoil, beginning) == expected, order


def orders(count: int, chance: random.Random) -> list[list[int]]:
    """Every order of three, some of more, each with some told again before or after."""
    plain = list(itertools.permutations(range(count)))
    chosen = plain if count <= 3 else chance.sample(plain, 12)
    return [
        [*again, *order] if chance.random() < 0.5 else [*order, *again]
        for order in chosen
        for again in [chance.choices(order, k=chance.randint(0, 2))]
    ]


def test_a_refund_finds_its_receipt_by_the_purchase_it_gives_back(counterfoil: World) -> None:
    """Two refunds of the same amount on the same day, without a code: each names its purchase."""
    counterfoil.consent()
    for number, code in ((1, "AAAAAA"), (2, "BBBBBB")):
        bought = receipt(counterfoil, f"soho-{number}")
        bought["tenders"][0] |= {"auth_code": code, "rrn": None}
        del bought["tenders"][0]["rrn"]
        counterfoil.pays(payment(counterfoil, f"tx_{number}", auth_code=code, rrn=None))
        counterfoil.sells(bought)
        counterfoil.run(0)
    for number in (1, 2):
        back = payment(counterfoil, f"back_{number}", direction="credit", status="refunded", auth_code=None, rrn=None)
        back["data"]["original_transaction_id"] = f"tx_{number}"
        counterfoil.pays(back | {"type": "transaction.refunded"})
        given = receipt(counterfoil, f"soho-back-{number}", kind="refund", original_receipt_id=f"soho-{number}")
        given["tenders"] = [{"type": "card", "amount": 585}]
        counterfoil.sells(given)
    counterfoil.run()
    assert {name: one["receipt_id"] for name, one in held(counterfoil).items()} == {
        "tx_1": "soho-1", "tx_2": "soho-2", "back_1": "soho-back-1", "back_2": "soho-back-2",
    }  # fmt: skip
    audit(counterfoil)
