"""How much is sold, and every share of what is made. Shares lie between 0 and 1; times are seconds unless said."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class Recipe:
    """The defaults are a mixed high street. `days`: fewer days for the same sales need more stores.

    The clocks go back on 25 October 2026, within the first days.
    """

    sales: int = 200_000
    days: int = 7
    first_day: date = date(2026, 10, 22)

    # Shops. A chain's stores have one price list; with `shared_ids` one merchant id too.
    chain_size: int = 10
    shared_ids: bool = False

    # People. A regular is one of the few hundred that come to a store again and again, often for the usual.
    enrolled: float = 0.30
    regulars: float = 0.45
    usual: float = 0.5
    wallets: float = 0.35
    issuers_telling_tokens: float = 0.5
    issuers_telling_devices: float = 0.1

    # How they pay.
    cash: float = 0.12
    gift_cards: float = 0.015
    two_cards: float = 0.003

    # What is told of a payment, by banks (their issuers) and by stores.
    auth_by_banks: float = 0.8
    auth_by_stores: float = 0.8
    auth_garbled: float = 0.0005
    rrn_by_banks: float = 0.15
    rrn_by_stores: float = 0.15
    terminal_by_banks: float = 0.5
    terminal_by_stores: float = 0.6
    merchant_by_stores: float = 0.5
    last4_by_banks: float = 0.97
    last4_by_stores: float = 0.95
    vat_by_stores: float = 0.7
    clearing_told: float = 0.3

    # When a bank's webhook arrives.
    webhook_slow: float = 0.012

    # Tills' clocks, each share of all tills; the others are right within seconds.
    clocks_minutes_off: float = 0.08
    clocks_half_minute_off: float = 0.15
    clocks_hour_off: float = 0.015
    clocks_miss_the_switch: float = 0.03
    clocks_drifting: float = 0.04
    # What the time on a receipt means; the others say when it was printed.
    tills_stamping_at_close: float = 0.01
    quick_stores_stamping_orders: float = 0.2
    restaurants_stamping_bills: float = 0.15

    # How receipts travel, each share of all stores; the others send at once, but for hours offline.
    stores_hourly: float = 0.08
    stores_at_close: float = 0.03
    offline_a_day: float = 0.08
    lost: float = 0.03
    repeated: float = 0.01
    reprinted: float = 0.008
    corrected: float = 0.006
    corrected_amount: float = 0.002

    # What becomes of payments. Tips are of restaurants' and pubs' sales, pumps of fuel sales.
    tips: float = 0.3
    tips_cleared: float = 0.4
    tips_on_receipt: float = 0.4
    paid_at_pump: float = 0.6
    stations_printing_at_one_till: float = 0.3
    reservations_of_a_pound: float = 0.4
    reversed: float = 0.003
    retried: float = 0.002
    taken_back: float = 0.001
    refunds: float = 0.008
    refunds_naming_receipts: float = 0.6
    refunds_naming_payments: float = 0.5


_NO_CODES: Final = Recipe(auth_by_banks=0.0, auth_by_stores=0.0, rrn_by_banks=0.0, rrn_by_stores=0.0)

SCENARIOS: Final[dict[str, Recipe]] = {
    "auth-codes": Recipe(auth_by_banks=1.0, auth_by_stores=1.0),
    "no-codes": _NO_CODES,
    "chain-ids": replace(_NO_CODES, chain_size=50, shared_ids=True, days=2),
    "first-day": replace(_NO_CODES, days=1),
    "wrong-clocks": replace(_NO_CODES, clocks_minutes_off=0.5),
    "mixed": Recipe(),
}
"""Five of one kind each, and the high street in which some banks and tills tell codes and others none."""
