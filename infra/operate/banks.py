"""How banks take what they are sent, and sending held and let go by hand."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from infra.operate import deployment
from infra.operate.deployment import Orders, Refused

TENDING = "ProbeFunction"


def add_orders(orders: Orders) -> None:
    order = orders.add_parser(
        "banks",
        help="how each bank takes what it is sent",
        description="One line a bank: well, failing or paused, since when and why, what it last answered, and when it "
        "is probed next. A bank that fails for a minute is paused by itself: its messages wait, "
        "and one of them probes it until it takes it.",
    )
    order.set_defaults(carry_out=banks)

    for wish, what in (
        ("pause", "Nothing is sent to the bank, and it is not probed, until it is resumed; its messages wait."),
        ("resume", "Everything that waits is sent. If the bank still fails, it is paused again in a minute."),
    ):
        order = orders.add_parser(
            wish,
            help=f"{wish} the deliveries to a bank",
            description=f"{what} A message waits for at most fourteen days.",
        )
        order.add_argument("bank", metavar="BANK", help="as it is registered")
        order.set_defaults(carry_out=order_bank, wish=wish)


def banks(_: argparse.Namespace) -> None:
    """A line a bank, told by the function that tends them."""
    _tell(deployment.invoke(TENDING, {"look": True})["banks"])


def order_bank(order: argparse.Namespace) -> None:
    """Pauses or resumes, as `order.wish` says."""
    known = [told["bank"] for told in deployment.invoke(TENDING, {"look": True})["banks"]]
    if order.bank not in known:
        raise Refused(f"{order.wish}: no such bank; there are {', '.join(known)}")
    _tell(deployment.invoke(TENDING, {order.wish: order.bank})["banks"])


def _tell(health: Sequence[Mapping[str, Any]]) -> None:
    for bank in health:
        more = [(name, bank[name]) for name in ("reason", "since", "last_status", "next_probe")]
        told = [f"{name.replace('_', ' ')} {value}" for name, value in more if value is not None]
        print("  ".join([f"{bank['state']:<8} {bank['bank']}", *told]))
