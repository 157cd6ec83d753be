"""Where the demo's scenes play: banks and tills act, deliveries are awaited, what was expected is compared."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from infra.sandbox.bank import Attempt, Bank
from infra.sandbox.deploy import Deployment
from infra.sandbox.partners import Partners, new_secret
from infra.sandbox.retelling import retold
from infra.sandbox.terminal import Terminal, money

LAST_LOOK = timedelta(seconds=16)  # the sandbox's waits together (2, 4 and 8 s), and a little
PATIENCE = 20  # seconds that a delivery may take; usually it is one or two
STRANGER = new_secret()


class Stage:
    """One performance. `take` tells the ids of this one from others' on the same deployment."""

    def __init__(self, deployment: Deployment, partners: Partners, terminal: Terminal, take: str = "") -> None:
        self.deployment = deployment
        self.partners = partners
        self.terminal = terminal
        self.failures: list[str] = []
        self._take = take
        self._now = datetime.now(UTC)
        self._settled_at = self._now
        self._seen: list[Attempt] = []
        self._last: list[Callable[[], None]] = []
        for bank in partners.banks.values():
            bank.on_attempt = self._on_attempt

    def begin(self, number: int, title: str) -> None:
        self._now = datetime.now(UTC)
        self.terminal.scene(number, title)

    # Acting

    def event(self, name: str, tag: str = "") -> dict[str, Any]:
        """The body of an event of events/, made of the present. A `tag` makes it another payment's: other ids
        and codes."""
        return retold(name, self._now, "-".join(filter(None, (self._take, tag))))

    def pay(self, bank: str, event: Mapping[str, Any], *, secret: str | None = None) -> httpx.Response:
        """A card transaction happens: its bank shows it, and reports it."""
        if secret is None:
            self.bank(bank).record(event)
        answer = self.bank(bank).send(event, secret=secret)
        data = event["data"]
        what = f"{event['type']}  {money(data['amount'], data['currency'])}  {data['merchant'].get('name', '')}"
        self.terminal.flow(bank, "counterfoil", what, str(answer.status_code), good=answer.is_success)
        return answer

    def print_receipt(self, retailer: str, *receipts: Mapping[str, Any], secret: str | None = None) -> httpx.Response:
        """A till reports what it printed: one receipt, or several in a batch."""
        answer = self.partners.tills[retailer].send(*receipts, secret=secret)
        batch = f"batch of {len(receipts)}" if len(receipts) > 1 else "receipt"
        what = f"{batch}  {', '.join(money(each['total'], each['currency']) for each in receipts)}"
        self.terminal.flow(retailer, "counterfoil", what, str(answer.status_code), good=answer.is_success)
        return answer

    def consent(self, bank: str, customer_id: str, *, granted: bool) -> dict[str, Any]:
        """A customer turns receipts on or off in the bank's app."""
        answer = self.bank(bank).set_consent(customer_id, granted=granted)
        what = f"consent of {customer_id}: receipts {'on' if granted else 'off'}"
        self.terminal.flow(bank, "counterfoil", what, "200")
        return answer

    # Seeing

    def bank(self, name: str) -> Bank:
        return self.partners.banks[name]

    def shown(self, bank: str, transaction: Mapping[str, Any], state: str = "matched") -> dict[str, Any]:
        """What the customer sees of a payment's receipt, once its `state` is so; {} if that takes too long."""
        transaction_id = transaction["data"]["transaction_id"]
        program = self.bank(bank)
        program.wait_for(lambda: (program.receipt(transaction_id) or {}).get("state") == state, PATIENCE)
        return program.receipt(transaction_id) or {}

    def attempts(self, bank: str, transaction: Mapping[str, Any]) -> list[Attempt]:
        """Every delivery request for a transaction so far."""
        return self.bank(bank).received(transaction["data"]["transaction_id"])

    def taken(self) -> list[Attempt]:
        """Every delivery that a bank took during this performance."""
        return [attempt for attempt in self._seen if attempt.status == 204]

    def compare(self, expected: str, seen: object, wanted: object) -> None:
        """A check: `seen` must equal `wanted`."""
        self.terminal.check(expected, seen, wanted)
        if seen != wanted:
            self.failures.append(f"{expected}: {seen!r}, not {wanted!r}")

    def at_the_end(self, check: Callable[[], None], *, not_before: datetime | None = None) -> None:
        """A check of what must not happen: looked at when everything had its time."""
        self._last.append(check)
        self._settled_at = max(self._settled_at, not_before or datetime.now(UTC) + LAST_LOOK)

    def end(self) -> None:
        """Wait until nothing can come any more, then look."""
        left = self._settled_at - datetime.now(UTC)
        with self.terminal.step("Undecided payments get their last look, a withdrawn consent takes effect"):
            time.sleep(max(left.total_seconds(), 0))
        for check in self._last:
            check()

    def _on_attempt(self, bank: Bank, attempt: Attempt) -> None:
        self._seen.append(attempt)
        self.terminal.attempt(bank, attempt)
