"""What goes out: a receipt over its store's line, lost, repeated, reprinted or corrected; an event over a bank's."""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Final, Literal

from infra.retail.baskets import Basket
from infra.retail.files import Files, millisecond
from infra.retail.payments import CardPayment, What
from infra.retail.recipe import Recipe
from infra.retail.shops import Store
from infra.retail.tills import Line, Till

Tags = list[str]
AT_CLOSE: Final = Line("at close", lag=2)


@dataclass(slots=True)
class Print:
    """A receipt as it leaves the till.

    `printed`: when; `stamp`: what it says of when; `closes`: when the shop closes that day. `tenders`: JSON, without
    brackets.
    """

    store: Store
    till: Till
    receipt_id: str
    kind: Literal["sale", "refund"]
    printed: float
    stamp: str
    closes: float
    basket: Basket
    total: int
    tenders: str
    tip: int = 0
    original: str | None = None

    def line(self, arrival: float) -> str:
        """A line of `receipts.jsonl`, with its end."""
        store = self.store
        more = f',"tip":{self.tip}' if self.tip else ""
        if store.tells_vat:
            more += f',"vat":[{self.basket.vat}]'
        if self.original:
            more += f',"original_receipt_id":"{self.original}"'
        return (
            f'{{"at":"{millisecond(arrival)}","retailer":"{store.retailer}","body":{{"receipt_id":"{self.receipt_id}",'
            f'"store_id":"{store.store_id}","till_id":"{self.till.till_id}","kind":"{self.kind}",'
            f'"issued_at":"{self.stamp}","currency":"GBP","total":{self.total},"lines":[{self.basket.lines}],'
            f'"tenders":[{self.tenders}]{more}}}}}\n'
        )


@dataclass(slots=True)
class Sent:
    """`arrival`: when the right version was first here, None where it was lost. `ids`: those of all prints."""

    arrival: float | None
    ids: list[str]
    tags: Tags = field(default_factory=list)


@dataclass(slots=True)
class Sender:
    """Writes what goes out."""

    recipe: Recipe
    random: Random
    files: Files

    def receipt(self, made: Print, delay: float = 0.0) -> Sent:
        """Sends it, with all that may go wrong on the way."""
        random, recipe = self.random, self.recipe
        draw = random.random()
        if draw < recipe.lost:
            return Sent(None, [], ["lost"])
        line = AT_CLOSE if made.till.stamps_at_close else made.store.line
        arrival, delayed = line.arrival(made.printed + delay, made.closes, random)
        sent = Sent(arrival, [made.receipt_id], [delayed] if delayed else [])
        draw = (draw - recipe.lost) / (1 - recipe.lost)
        for share, act in (
            (recipe.repeated, self._repeat),
            (recipe.reprinted, self._reprint),
            (recipe.corrected, self._correct),
            (recipe.corrected_amount, self._correct_amount),
        ):
            if draw < share:
                act(made, arrival, sent)
                return sent
            draw -= share
        self.files.receipts.add(arrival, made.line(arrival))
        return sent

    def _repeat(self, made: Print, arrival: float, sent: Sent) -> None:
        again = arrival + self.random.expovariate(1 / 300) + 1
        for at in (arrival, again):
            self.files.receipts.add(at, made.line(at))
        sent.tags.append("repeated")

    def _reprint(self, made: Print, arrival: float, sent: Sent) -> None:
        """A copy for the customer. A third of the tills stamp the copy's own time."""
        wait = self.random.uniform(30, 1800)
        copy = replace(made, receipt_id=f"{made.receipt_id}-R")
        if self.random.random() < 1 / 3:
            copy.stamp = made.till.clock.stamp(made.till.clock.shows(made.printed + wait))
        self.files.receipts.add(arrival, made.line(arrival))
        self.files.receipts.add(arrival + wait, copy.line(arrival + wait))
        sent.ids.append(copy.receipt_id)
        sent.tags.append("reprint")

    def _correct(self, made: Print, arrival: float, sent: Sent) -> None:
        """The same amount, another wording."""
        wording = made.basket.lines.replace('"description":"', '"description":"Own-label ', 1)
        later = replace(made, basket=replace(made.basket, lines=wording))
        self._both(made, later, arrival)
        sent.tags.append("corrected")

    def _correct_amount(self, made: Print, arrival: float, sent: Sent) -> None:
        """First sent with a bag too much, which was not charged."""
        bag, basket, first = 30, made.basket, replace(made)
        first.total += bag
        first.basket = Basket(f'{basket.lines},{{"description":"Bag","quantity":"1","amount":{bag}}}', 0, basket.vat)
        place = made.tenders.rindex('"amount":') + len('"amount":')
        digits = made.tenders[place:].split(",")[0].rstrip("}")
        first.tenders = f"{made.tenders[:place]}{int(digits) + bag}{made.tenders[place + len(digits) :]}"
        sent.arrival = self._both(first, made, arrival)
        sent.tags.append("corrected_amount")

    def _both(self, first: Print, second: Print, arrival: float) -> float:
        again = arrival + self.random.uniform(30, 1200)
        self.files.receipts.add(arrival, first.line(arrival))
        self.files.receipts.add(again, second.line(again))
        return again

    def event(self, payment: CardPayment, what: What, at: float, amount: int, wait: float = 0.0) -> Tags:
        """Tells what happened `at`, unless the customer is a stranger; and what delayed it."""
        issuer = payment.customer.issuer
        if issuer is None:
            return []
        slow = self.random.random() < self.recipe.webhook_slow
        late = self.random.expovariate(1 / 240) + 30 if slow else 0.0
        arrival = at + wait + late + issuer.delay * self.random.lognormvariate(0, 0.5)
        payment.told = min(arrival, payment.told or arrival)
        self.files.transactions.add(arrival, payment.event(issuer, what, at, amount, arrival))
        return ["webhook_slow"] if slow else []
