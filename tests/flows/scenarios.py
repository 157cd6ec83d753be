"""What banks and tills tell, in the order in which it is worked off, for tests that disturb it."""

import copy
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from counterfoil.runtime import secrets
from counterfoil.store import clocks
from tests.world import World

Body = dict[str, Any]


def payment(world: World, transaction_id: str = "tx_0001", **data: Any) -> Body:
    body = copy.deepcopy(world.body_of("bank_webhook.authorised"))
    body["data"] |= {"transaction_id": transaction_id, **data}
    return body


def cleared(world: World, transaction_id: str = "tx_0001", **data: Any) -> Body:
    return payment(world, transaction_id, status="cleared", **data) | {"type": "transaction.cleared"}


def reversed_payment(world: World, transaction_id: str = "tx_0001", **data: Any) -> Body:
    return payment(world, transaction_id, status="reversed", **data) | {"type": "transaction.reversed"}


def at(body: Body, minutes: float) -> Body:
    """The same, told of that many minutes after the payment was authorised."""
    happened = datetime.fromisoformat(body["data"]["authorised_at"]) + timedelta(minutes=minutes)
    return body | {"timestamp": happened.isoformat()}


def reprint(body: Body, receipt_id: str, minutes: float = 3) -> Body:
    """The same sale printed again: another id and barcode, and the time of printing."""
    printed = datetime.fromisoformat(body["issued_at"]) + timedelta(minutes=minutes)
    return body | {
        "receipt_id": receipt_id,
        "issued_at": printed.isoformat(),
        "barcode": {"symbology": "code128", "value": receipt_id.upper()},
    }


def receipt(world: World, receipt_id: str = "soho-03-000123", amount: int = 585, **changes: Any) -> Body:
    """A sale of one line, paid by card; `changes` replace fields."""
    body = copy.deepcopy(world.body_of("retailer_receipt.sale")) | {"receipt_id": receipt_id, "total": amount}
    body["lines"] = [{"description": "Breakfast", "quantity": "1", "amount": amount, "vat_rate": "20"}]
    body["tenders"][0]["amount"] = amount
    body.pop("vat")
    return body | changes


def with_lines(body: Body, count: int) -> Body:
    """The same sale with that many lines of random words: a body that does not compress well."""
    words = random.Random(7)
    amounts = [1] * (count - 1) + [body["total"] - count + 1]
    lines = [
        {"description": f"{words.randbytes(20).hex(' ', 3)}", "quantity": "1", "amount": amount, "vat_rate": "0"}
        for amount in amounts
    ]
    return body | {"lines": lines}


def without_codes(body: Body) -> Body:
    """The same, with nothing but amount, time and shop to go by."""
    body = copy.deepcopy(body)
    if "data" in body:
        body["data"] |= {"card": {}, "auth_code": None, "rrn": None}
        body["data"]["merchant"].pop("terminal_id")
    for tender in body.get("tenders", []):
        for name in ("last4", "auth_code", "rrn", "terminal_id"):
            tender.pop(name, None)
    return body


def two_tenders(world: World, first: int = 300, second: int = 285) -> Body:
    body = receipt(world, "soho-split")
    card = body["tenders"][0]
    other = card | {"auth_code": "Z9Y8X7", "rrn": "632500000999", "last4": "1111"}
    return body | {"tenders": [card | {"amount": first}, other | {"amount": second}]}


SECOND_CARD = {"auth_code": "Z9Y8X7", "rrn": "632500000999", "card": {"last4": "1111"}}


@dataclass(frozen=True)
class Told:
    """One call of a partner: a bank's if it has `data`, else a till's."""

    body: Mapping[str, Any]

    def tell(self, world: World) -> None:
        if "data" in self.body:
            world.pays(self.body)
        else:
            world.sells(self.body)


def tell(world: World, *bodies: Body) -> None:
    """Each told and worked off as far as it goes at once."""
    for body in bodies:
        if "data" in body:
            world.pays(body)
        else:
            world.sells(body)
        world.run(0)
        world.pass_time(1)


Step = list[tuple[str, str]]
WHOEVER_IS_FIRST = ("correct", "vanish", "given up", "below", "shipped", "reversed", "told late")


@dataclass(frozen=True)
class Scenario:
    """`tell(world)`: the bodies of each step; a step is worked off before the next one, as far as it goes at once.

    `held`: the receipt each transaction has in the end. `prepare`: what was known before.
    """

    name: str
    tell: Callable[[World], list[list[Body]]]
    held: Mapping[str, str]
    prepare: Callable[[World], None] = lambda world: None

    @property
    def steady(self) -> bool:
        """Whether the same deliveries are made whoever is faster."""
        return not any(word in self.name for word in WHOEVER_IS_FIRST)

    def recorded(self, world: World) -> list[Step]:
        """The queue messages of each step, made by the real intake, a second apart."""
        steps: list[Step] = []
        for bodies in self.tell(world):
            for body in bodies:
                Told(body).tell(world)
                world.pass_time(1)
            steps.append([(name, message.body) for name, queue in world.queues.items() for message in queue])
            for queue in world.queues.values():
                queue.clear()
        return steps


def play(world: World, steps: list[Step]) -> None:
    """Works the steps off, each as far as it goes at once, and in the end all that comes later."""
    for step in steps:
        for name, body in step:
            world.put(name, body)
        world.run(0)
    world.run()


