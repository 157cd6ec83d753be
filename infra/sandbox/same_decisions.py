"""`make same-decisions`: the deployed handlers and the replay decide the same, told the same at the same times.

Sales at four stores are told to the stacks in the embedded engine in their order, by signed HTTP, as fast as it takes
them; each line's time of arrival is written down, and the replay is given the same lines at those times. A time cannot
be told twice to the millisecond, and a queue is at times slow, so a payment may be decided on one side and wait on the
other: those are counted, and may be few. No payment may have another receipt. EVENTS=… tells of more or fewer.
"""

import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from rich.progress import track
from rich.table import Table

import infra.sandbox.replay as replaying
from infra.sandbox.deploy import DeployError, deploy
from infra.sandbox.engine import STATE, EngineError, running
from infra.sandbox.partners import MERCHANTS, Partners, RegistrationError, connected
from infra.sandbox.terminal import Terminal

EVENTS = 2_000
WAITS = (2.0, 4.0, 8.0)
LOOKS = 15
"""Seconds in which all of those looks are over."""
A_SECOND = 8.0
"""Events told a second, about."""
ONE_SIDED = 0.02
"""The share of payments that may be decided on one side only."""
STORES = (("kite", "soho", "MID000123"), ("kite", "camden", "MID000124"), ("fern", "hove", "MID000200"),
          ("fern", "lewes", "MID000200"))  # fmt: skip
PRICES = (285, 345, 345, 410, 585)
BANKS = ("openbank", "harbourbank")
CUSTOMERS = 5

type Match = tuple[str, str]
"""The receipt's id, and the method."""


@dataclass(frozen=True, order=True)
class Event:
    """Told `second` s after the start: by a bank or a retailer (`sender`), of a sale at `sold` s."""

    second: float
    sender: str
    body: Any
    sold: float

    @property
    def is_payment(self) -> bool:
        return self.sender in BANKS

    def at(self, now: datetime) -> dict[str, Any]:
        """The body as it is told now: its times are that much ago."""
        paid = now + timedelta(seconds=self.sold - self.second)
        if not self.is_payment:
            issued = paid + timedelta(seconds=self.body["ahead"])
            return self.body["receipt"] | {"issued_at": _told(issued)}
        return {
            "type": "transaction.authorised",
            "timestamp": _told(paid),
            "data": self.body | {"authorised_at": _told(paid)},
        }


def made(count: int) -> list[Event]:
    """Sales seconds apart; some by wallet, some without codes, some late, some told by one side only."""
    dice, events, second, number = Random(14), [], 0.0, 0
    ahead = {(store, till): dice.uniform(-90, 90) for _, store, _ in STORES for till in ("1", "2")}
    while len(events) < count:
        number, second = number + 1, second + dice.expovariate(A_SECOND / 1.8)
        (retailer, store, merchant), till = dice.choice(STORES), dice.choice(("1", "2"))
        has_codes = number < 80 or dice.random() < 0.5
        auth = {"auth_code": f"{dice.randrange(10**6):06}"} if has_codes else {}
        last4, amount = f"{dice.randrange(10**4):04}", dice.choice(PRICES)
        printed = last4 if dice.random() < 0.65 else f"{dice.randrange(10**4):04}"
        if dice.random() < 0.92:
            payment = {
                "transaction_id": f"tx_{number}", "customer_id": f"cust_{dice.randrange(CUSTOMERS)}",
                "card": {"last4": last4}, "direction": "debit", "amount": amount, "currency": "GBP",
                "status": "authorised", "merchant": {"merchant_id": merchant}, **auth,
            }  # fmt: skip
            events.append(Event(second + dice.uniform(0.1, 2), dice.choice(BANKS), payment, second))
        if dice.random() < 0.92:
            receipt = {
                "receipt_id": f"{store}-{number}", "store_id": store, "till_id": till, "kind": "sale",
                "currency": "GBP", "total": amount,
                "lines": [{"description": f"Breakfast {number}", "quantity": "1", "amount": amount, "vat_rate": "20"}],
                "tenders": [{"type": "card", "amount": amount, "last4": printed, **auth}],
            }  # fmt: skip
            late = dice.uniform(0.1, 3) if dice.random() < 0.9 else dice.uniform(3, 30)
            printing = {"receipt": receipt, "ahead": ahead[store, till] + dice.gauss(0, 1)}
            events.append(Event(second + late, retailer, printing, second))
    return sorted(events, key=lambda event: event.second)[:count]


