"""No partition key bears more than 30% of what DynamoDB gives one, at the country's peak."""

import pytest
from rich import box
from rich.console import Console
from rich.table import Table

from tests.budgets.hot_keys import PEAKS, SALES_A_SECOND, TOO_HOT, Load, load_of
from tests.budgets.plain_path import BUDGETS

AT_MOST = 0.30
SHOWN = 5


def show(title: str, load: Load) -> None:
    table = Table(title=f"{SALES_A_SECOND:,} sales a second, 15% at {title}", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("kind of key", no_wrap=True)
    table.add_column("its busiest", no_wrap=True, max_width=44)
    for heading in ("writes/s", "reads/s", "of the limit"):
        table.add_column(heading, justify="right")
    for share, kind, key, writes, reads in load.hottest()[:SHOWN]:
        table.add_row(kind, key, f"{writes:.1f}", f"{reads:.1f}", f"{share:.1%}")
    console = Console(width=120)
    console.print()
    console.print(table)


@pytest.mark.parametrize("peak", PEAKS)
def test_no_key_is_hot(peak: str) -> None:
    load = load_of(PEAKS[peak])
    show(peak, load)
    assert {kind: share for share, kind, *_ in load.hottest() if share > AT_MOST} == {}


def test_a_shop_too_busy_for_amounts_is_seen() -> None:
    load = load_of(TOO_HOT)
    show("one online shop, by amount", load)
    too_hot = [(kind, key) for share, kind, key, *_ in load.hottest() if share > AT_MOST]
    assert too_hot == [("rendezvous: pointers", "big/00000#sale#899#GBP")]


def test_what_is_booked_for_a_sale_is_what_the_plain_path_costs() -> None:
    load = load_of(PEAKS["a chain of 1,500 shops"])
    indexes = sum(writes for (kind, _), writes in load.writes.items() if kind.startswith("by_"))
    tables = sum(load.writes.values()) - indexes
    clocks = sum(writes for (kind, _), writes in load.writes.items() if "clock" in kind)
    assert (tables - clocks) / SALES_A_SECOND == pytest.approx(BUDGETS["write units on tables"])
    assert indexes / SALES_A_SECOND == pytest.approx(BUDGETS["write units on indexes"])
