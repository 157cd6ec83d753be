"""Why a payment has this receipt or none, and what has been learned of tills' clocks."""

import argparse
import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from infra.operate import deployment
from infra.operate.deployment import Orders, Refused

INSPECTING = "InspectFunction"
WIDTH = 110


def add_orders(orders: Orders) -> None:
    form = argparse.ArgumentParser(add_help=False)
    form.add_argument("--json", action="store_true", help="all of it as JSON")
    order = orders.add_parser(
        "explain",
        parents=[form],
        help="why a payment has this receipt, or none",
        description="In words, first for the customer, then for support: how it stands, every piece of evidence with "
        "its weight, what would settle it, and when it is looked at again. It tells nothing of others. "
        "What we do not know, for whatever reason, has one and the same answer.",
    )
    order.add_argument("bank", metavar="BANK", help="as it is registered")
    order.add_argument("customer", metavar="CUSTOMER", help="the bank's id of its customer")
    order.add_argument("transaction", metavar="TRANSACTION", help="the bank's id of the payment")
    order.set_defaults(carry_out=explain)

    order = orders.add_parser(
        "clocks",
        parents=[form],
        help="what has been learned of tills' clocks and shops' habits",
        description="A line a till: how far its clock is off, how well that is known, from how many sales, and when "
        "it was last learned. `!` marks what is odd: an hour wrong, drifting, new, not heard of for days. "
        "A line a shop: how many of its receipts never come, and how late the others are.",
    )
    order.add_argument("retailer", metavar="RETAILER", nargs="?", help="of this retailer only")
    order.add_argument("store", metavar="STORE", nargs="?", help="of this store only")
    order.add_argument("till", metavar="TILL", nargs="?", help="of this till only, registered or not")
    order.set_defaults(carry_out=clocks)


def explain(order: argparse.Namespace) -> None:
    asked = {name: getattr(order, name) for name in ("bank", "customer", "transaction")}
    told = deployment.invoke(INSPECTING, {"explain": asked})
    if order.json:
        print(json.dumps(told, indent=2))
        return
    _print_section(f"{told['state'].capitalize()}. To the customer", told["customer"])
    for section in told["support"]:
        _print_section(section["about"], section["says"])


def clocks(order: argparse.Namespace) -> None:
    asked = {name: getattr(order, name) for name in ("retailer", "store", "till")}
    told = deployment.invoke(INSPECTING, {"clocks": asked})
    if told["problem"]:
        raise Refused(f"clocks: {told['problem']}")
    if order.json:
        print(json.dumps(told, indent=2))
        return
    for shop in told["shops"]:
        print(f"{shop['retailer']} {shop['store']}")
        _print_report("shop", shop["habits"])
        for till, report in shop["tills"].items():
            _print_report(till, report)
    if told["more"]:
        print("There are more: name a retailer, or a store of it.")


def _print_section(about: str, says: Iterable[str]) -> None:
    print(about)
    for line in says:
        print(textwrap.fill(line, WIDTH, initial_indent="  ", subsequent_indent="    "))


def _print_report(name: str, report: Mapping[str, Any]) -> None:
    print("  ".join([f"  {name:<8} {report['says']}", *(f"! {odd}" for odd in report["odd"])]))
