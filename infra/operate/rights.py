"""Requests under data protection law: seen by deadline, and answered where a person must."""

import argparse
import json
import textwrap
from typing import Any

from infra.operate import deployment
from infra.operate.deployment import Orders, Refused

CLOCK = "RightsClockFunction"
WIDTH = 100
EXTENSIONS = ("complex", "many_requests")
REFUSALS = (
    "identity_not_proved", "not_clarified", "manifestly_unfounded", "excessive", "legal_obligation", "legal_claims",
    "rights_of_others", "not_portable", "correct_already",
)  # fmt: skip


def add_orders(orders: Orders) -> None:
    order = orders.add_parser(
        "rights",
        help="requests under data protection law: by deadline, one, and what is to be done",
        description="Most requests answer themselves: copies, erasures, restrictions and objections are done within "
        "minutes of being asked by somebody whose identity is known. A person is needed to put right what is wrong "
        "(rectification), to look at documents, and to decline. Deadlines are a month, in London, to a working day of "
        "England; the clock stands still while we wait for an answer. Every order stands in the audit trail.",
    )
    kinds = order.add_subparsers(required=True, metavar="ORDER", title="orders")
    form = argparse.ArgumentParser(add_help=False)
    form.add_argument("--json", action="store_true", help="all of it as JSON")
    one = argparse.ArgumentParser(add_help=False, parents=[form])
    one.add_argument("request", metavar="REQUEST", help="its reference, prq_…")

    listing = kinds.add_parser("list", parents=[form], help="the open ones, by deadline; ! marks what is late")
    listing.set_defaults(carry_out=show_list)
    _add(kinds, one, "show", "one, with what the person wrote and is told")
    proving = _add(kinds, one, "prove", "documents showed whose it is: it starts, and its clock runs")
    proving.add_argument("bank", metavar="BANK", help="the bank of the customer, as it is registered")
    proving.add_argument("customer", metavar="CUSTOMER", help="the bank's id of its customer")
    _add(kinds, one, "ask-identity", "ask who it is; the clock stands still")
    asking = _add(kinds, one, "ask-clarification", "ask what is meant; the clock stands still")
    asking.add_argument("question", metavar="QUESTION", help="as the person will read it")
    answering = _add(kinds, one, "clarified", "the person told us, by letter or on the telephone")
    answering.add_argument("answer", metavar="ANSWER", help="what they said")
    extending = _add(kinds, one, "extend", "three months instead of one; only within the first, and once")
    extending.add_argument("reason", choices=EXTENSIONS, help="as the person will read it, in words")
    refusing = _add(kinds, one, "refuse", "decline, with the reason, the authority's address and the way to court")
    refusing.add_argument("reason", choices=REFUSALS, help="as the person will read it, in words")
    _add(kinds, one, "withdraw", "the person wants it no more")
    _add(kinds, one, "done", "what was wrong is put right, or passed on (rectification only)")


def _add(kinds: Orders, one: argparse.ArgumentParser, name: str, says: str) -> argparse.ArgumentParser:
    order = kinds.add_parser(name, parents=[one], help=says, description=says[0].upper() + says[1:] + ".")
    order.set_defaults(carry_out=carry_out, order=name)
    return order


def show_list(order: argparse.Namespace) -> None:
    requests = deployment.invoke(CLOCK, {"order": "list"})["requests"]
    if order.json:
        print(json.dumps(requests, indent=2))
        return
    for row in requests:
        mark, due = "!" if row["overdue"] else " ", row["due_by"] or "waits"
        print(f"{mark} {due:<10}  {row['request']:<20}  {row['kind']:<13}  {row['state']:<25}  {row['origin']}")
    if not requests:
        print("There are no open requests.")


def carry_out(order: argparse.Namespace) -> None:
    named = ("order", "request", "bank", "customer", "question", "answer", "reason")
    told = deployment.invoke(CLOCK, {name: getattr(order, name) for name in named if hasattr(order, name)})
    if "problem" in told:
        raise Refused(f"rights {order.order}: {told['problem']}")
    if order.json:
        print(json.dumps(told, indent=2))
        return
    _print(told)


def _print(told: dict[str, Any]) -> None:
    print(f"{told['request']}  {told['kind']}  {told['state']}  due {told['due_by'] or 'when they answer'}")
    for name, said in told["words"].items():
        print(textwrap.fill(f"{name}: {said}", WIDTH, initial_indent="  ", subsequent_indent="    "))
    for phase, how in told["phases"].items():
        print(f"  {phase}: {how}")
    for at, what, detail in told["history"]:
        print(f"  {at}  {what} {detail}".rstrip())
    print("The person is told:")
    for paragraph in told["message"].split("\n\n"):
        print(textwrap.fill(paragraph, WIDTH, initial_indent="  ", subsequent_indent="  "))
