"""The command line of the operators' orders."""

import argparse
import sys
from collections.abc import Sequence

from infra.operate import audit, banks, erasures, matching, partners, queues, retention, rights
from infra.operate.deployment import Refused


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 refused with the reason on stderr."""
    order = _parser().parse_args(arguments)
    try:
        order.carry_out(order)
    except (Refused, OSError) as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.operate",
        description="Operates a deployed Counterfoil (stack Counterfoil, eu-west-1).",
        epilog="For the sandbox set AWS_ENDPOINT_URL and the credentials that it printed.",
    )
    orders = parser.add_subparsers(required=True, metavar="ORDER", title="orders")
    for subject in (partners, queues, banks, matching, audit, rights, retention, erasures):
        subject.add_orders(orders)
    return parser


if __name__ == "__main__":
    sys.exit(main())
