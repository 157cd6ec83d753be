"""The plain path, counted: ten sales in full batches, either side first, at a till whose clock is known."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

from tests.budgets.meter import Meter, Spent
from tests.budgets.sales import Sale, sale

BATCH = 10
TEACHING = 75
"""A new shop's habits are written at 16, 32, 64, … sales: between two of these nothing is."""
"""Sales after which a till's clock is known, and moves no more."""

WEBHOOK, TILL = "webhook", "till"
OF_PAYMENT, OF_RECEIPT, DELIVERY = "payment matched", "receipt matched", "delivery"
ORDERS = {"payment first": (WEBHOOK, TILL), "receipt first": (TILL, WEBHOOK)}
MATCHING = {WEBHOOK: OF_PAYMENT, TILL: OF_RECEIPT}


@dataclass(frozen=True)
class Counted:
    """What `sales` sales spent."""

    spent: Sequence[Spent]
    sales: int

    def each(self, amounts: Iterable[float]) -> float:
        return round(sum(amounts) / self.sales, 3)

    def at(self, *steps: str) -> list[Spent]:
        return [one for one in self.spent if one.step in steps]

    def requests(self, queue: str, *steps: str) -> float:
        """SQS requests a sale on the match or the delivery queues, in these steps or in all."""
        return self.each(1 for one in (self.at(*steps) if steps else self.spent) if one.on == f"{queue} queue")

    @property
    def figures(self) -> dict[str, float]:
        """What the budgets are about, a sale."""
        return {
            "AWS calls of a webhook": self.each(_calls(self.at(WEBHOOK))),
            "write units on tables": self.each(one.writes for one in self.spent),
            "write units on indexes": self.each(one.on_indexes for one in self.spent),
            "read units": self.each(one.reads for one in self.spent),
            "SQS requests, payment": self.requests("match", WEBHOOK, OF_PAYMENT),
            "SQS requests, receipt": self.requests("match", TILL, OF_RECEIPT),
            "SQS requests, delivery": self.requests("delivery"),
            "S3 calls": self.each(1 for one in self.spent if one.on == "s3"),
        }


BUDGETS = {
    "AWS calls of a webhook": 2,
    "write units on tables": 10,
    "write units on indexes": 4,
    "read units": 7,
    "SQS requests, payment": 1.2,
    "SQS requests, receipt": 1.2,
    "SQS requests, delivery": 0.3,
    "S3 calls": 0,
}


def warm_up(meter: Meter) -> None:
    """Fills the caches and teaches the till's clock and the shop's habits."""
    play(meter, [sale(number, meter.now) for number in range(TEACHING)], ORDERS["payment first"])


def play(meter: Meter, sales: Sequence[Sale], order: Sequence[str]) -> Counted:
    """Every sale's one side, then every other side, then the deliveries; each batch as full as it can be."""
    before = len(meter.spent)
    for side in order:
        meter.step = side
        for one in sales:
            _send(meter, side, one)
        meter.step = MATCHING[side]
        while batch := meter.receive("match"):
            meter.work_on("match", batch)
    meter.step = DELIVERY
    meter.run(0)
    return Counted(meter.spent[before:], len(sales))


def _send(meter: Meter, side: str, one: Sale) -> None:
    if side == WEBHOOK:
        answer = meter.signed("openbank", "/v1/banks/openbank/transactions", one.payment)
    else:
        answer = meter.signed("kite", "/v1/retailers/kite/receipts", one.receipt)
    assert answer["statusCode"] == 202, answer["body"]


def _calls(spent: Iterable[Spent]) -> Iterable[int]:
    """One for each call; a read of several tables is written down once for each."""
    previous = None
    for one in spent:
        yield 0 if one.operation == previous == "BatchGetItem" else 1
        previous = one.operation


def show(title: str, counted: Counted) -> None:
    """Prints where each unit goes: write units on tables and on indexes, read units, SQS requests."""
    console = Console(width=130)
    console.print()
    console.print(_where(title, counted))
    console.print(_against_budgets(counted.figures))


def _where(title: str, counted: Counted) -> Table:
    table = Table(title=f"{title}: what a matched receipt costs", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("step", "call", "on"):
        table.add_column(heading, no_wrap=True)
    for heading in ("writes", "index writes", "reads", "requests"):
        table.add_column(heading, justify="right", no_wrap=True)
    rows: dict[tuple[str, str, str], list[Spent]] = defaultdict(list)
    for one in counted.spent:
        rows[one.step, one.operation, one.on].append(one)
    for (step, operation, on), spent in rows.items():
        amounts = (
            counted.each(one.writes for one in spent),
            counted.each(one.on_indexes for one in spent),
            counted.each(one.reads for one in spent),
            counted.each(1 for one in spent if on.endswith("queue")),
        )
        indexes = " ".join(sorted({name for one in spent for name in one.index_writes}))
        cells = [f"{amount:g}" if amount else "" for amount in amounts]
        table.add_row(step, operation, on, cells[0], f"{indexes} {cells[1]}", *cells[2:])
    return table


def _against_budgets(figures: dict[str, float]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("a matched receipt", no_wrap=True)
    for heading in ("counted", "budget", ""):
        table.add_column(heading, justify="right")
    for name, counted in figures.items():
        table.add_row(name, f"{counted:g}", f"≤ {BUDGETS[name]:g}", "ok" if counted <= BUDGETS[name] else "OVER")
    return table
