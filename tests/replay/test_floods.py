"""What a till that floods can do, in figures: to another shop's customers nothing, to its own shop's little.

FLOODED=3000 tells of so many payments.
"""

import os
from datetime import datetime
from random import Random

import pytest

from tests.replay.tape import Tape, Told

FLOODED = int(os.environ.get("FLOODED", "100"))
PRICES = (285, 345, 410, 585)
GAP = 24.0
"""Seconds between two sales."""
AT_ONCE, A_MINUTE = 1_500, 12


def a_shop_trades(tape: Tape, merchant: str, retailer: str, store: str) -> float:
    """Sales without codes at two tills whose clocks are known; a third of the payers are with us. When it closes."""
    dice, second = Random(3), 0.0
    for number in range(8):
        for till in ("01", "02", "03"):
            codes = {"auth_code": f"K{number}{till}00", "rrn": None, "terminal_id": None}
            told = -7200.0 + 100 * number + int(till)
            tape.pays(told, f"tx_known_{number}_{till}", amount=10_000 + number, merchant_id=merchant, **codes)
            card = {"last4": "4242", "auth_code": codes["auth_code"]}
            tape.sells(told + 1, f"known-{number}-{till}", amount=10_000 + number, card=card, issued=told, till_id=till,
                       store_id=store, retailer=retailer)  # fmt: skip
    payments = 0
    while payments < FLOODED:
        second += dice.expovariate(1 / GAP)
        amount, last4 = dice.choice(PRICES), f"{dice.randrange(10_000):04}"
        if dice.random() < 0.35:
            payments += 1
            codes = {"auth_code": None, "rrn": None, "terminal_id": None, "last4": last4}
            tape.pays(second + dice.uniform(0.3, 4), f"tx_{payments}", amount=amount, paid=second, merchant_id=merchant,
                      **codes)  # fmt: skip
        if dice.random() < 0.97:
            printed = last4 if dice.random() < 0.65 else f"{dice.randrange(10_000):04}"
            tape.sells(second + dice.uniform(0.5, 6), f"own-{payments}-{second:.3f}", amount=amount,
                       card={"last4": printed}, issued=second + dice.gauss(0, 1), till_id=dice.choice(("01", "02")),
                       store_id=store, retailer=retailer)  # fmt: skip
    return second


def flood(tape: Tape, closing: float, store: str, *, live: bool, dice: Random) -> int:
    """All that a till may send and be believed: its day at once, stamped for the hours to come, then some a minute."""
    stamped = [closing * number / AT_ONCE for number in range(AT_ONCE)]
    told = [(-60.0 + number / 1000, at) for number, at in enumerate(stamped)]
    if live:
        told += [
            (60.0 * place / A_MINUTE + 3, 60.0 * place / A_MINUTE) for place in range(int(closing / 60 * A_MINUTE))
        ]
    for number, (second, at) in enumerate(told):
        amount = dice.choice(PRICES)
        card = {"last4": f"{dice.randrange(10_000):04}"}
        tape.sells(second, f"fake-{number}", amount=amount, card=card, issued=at, till_id="03", store_id=store)
    return len(told)


def given(lines: list[Told]) -> tuple[int, int]:
    """Payments that got a receipt made up, and that got one of the shop's."""
    of_payments = [line for line in lines if "method" in line]
    fakes = sum(line["receipt_id"].startswith("fake") for line in of_payments)
    return fakes, len(of_payments) - fakes


def played(tape: Tape) -> list[Told]:
    for lines in (tape.banks, tape.tills):
        lines.sort(key=lambda line: datetime.fromisoformat(line["at"]))
    return tape.play()


@pytest.mark.timeout(600)
def test_another_shops_customers_get_what_they_would_without_it(tape: Tape) -> None:
    closing = a_shop_trades(tape, "MID000200", "fern", "hove")
    before = played(tape)
    flood(tape, closing, "soho", live=True, dice=Random(4))
    after = [line for line in played(tape) if line.get("retailer") != "kite"]
    assert given(before) == given(after)
    assert [line for line in before if "method" in line] == [line for line in after if "method" in line]


@pytest.mark.timeout(600)
def test_its_own_shops_customers_hardly_ever_get_what_is_made_up(tape: Tape) -> None:
    closing = a_shop_trades(tape, "MID000123", "kite", "soho")
    _, before = given(played(tape))
    sent = flood(tape, closing, "soho", live=True, dice=Random(4))
    fakes, own = given(played(tape))
    print(f"{FLOODED} payments: {before} matched without, {own} under a flood of {sent}, {fakes} wrong")
    assert fakes <= 0.01 * FLOODED
    assert tape.summary is not None
    assert tape.summary.counts["tenders doubted"] == 0, "a flood within its allowance"


def test_beyond_its_allowance_it_is_doubted_and_counted(tape: Tape) -> None:
    for number in range(AT_ONCE + 100):
        tape.sells(number / 1000, f"fake-{number}", amount=10_000 + number, issued=0.0)
    played(tape)
    assert tape.summary is not None
    assert tape.summary.counts["tenders doubted"] == 100
