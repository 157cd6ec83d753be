"""Whether the audit trail is as it was recorded; what authorities were told, and what ops do, recorded in it."""

import argparse
import json
import sys
from typing import Any

from infra.operate import deployment
from infra.operate.deployment import Orders, Refused

AUDITING = "AuditFunction"
GROUNDS = ("court_order", "legal_duty", "regulator", "crime", "tax", "national_security")


def add_orders(orders: Orders) -> None:
    order = orders.add_parser("audit", help="verify the audit trail")
    kinds = order.add_subparsers(required=True, metavar="ORDER", title="orders")
    verifying = kinds.add_parser(
        "verify",
        help="say what holds, and where it breaks",
        description="Reads every chain of the audit trail, or that of one customer, and every checkpoint under its "
        "lock. A changed or missing entry, an end cut off, a second history or an entry dated back is told in a line, "
        "and the exit code is 1. It holds for customers who were erased, too.",
    )
    verifying.add_argument("--subject", nargs=2, metavar=("BANK", "CUSTOMER"), help="of this customer only")
    verifying.set_defaults(carry_out=verify)
    taking = kinds.add_parser(
        "checkpoint",
        help="take a checkpoint now",
        description="One is taken every hour where anything was recorded. It cannot be deleted before its time.",
    )
    taking.set_defaults(carry_out=checkpoint)

    _add_disclosures(orders)


def _add_disclosures(orders: Orders) -> None:
    form = argparse.ArgumentParser(add_help=False)
    form.add_argument("--json", action="store_true", help="all of it as JSON")
    disclosing = orders.add_parser(
        "disclose",
        parents=[form],
        help="record that an authority is told of a customer, before it is",
        description="Refuses without a ground and a reference. The customer finds it in an export of their data, "
        "unless the ground forbids that they be told (crime, tax, national_security). It is kept for six years, after "
        "the customer's erasure too. The same order again records nothing new.",
    )
    disclosing.add_argument("bank", metavar="BANK", help="as it is registered")
    disclosing.add_argument("customer", metavar="CUSTOMER", help="the bank's id of its customer")
    disclosing.add_argument("--authority", required=True, help="who is told, such as 'Metropolitan Police'")
    disclosing.add_argument("--ground", required=True, choices=GROUNDS, help="why they may be told")
    disclosing.add_argument("--reference", required=True, help="the number of their request, case or order")
    disclosing.add_argument(
        "--what",
        required=True,
        action="append",
        metavar="RECORD",
        help="a row of the data map; more than once for more",
    )
    disclosing.set_defaults(carry_out=disclose)
    listing = orders.add_parser(
        "disclosures",
        parents=[form],
        help="what authorities were told",
        description="Of one customer, or of the last days of all of them.",
    )
    listing.add_argument("customer", nargs="*", metavar="BANK CUSTOMER", help="of this customer only")
    listing.add_argument("--days", type=int, default=31, metavar="N", help="of the last N days (31)")
    listing.set_defaults(carry_out=show_disclosures)


def disclose(order: argparse.Namespace) -> None:
    named = {name: getattr(order, name) for name in ("bank", "customer", "authority", "ground", "reference")}
    _print(order, deployment.invoke(deployment.DESK, {"disclose": named | {"records": order.what}}))


def show_disclosures(order: argparse.Namespace) -> None:
    if len(order.customer) not in (0, 2):
        raise Refused("disclosures: give both BANK and CUSTOMER, or neither")
    asked = dict(zip(("bank", "customer"), order.customer, strict=True)) if order.customer else {"days": order.days}
    _print(order, deployment.invoke(deployment.DESK, {"list": asked}))


def _print(order: argparse.Namespace, told: dict[str, Any]) -> None:
    if "problems" in told:
        raise Refused("\n".join(told["problems"]))
    if order.json:
        print(json.dumps(told["disclosures"], indent=2))
        return
    for made in told["disclosures"]:
        customer = "the customer may know" if made["told"] else "NOT to be told to the customer"
        print(f"{made['at']}  {made['authority']}  {made['reference']}  {', '.join(made['records'])}")
        print(f"    {made['law']}; {customer}")
    if not told["disclosures"]:
        print("Nothing was disclosed.")


def checkpoint(_: argparse.Namespace) -> None:
    for did in deployment.invoke(AUDITING, {})["did"]:
        print(did)


def verify(order: argparse.Namespace) -> None:
    """All chains in as many calls as it takes."""
    bank, customer = order.subject or (None, None)
    faults: dict[str, None] = {}
    start: str | None = ""
    while start is not None:
        asked = {"bank": bank, "customer": customer, "from": start}
        told: dict[str, Any] = deployment.invoke(AUDITING, {"verify": asked})
        print(" ".join(told["says"]))
        faults |= dict.fromkeys(told["faults"])
        start = told["go_on"]
    if faults:
        print(*faults, sep="\n", file=sys.stderr)
        raise Refused(f"audit: {len(faults)} found. The trail is not as it was recorded.")
    print("It holds: each entry has the hash of the one before, and agrees with every checkpoint that saw it.")
