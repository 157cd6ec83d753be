"""What the demo tells in the terminal: steps with their time, each message as it passes, checks, a receipt."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.align import Align
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from infra.sandbox.bank import Attempt, Bank

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
PAPER = "grey15 on #fffdf6"
WIDTH = 42


def money(amount: int, currency: str) -> str:
    """`amount` in minor units (of two decimals, as all currencies of the demo have)."""
    return f"{SYMBOLS.get(currency, currency + ' ')}{amount / 100:,.2f}"


class Terminal:
    """Prints from any thread. Everything that comes from outside is text to it, never markup."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)

    def title(self, text: str) -> None:
        self.console.print(Rule(Text(text, style="bold"), style="blue"))

    def say(self, text: str) -> None:
        self.console.print(Text(text, style="dim"), soft_wrap=True)

    @contextmanager
    def step(self, text: str) -> Iterator["Step"]:
        """Long work: a spinner where there is a terminal, its result and duration at the end."""
        started = time.monotonic()
        with self.console.status(text) as status:
            yield Step(self, text, status.update)
        took = time.monotonic() - started
        self.console.print(Text.assemble(("✓ ", "green"), text.strip(), (f"  {took:.1f} s", "dim")), soft_wrap=True)

    def scene(self, number: int, title: str) -> None:
        self.console.print()
        self.console.print(Text.assemble((f"{number:>2}  ", "bold blue"), (title, "bold")), soft_wrap=True)

    def flow(self, source: str, target: str, what: str, outcome: str, *, good: bool = True) -> None:
        """One message: who to whom, what, and the answer."""
        row = Text.assemble(
            (f"    {datetime.now():%H:%M:%S}  ", "dim"),
            (f"{source:>11} → {target:<11}  ", "cyan"),
            f"{what:<58.58}  ",
            (outcome, "green" if good else "yellow"),
        )
        self.console.print(row, soft_wrap=True)

    def attempt(self, bank: Bank, attempt: Attempt) -> None:
        """A delivery as it reaches a bank."""
        data = json.loads(attempt.body)["data"]
        receipt = data.get("receipt")
        shown = f"{receipt['store']['name']} {money(receipt['total'], receipt['currency'])}" if receipt else ""
        answer = str(attempt.status or "silence")
        what = f"{attempt.type} v{data['version']}  {shown}"
        self.flow("counterfoil", bank.bank, what, answer, good=attempt.status == 204)

    def check(self, expected: str, seen: object, wanted: object) -> None:
        """What was expected, and what was seen; where they differ, also what was wanted."""
        mark, more = ("✓", "bold green"), ""
        if seen != wanted:
            mark, more = ("✗", "bold red"), f"  not: {_spoken(wanted)}"
        row = Text.assemble("    ", mark, f" {expected}", ("  seen: ", "dim"), _spoken(seen), (more, "red"))
        self.console.print(row, soft_wrap=True)

    def receipt(self, receipt: Mapping[str, Any]) -> None:
        """The receipt as its customer sees it."""
        torn = Text("╱╲" * (WIDTH // 2 + 3), style="#fffdf6")
        paper = Padding("\n".join(receipt_rows(receipt)), (0, 3), style=PAPER, expand=False)
        self.console.print()
        for part in (torn, paper, torn):
            self.console.print(Align.center(part))

    def addresses(self, rows: Mapping[str, str]) -> None:
        table = Table.grid(padding=(0, 2))
        for name, address in rows.items():
            table.add_row(Text(name, style="bold"), Text(address))
        self.console.print(Padding(table, (1, 2)), soft_wrap=True)


class Step:
    """Long work under way."""

    def __init__(self, terminal: Terminal, text: str, update: Any) -> None:
        self._terminal, self._text, self._update = terminal, text, update

    def progress(self, line: str) -> None:
        """What it is doing now: in the spinner's line, or printed where nothing can spin."""
        if self._terminal.console.is_terminal:
            self._update(Text.assemble(self._text, (f"  {line}", "dim")))
        else:
            self._terminal.say(f"  {line}")


def _spoken(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_spoken(part) for part in value) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None else str(value)


def receipt_rows(receipt: Mapping[str, Any]) -> list[str]:
    """The rows of a receipt, each WIDTH characters wide."""
    currency, store = receipt["currency"], receipt["store"]
    rule = "-" * WIDTH
    rows = [store["name"].upper().center(WIDTH), store["address"].center(WIDTH), store["postcode"].center(WIDTH)]
    if "vat_number" in receipt["retailer"]:
        rows.append(f"VAT no. {receipt['retailer']['vat_number']}".center(WIDTH))
    issued = datetime.fromisoformat(receipt["issued_at"])
    rows += [rule, _row(f"{issued:%d %b %Y %H:%M}", receipt["receipt_id"]), rule]
    for line in receipt["lines"]:
        rows += _bought(line, currency)
    rows += [rule, _row("TOTAL", money(receipt["total"], currency))]
    for tender in receipt["tenders"]:
        number = f" •••• {tender['last4']}" if "last4" in tender else ""
        rows.append(_row(tender["type"].replace("_", " ").title() + number, money(tender["amount"], currency)))
    rows.append(rule)
    for vat in receipt["vat"]:
        rows.append(_row(f"VAT {vat['rate']}% of {money(vat['net'], currency)}", money(vat["amount"], currency)))
    if "barcode" in receipt:
        rows += ["", f"[ {receipt['barcode']['value']} ]".center(WIDTH)]
    return ["", *rows, ""]


def _bought(line: Mapping[str, Any], currency: str) -> list[str]:
    count = "" if line["quantity"] == "1" else f"{line['quantity']} × "
    rows = [_row(count + line["description"], money(line["amount"], currency))]
    rows += [
        _row(f"  + {extra['description']}", money(extra["amount"], currency)) for extra in line.get("modifiers", ())
    ]
    rows += [_row(f"  {off['description']}", f"-{money(off['amount'], currency)}") for off in line.get("discounts", ())]
    return rows


def _row(label: str, value: str) -> str:
    room = WIDTH - len(value) - 1
    return f"{label[:room]:<{room}} {value}"
