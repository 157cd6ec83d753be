"""Whether the audit trail is as it was recorded."""

import argparse
import sys
from typing import Any

from infra.operate import deployment
from infra.operate.deployment import Orders, Refused

AUDITING = "AuditFunction"


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
