"""One sale: who pays, how, and what the till and the banks then send."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random

from infra.retail.baskets import Basket, fuel
from infra.retail.files import HOUR, Files, millisecond
from infra.retail.payments import CardPayment
from infra.retail.people import Customer
from infra.retail.recipe import Recipe
from infra.retail.sending import Print, Sender, Sent, Tags
from infra.retail.shops import Store
from infra.retail.tills import DAY, Till

GIFT_CARD_OFF = (500, 1000, 2000)


@dataclass(slots=True)
class Visit:
    """A customer at a till. `at`: when they pay. `closes`: when the shop does."""

    store: Store
    till: Till
    customer: Customer
    at: float
    closes: float
    basket: Basket
    tags: Tags = field(default_factory=list)


class Seller:
    """Makes of each visit a sale, and of some a refund, and writes what everybody sends and what is true."""

    def __init__(self, recipe: Recipe, random: Random, files: Files, customers: list[Customer]) -> None:
        self._recipe, self._random, self._files = recipe, random, files
        self._customers = customers
        self._sender = Sender(recipe, random, files)
        self._numbers = count(1)

    def sell(self, store: Store, till: Till, at: float, closes: float) -> None:
        """One sale at `at`."""
        visit = self._visit(store, till, at, closes)
        self._way_of_paying(visit)(visit)

    def _way_of_paying(self, visit: Visit) -> Callable[[Visit], None]:
        recipe, draw, kind = self._recipe, self._random.random(), visit.store.kind.name
        if kind == "transit":
            return self._journeys
        if kind == "fuel":
            if self._random.random() < recipe.paid_at_pump:
                return self._at_pump
            visit.till = visit.store.tills[0]
        if draw < recipe.cash:
            return self._cash
        if draw < recipe.cash + recipe.gift_cards:
            return self._with_gift_card
        if draw < recipe.cash + recipe.gift_cards + recipe.two_cards:
            return self._two_cards
        if kind == "restaurant" and self._random.random() < recipe.tips:
            return self._with_tip
        return self._plain

    def _visit(self, store: Store, till: Till, at: float, closes: float) -> Visit:
        random = self._random
        if random.random() < self._recipe.regulars:
            customer, usual = random.choice(store.regulars)
            basket = usual if random.random() < self._recipe.usual else store.prices.basket(random)
        else:
            customer, basket = random.choice(self._customers), store.prices.basket(random)
        return Visit(store, till, customer, at, closes, basket)

    # How it is paid.

    def _cash(self, visit: Visit) -> None:
        self._print(visit, f'{{"type":"cash","amount":{visit.basket.amount}}}', visit.basket.amount)

    def _plain(self, visit: Visit) -> None:
        random, recipe = self._random, self._recipe
        payment = self._payment(visit, visit.basket.amount)
        draw = random.random()
        if draw < recipe.reversed:
            self._reverse_unprinted(visit, payment, ["reversed"])
            return
        if draw < recipe.reversed + recipe.retried:
            self._reverse_unprinted(visit, payment, ["reversed", "retried"])
            visit.at += random.uniform(8, 45)
            visit.tags.append("retried")
            payment = self._payment(visit, visit.basket.amount, payment.shown)
        tags = self._sender.event(payment, "authorised", payment.at, payment.amount)
        sent = self._print(visit, payment.tender(recipe, random, payment.amount), payment.amount)
        taken_back = random.random() < recipe.taken_back
        if taken_back:
            back = visit.at + random.uniform(60, 1200)
            self._sender.event(payment, "reversed", back, payment.amount)
            tags.append("taken_back")
        elif random.random() < recipe.clearing_told:
            self._clear(payment, payment.amount)
        self._know(visit, payment, sent, tags, void=taken_back)
        if not taken_back and random.random() < recipe.refunds * visit.store.kind.refunds:
            self._refund(visit, payment, sent)

    def _with_tip(self, visit: Visit) -> None:
        """On the terminal, before the card is charged; or on the slip, and cleared with it at night."""
        random, recipe = self._random, self._recipe
        bill = visit.basket.amount
        tip = max(50, round(bill * random.choice((0.1, 0.1, 0.125)) / 50) * 50)
        total = bill + tip
        if random.random() >= recipe.tips_cleared:
            payment = self._payment(visit, total)
            tags = self._sender.event(payment, "authorised", payment.at, total)
            sent = self._print(visit, payment.tender(recipe, random, total), total, tip)
            self._know(visit, payment, sent, [*tags, "tip_on_terminal"])
            return
        payment = self._payment(visit, bill)
        tags = self._sender.event(payment, "authorised", payment.at, bill)
        if random.random() < recipe.tips_on_receipt:
            wait = random.uniform(60, 600)
            sent = self._print(visit, payment.tender(recipe, random, total), total, tip, delay=wait)
            tags.append("tip_on_receipt")
        else:
            sent = self._print(visit, payment.tender(recipe, random, bill), bill)
            tags.append("tip_cleared")
        at_night = visit.closes + random.uniform(600, 2 * HOUR)
        self._sender.event(payment, "cleared", at_night, total, wait=random.uniform(0, 8 * HOUR))
        self._know(visit, payment, sent, tags)

    def _at_pump(self, visit: Visit) -> None:
        """A sum is reserved, fuel flows, what it costs is cleared. A pump is a till of its own, or the shop's."""
        random, recipe = self._random, self._recipe
        shop, *pumps = visit.store.tills
        visit.till = random.choice(pumps) if visit.store.has_pump_tills else shop
        pence = 139.9 + 2 * (len(visit.store.retailer) % 5)
        litres = random.choice((20, 30, 40, 50)) * 100 / pence if random.random() < 0.35 else random.uniform(12, 60)
        visit.basket = fuel(min(litres, 9900 / pence), pence, int(visit.till.till_id))
        amount = visit.basket.amount
        reserved = 100 if random.random() < recipe.reservations_of_a_pound else 10_000
        payment = self._payment(visit, reserved)
        tags = self._sender.event(payment, "authorised", payment.at, reserved)
        visit.at += random.uniform(100, 360)
        sent = self._print(visit, payment.tender(recipe, random, amount), amount)
        wait = random.uniform(2, 60) if random.random() < 0.8 else random.uniform(4, 14) * HOUR
        self._sender.event(payment, "cleared", visit.at, amount, wait=wait)
        self._know(visit, payment, sent, [*tags, "pump"])

    def _journeys(self, visit: Visit) -> None:
        """A touch in, and at night the charge for all of the day with its receipt."""
        payment = self._payment(visit, 10)
        tags = self._sender.event(payment, "authorised", payment.at, 10)
        visit.at = visit.closes + self._random.uniform(4, 6) * HOUR
        self._sender.event(payment, "cleared", visit.at, visit.basket.amount)
        tender = payment.tender(self._recipe, self._random, visit.basket.amount)
        sent = self._print(visit, tender, visit.basket.amount)
        self._know(visit, payment, sent, [*tags, "transit"])

    def _with_gift_card(self, visit: Visit) -> None:
        amount = visit.basket.amount
        off = min(amount, self._random.choice(GIFT_CARD_OFF))
        gift = f'{{"type":"gift_card","amount":{off}}}'
        if off == amount:
            self._print(visit, gift, amount)
            return
        payment = self._payment(visit, amount - off)
        tags = self._sender.event(payment, "authorised", payment.at, amount - off)
        card = payment.tender(self._recipe, self._random, amount - off)
        sent = self._print(visit, f"{gift},{card}", amount)
        self._know(visit, payment, sent, [*tags, "gift_card"], tender=1)

    def _two_cards(self, visit: Visit) -> None:
        """Friends share: each pays a part by a card of their own."""
        half = visit.basket.amount // 2
        parts = [self._payment(visit, visit.basket.amount - half)]
        visit.customer = self._random.choice(self._customers)
        visit.at += self._random.uniform(8, 25)
        parts.append(self._payment(visit, half))
        delayed = [self._sender.event(part, "authorised", part.at, part.amount) for part in parts]
        tenders = [part.tender(self._recipe, self._random, part.amount) for part in parts]
        sent = self._print(visit, ",".join(tenders), visit.basket.amount)
        for tender, (part, tags) in enumerate(zip(parts, delayed, strict=True)):
            self._know(visit, part, sent, [*tags, "two_cards"], tender=tender)

    # What follows.

    def _reverse_unprinted(self, visit: Visit, payment: CardPayment, tags: Tags) -> None:
        """The till gave up: the bank is told to forget it, and there is no receipt."""
        more = self._sender.event(payment, "authorised", payment.at, payment.amount)
        self._sender.event(payment, "reversed", payment.at + self._random.uniform(3, 90), payment.amount)
        self._know(visit, payment, Sent(None, []), [*tags, *more], void=True)

    def _refund(self, visit: Visit, bought: CardPayment, sent: Sent) -> None:
        """Wholly, or one thing of several; the same day or some days later."""
        random, recipe = self._random, self._recipe
        wait = random.uniform(300, 2 * HOUR) if random.random() < 0.2 else random.randint(1, 6) * DAY
        at = visit.at + wait + random.uniform(0, 600)
        partial = random.random() < 0.3 and visit.basket.amount > 400
        amount = visit.basket.amount // 100 * 50 if partial else visit.basket.amount
        back = Visit(
            visit.store, visit.till, visit.customer, at, visit.closes + (at - visit.at) // DAY * DAY, visit.basket
        )
        if partial:
            back.basket = Basket(f'{{"description":"Returned goods","quantity":"1","amount":{amount}}}', amount, "")
        payment = self._payment(back, amount, bought.shown)
        if random.random() < recipe.refunds_naming_payments:
            payment.original = bought.transaction_id
        wait = 0.0 if random.random() < 0.5 else random.uniform(8, 40) * HOUR
        tags = self._sender.event(payment, "refunded", at, amount, wait=wait)
        named = sent.ids[0] if sent.ids and random.random() < recipe.refunds_naming_receipts else None
        tender = payment.tender(recipe, random, amount)
        gone = self._print(back, tender, amount, refund=True, original=named)
        tags += ["refund", "refund_partial"] if partial else ["refund"]
        self._know(back, payment, gone, tags)

    def _clear(self, payment: CardPayment, amount: int) -> None:
        day = payment.at // DAY + self._random.randint(1, 2)
        self._sender.event(payment, "cleared", day * DAY + self._random.uniform(2, 6) * HOUR, amount)

    # What is written.

    def _payment(self, visit: Visit, amount: int, shown: str | None = None) -> CardPayment:
        random, number = self._random, next(self._numbers)
        return CardPayment(
            f"tx_{number:08}", visit.store, visit.till, visit.customer, shown or visit.customer.shown(random), amount,
            visit.at, f"{random.randrange(10**6):06}", f"6{random.randrange(10**11):011}",
        )  # fmt: skip

    def _print(
        self, visit: Visit, tenders: str, total: int, tip: int = 0, *,
        delay: float = 0.0, refund: bool = False, original: str | None = None,
    ) -> Sent:  # fmt: skip
        """Prints and sends the receipt. `delay`: how much later it is sent than printed."""
        random, store, till = self._random, visit.store, visit.till
        printed = visit.at + max(0.5, random.gauss(2.5, 1.2))
        moment = printed
        if till.stamps_at_close:
            moment = visit.closes
        elif store.stamping == "order":
            moment = visit.at - max(3.0, random.gauss(25, 10))
        elif store.stamping == "bill":
            moment = visit.at - random.uniform(60, 900)
        till.receipts += 1
        return self._sender.receipt(
            Print(
                store, till, f"{store.store_id}-{till.till_id}-{till.receipts:06}", "refund" if refund else "sale",
                printed, till.clock.stamp(till.clock.shows(moment)), visit.closes, visit.basket, total, tenders, tip,
                original,
            ),
            delay,
        )  # fmt: skip

    def _know(
        self,
        visit: Visit,
        payment: CardPayment,
        sent: Sent,
        tags: Tags,
        *,
        tender: int = 0,
        void: bool = False,
    ) -> None:
        """The truth of a payment that its bank tells us."""
        customer, store = payment.customer, visit.store
        issuer = customer.issuer
        if issuer is None or payment.told is None:
            return
        known = [*visit.tags, *sent.tags, *tags, *payment.till.clock.tags]
        known += [name for name, holds in (
            ("phone", payment.by_phone and not issuer.tells_device),
            ("no_last4", not (issuer.tells_last4 and store.tells_last4)),
            ("no_auth", not (issuer.tells_auth and store.tells_auth)),
            (f"stamped_{store.stamping}", store.stamping != "printed"),
            ("stamped_close", payment.till.stamps_at_close),
        ) if holds]  # fmt: skip
        self._files.truth(
            {
                "bank": issuer.bank, "transaction_id": payment.transaction_id, "customer_id": f"cust_{customer.number}",
                "retailer": store.retailer, "store_id": store.store_id, "shop": store.kind.name,
                "receipt_ids": sent.ids, "tender": tender, "void": void, "transaction_at": millisecond(payment.told),
                "receipt_at": millisecond(sent.arrival) if sent.arrival else None, "tags": known,
            }
        )  # fmt: skip
