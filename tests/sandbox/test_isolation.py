"""One of two banks says nothing for a while: the other's receipts are as quick as before."""

import itertools
import os
import time
from statistics import median

from infra.sandbox.bank import Trouble
from tests.sandbox.live import Live

SALES = 8
HELD_UP = 4
SILENT_SECONDS = int(os.environ.get("SILENT_SECONDS", "18"))
"""Long enough for every held-up delivery to run into its deadline of 15 s, and too short for the bank to be paused:
that comes after a minute of failures."""
SLOWER_AT_MOST = 3
NOISE_SECONDS = 0.5


def seconds_of(live: Live, tag: str) -> float:
    """How long a receipt of Openbank's takes from the payment to the customer."""
    payment, receipt = live.sale(tag, "quick_1")
    began = time.monotonic()
    live.stage.pay("openbank", payment)
    live.stage.print_receipt("kite", receipt)
    assert live.stage.shown("openbank", payment)["state"] == "matched"
    return time.monotonic() - began


def test_a_silent_bank_delays_nothing_of_the_others(live: Live) -> None:
    live.consent("quick_1")
    live.consent("H-silent", bank="harbourbank")
    before = [seconds_of(live, f"before-{number}") for number in range(SALES)]
    silent = live.stage.bank("harbourbank")
    silent.behave(Trouble(0))
    held_up, silent_until = [], time.monotonic() + SILENT_SECONDS
    for number in range(HELD_UP):
        live.stage.begin(0, "")
        payment = live.stage.event("bank_webhook.authorised_harbourbank", f"silent-{number}")
        payment["data"]["customer_id"] = "H-silent"
        live.stage.pay("harbourbank", payment)
        live.stage.print_receipt("fern", live.stage.event("retailer_receipt.weighed_goods", f"silent-{number}"))
        held_up.append(payment)
    assert silent.wait_for(lambda: all(live.stage.attempts("harbourbank", one) for one in held_up), 30)

    numbers = itertools.takewhile(lambda _: time.monotonic() < silent_until, itertools.count())
    during = [seconds_of(live, f"during-{number}") for number in numbers]

    told = f"median {median(before):.2f} s before, {median(during):.2f} s while the other bank is silent"
    print(f"\nOpenbank's receipts: {told}")
    assert not any(silent.receipt(one["data"]["transaction_id"]) for one in held_up), "it is still silent"
    assert median(during) <= SLOWER_AT_MOST * median(before) + NOISE_SECONDS, told
    assert max(during) < 10, during  # a silent bank's deadline is 15 s: none waited for one
    silent.behave(None)
    for payment in held_up:
        assert live.stage.shown("harbourbank", payment)["state"] == "matched"
