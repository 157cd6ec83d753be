"""What is kept and for how long: the retention sweep, and legal holds."""

import argparse
from collections.abc import Mapping
from typing import Any

from infra.operate import deployment
from infra.operate.deployment import Orders, Refused

SWEEP, HOLDS = "SweepFunction", "HoldsFunction"
GROUNDS = ("legal claim", "regulator", "police")
COLUMNS = ("read", "deleted", "redacted", "held", "failed")


def add_orders(orders: Orders) -> None:
    _add_sweep(orders)
    _add_holds(orders)


def _add_sweep(orders: Orders) -> None:
    order = orders.add_parser("retention", help="what is due to be deleted, and the sweep that deletes it")
    what = order.add_subparsers(required=True, metavar="ORDER")
    report = what.add_parser("report", help="by class: its period, how far it was swept, what is due; certificates")
    report.set_defaults(carry_out=tell_report)
    run = what.add_parser("run", help="sweep now, rather than with the next hour; ask again until it says SweepDone")
    run.add_argument("--dry-run", action="store_true", help="only say what a run would do now; nothing is changed")
    run.set_defaults(carry_out=sweep)


def _add_holds(orders: Orders) -> None:
    order = orders.add_parser(
        "hold",
        help="legal holds: what is held is neither swept nor, by a legal ground, erased",
        description="On the records of a bank's customer (BANK and CUSTOMER), or on a class as `retention report` "
        "names it (--class). The reference is the case's: no person's name.",
    )
    what = order.add_subparsers(required=True, metavar="ORDER")
    for name, says in (
        ("put", "hold until it is released"),
        ("release", "end a hold; the next sweep takes what is due"),
    ):
        one = what.add_parser(name, help=says)
        one.add_argument("reference", metavar="REFERENCE", help="the case's")
        one.add_argument("bank", metavar="BANK", nargs="?", help="as it is registered")
        one.add_argument("customer", metavar="CUSTOMER", nargs="?", help="the bank's id of its customer")
        one.add_argument("--class", dest="due", metavar="CLASS", help="as `retention report` names it")
        if name == "put":
            one.add_argument("--ground", choices=GROUNDS, required=True)
        one.set_defaults(carry_out=change_hold, order=name)
    what.add_parser("list", help="every hold").set_defaults(carry_out=list_holds)


def tell_report(_order: argparse.Namespace) -> None:
    told = deployment.invoke(SWEEP, {"report": True})
    for one in told["classes"]:
        held = "  HELD" if one["held"] else ""
        print(f"{one['class']:<16} {one['record']}: {one['kept']}; swept through {one['swept_through']}{held}")
        if one["due"]["read"]:
            print(f"{'':<16} {_numbers(one['due'])}")
    if told["under_way"]:
        print(f"A run is under way: {told['under_way']}")
    for one in told["certificates"]:
        print(f"Certificate {one['run']}  {_numbers(one)}{_skipped(one)}")


def sweep(order: argparse.Namespace) -> None:
    told = deployment.invoke(SWEEP, {"dry_run": True} if order.dry_run else {"anew": True})
    if not order.dry_run:
        print("  ".join(f"{name} {number}" for name, number in told.items()))
        return
    for due, counts in told.items():
        if counts["read"]:
            print(f"{due:<16} {_numbers(counts)}")
    if not any(counts["read"] for counts in told.values()):
        print("Nothing is due.")


def change_hold(order: argparse.Namespace) -> None:
    if bool(order.due) == bool(order.bank and order.customer):
        raise Refused("hold: either BANK and CUSTOMER, or --class")
    target = {"class": order.due} if order.due else {"bank": order.bank, "customer": order.customer}
    ground = {"ground": order.ground} if order.order == "put" else {}
    told = deployment.invoke(HOLDS, {order.order: {**target, "reference": order.reference, **ground}})
    if told["outcome"] == "no such class":
        raise Refused("hold: no such class; `retention report` names them")
    print(f"{told['outcome'].capitalize()}.")


def list_holds(_order: argparse.Namespace) -> None:
    for hold in deployment.invoke(HOLDS, {"list": True})["holds"]:
        print(f"{hold['target']}  {hold['reference']}  {hold['ground']}  since {hold['since']}")


def _numbers(counts: Mapping[str, Any]) -> str:
    return "  ".join(f"{name} {counts[name]}" for name in COLUMNS)


def _skipped(one: Mapping[str, Any]) -> str:
    return f"  held as a class: {', '.join(one['skipped'])}" if one["skipped"] else ""