def know_the_clock(world: World) -> None:
    """Makes the till's clock a known one: as slow as its receipts say, so that one sale more teaches nothing."""
    till = secrets.sealer().code("till", "kite", "soho/03")
    for _ in range(8):
        clocks.observe(till, world.now - timedelta(seconds=2), world.now)


def _both_orders(name: str, make: Callable[[World], list[Body]], **more: Any) -> list[Scenario]:
    return [
        Scenario(f"{name}: payment first", lambda world: [[body] for body in make(world)], HELD, **more),
        Scenario(f"{name}: receipt first", lambda world: [[body] for body in reversed(make(world))], HELD, **more),
        Scenario(f"{name}: together", lambda world: [make(world)], HELD, **more),
    ]


HELD = {"tx_0001": "soho-03-000123"}
PLAIN = _both_orders("plain", lambda world: [payment(world), receipt(world)])
LATER = [
    *_both_orders(
        "by time alone", lambda w: [without_codes(payment(w)), without_codes(receipt(w))], prepare=know_the_clock
    ),
    *_both_orders("large body", lambda w: [payment(w), with_lines(receipt(w), 400)]),
    Scenario(
        "correction, same amount",
        lambda w: [[payment(w)], [receipt(w)], [receipt(w, tip=0, till_id=None)]],
        HELD,
    ),
    Scenario(
        "correction before the payment",
        lambda w: [[receipt(w)], [receipt(w, till_id=None)], [payment(w)]],
        HELD,
    ),
    Scenario(
        "correction to another amount, rematched",
        lambda w: [
            [payment(w), payment(w, "tx_0002", amount=600, auth_code="B2B2B2", rrn=None)],
            [receipt(w)],
            [_paid_by(receipt(w, amount=600), auth_code="B2B2B2", rrn=None)],
            [receipt(w, "soho-03-000124")],
        ],
        {"tx_0001": "soho-03-000124", "tx_0002": "soho-03-000123"},
    ),
    Scenario(
        "clearing merges",
        lambda w: [[payment(w)], [cleared(w)], [receipt(w)], [cleared(w)]],
        HELD,
    ),
    Scenario(
        "clearing at another amount came first",
        lambda w: [[cleared(w, amount=700)], [payment(w)], [receipt(w)]],
        HELD,
    ),
    Scenario(
        "fuel, cleared below its pre-authorisation",
        lambda w: [[payment(w, amount=9900)], [receipt(w, amount=4523)], [at(cleared(w, amount=4523), 6)]],
        HELD,
    ),
    Scenario(
        "a tip, and the receipt with it: its match is given up and correct again",
        lambda w: [[payment(w)], [receipt(w)], [at(cleared(w, amount=650), 5)], [receipt(w, amount=650)]],
        HELD,
    ),
    Scenario(
        "shipped in two",
        lambda w: [
            [at(cleared(w, amount=4000), 60), at(cleared(w, amount=6000), 30)],
            [receipt(w, amount=10000)],
            [payment(w, amount=10000)],
        ],
        HELD,
    ),
    Scenario("reversed after the match", lambda w: [[payment(w)], [receipt(w)], [at(reversed_payment(w), 9)]], {}),
    Scenario(
        "reversed, and cleared all the same",
        lambda w: [[payment(w)], [receipt(w)], [at(reversed_payment(w), 9)], [at(cleared(w), 10)]],
        HELD,
    ),
    Scenario(
        "reprinted",
        lambda w: [[receipt(w), reprint(receipt(w), "soho-03-000124")], [payment(w)]],
        HELD,
    ),
    Scenario(
        "a code told late is the receipt's no more",
        lambda w: [
            [payment(w, auth_code=None, rrn=None, card={"last4": "4242"})],
            [receipt(w)],
            [at(cleared(w, auth_code="ZZZZZZ", rrn=None), 5)],
        ],
        {},
    ),
    Scenario(
        "split tender",
        lambda w: [[payment(w, amount=300), payment(w, "tx_0002", amount=285, **SECOND_CARD)], [two_tenders(w)]],
        {"tx_0001": "soho-split", "tx_0002": "soho-split"},
        prepare=know_the_clock,
    ),
    Scenario(
        "split tender, receipt first",
        lambda w: [[two_tenders(w)], [payment(w, amount=300), payment(w, "tx_0002", amount=285, **SECOND_CARD)]],
        {"tx_0001": "soho-split", "tx_0002": "soho-split"},
        prepare=know_the_clock,
    ),
    Scenario(
        "a tender vanishes",
        lambda w: [
            [payment(w, amount=300), payment(w, "tx_0002", amount=285, **SECOND_CARD)],
            [two_tenders(w)],
            [receipt(w, "soho-split", amount=300)],
        ],
        {"tx_0001": "soho-split"},
    ),
    Scenario(
        "reversed while its match is given up",
        lambda w: [[payment(w)], [receipt(w)], [receipt(w, amount=700)], [reversed_payment(w)]],
        {},
    ),
    Scenario(
        "corrected again at once",
        lambda w: [[payment(w)], [receipt(w)], [receipt(w, amount=700)], [receipt(w, amount=800)]],
        {},
    ),
]


def _paid_by(body: Body, **tender: Any) -> Body:
    card = {name: value for name, value in (body["tenders"][0] | tender).items() if value is not None}
    return body | {"tenders": [card]}