def told(events: list[Event], partners: Partners) -> Iterator[dict[str, Any]]:
    """Tells them in their order, none before its time; the line of each as it was taken."""
    start = time.monotonic()
    for event in track(events, "Telling the engine"):
        time.sleep(max(0.0, start + event.second - time.monotonic()))
        now = datetime.now(UTC)
        body = event.at(now)
        partner = partners.banks[event.sender] if event.is_payment else partners.tills[event.sender]
        partner.send(body).raise_for_status()
        yield {"at": _told(now), "bank" if event.is_payment else "retailer": event.sender, "body": body}


def decided_by_handlers(partners: Partners) -> dict[str, Match]:
    """What the banks were told."""
    notices = [json.loads(attempt.body) for name in BANKS for attempt in partners.banks[name].attempts]
    return {
        notice["data"]["transaction_id"]: (
            notice["data"]["receipt"]["receipt_id"],
            notice["data"]["match"]["method"],
        )
        for notice in notices
        if notice["type"] == "receipt.matched"
    }


def decided_by_replay(lines: list[Mapping[str, Any]], folder: Path) -> dict[str, Match]:
    """What the replay decides of the same lines, in the time of those looks."""
    paths = [folder / name for name in ("transactions.jsonl", "receipts.jsonl", "matches.jsonl")]
    for path, sender in zip(paths, ("bank", "retailer"), strict=False):
        path.write_text("".join(json.dumps(line) + "\n" for line in lines if sender in line))
    replaying.replay(MERCHANTS, *paths, settings=replace(replaying.DEFAULT, look_again=WAITS))
    until = datetime.fromisoformat(lines[-1]["at"]) + timedelta(seconds=LOOKS)
    matches = [json.loads(line) for line in paths[2].read_text().splitlines()]
    return {
        match["transaction_id"]: (match["receipt_id"], match["method"])
        for match in matches
        if "method" in match and datetime.fromisoformat(match["decided_at"]) <= until
    }


def compared(handlers: Mapping[str, Match], replayed: Mapping[str, Match]) -> Counter[str]:
    """How many payments were decided how by the two."""
    counts = Counter[str]()
    for payment in handlers.keys() | replayed.keys():
        ours, theirs = handlers.get(payment), replayed.get(payment)
        if ours is None or theirs is None:
            counts["by the handlers only" if ours else "by the replay only"] += 1
        elif ours[0] != theirs[0]:
            counts["another receipt"] += 1
        else:
            counts["the same" if ours == theirs else "the same receipt, by another method"] += 1
    return counts


def _told(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def main() -> int:
    terminal, count = Terminal(), int(os.environ.get("EVENTS", EVENTS))
    try:
        with running() as engine, tempfile.TemporaryDirectory(dir=STATE) as folder:
            with terminal.step("Deploying the stacks into the embedded engine") as step:
                deployment = deploy(engine, step.progress)
            with connected(deployment) as partners:
                for bank in BANKS:
                    for customer in range(CUSTOMERS):
                        partners.banks[bank].set_consent(f"cust_{customer}", granted=True)
                events = made(count)
                lines = list(told(events, partners))
                with terminal.step("The last looks"):
                    time.sleep(2 * LOOKS)
                handlers = decided_by_handlers(partners)
            counts = compared(handlers, decided_by_replay(lines, Path(folder)))
    except KeyboardInterrupt:
        terminal.say("Everything is stopped.")
        return 1
    except (EngineError, DeployError, RegistrationError) as error:
        terminal.say(str(error))
        return 1
    payments = sum(event.is_payment for event in events)
    table = Table("of so many payments", f"{payments:,}", title=f"{count:,} events", title_justify="left")
    for name, number in counts.most_common():
        table.add_row(name, f"{number:,}")
    table.add_row("by neither", f"{payments - counts.total():,}")
    terminal.console.print(table)
    one_sided = counts["by the handlers only"] + counts["by the replay only"]
    good = counts["another receipt"] == 0 and counts["the same"] > 0 and one_sided <= ONE_SIDED * payments
    terminal.title("The same decisions" if good else "Not the same decisions")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
