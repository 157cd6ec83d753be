"""The erasure ledger: whoever was erased stays erased, also after a restore."""

from typing import Any

from infra.operate import deployment
from infra.operate.deployment import Orders

APPLYING = "ErasuresFunction"


def add_orders(orders: Orders) -> None:
    order = orders.add_parser("erasures", help="apply the erasure ledger again")
    kinds = order.add_subparsers(required=True, metavar="ORDER", title="orders")
    applying = kinds.add_parser(
        "apply",
        help="erase again whom a restore brought back",
        description="After any restore of a table, before anything else is done with it. The keys of whoever was "
        "erased are deleted at once; what else came back is erased within the hour. Repeating it does no harm, and "
        "who came back of their own accord stays. `redrive` applies it by itself.",
    )
    applying.set_defaults(carry_out=lambda _: print(apply()))


def apply() -> str:
    """All of the ledger, in as many calls as it takes; what was done, in words."""
    entries, again, after = 0, 0, ""
    while True:
        told: dict[str, Any] = deployment.invoke(APPLYING, {"after": after})
        entries, again, after = entries + told["entries"], again + told["again"], told["after"]
        if not after:
            return f"{entries} erasures in the ledger, {again} of them are carried out again"
