"""Two equal coffees within a minute, both customers with us, in every way in which the two sales may be told."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from counterfoil.domain.clocks import Clock, learn
from counterfoil.domain.facts import Fact
from counterfoil.domain.parameters import DEFAULT
from counterfoil.domain.sides import Codes
from counterfoil.domain.tenders import CardTender, Revision
from counterfoil.domain.transactions import ReceiptOfMatch, Transaction
from infra.sandbox.replay.ledger import Ledger
from infra.sandbox.replay.matcher import Matcher
from infra.sandbox.replay.rendezvous import Record, Rendezvous
from infra.sandbox.replay.results import Results

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
COFFEE = 345
HOUR = 3600.0

type Telling = Literal["both", "bank", "till", "some", "none"]


@dataclass
class Till:
    """A till: its clock as learned (None: unknown), and by how much it is ahead now, in truth (s)."""

    name: str
    learned: Clock | None
    ahead: float


@dataclass
class Variation:
    """`sides`: when each side reaches us, and it. The receipt of payment `…/t1` is `…/r1.0`."""

    codes: Telling
    start: datetime
    sides: list[tuple[datetime, Record]] = field(default_factory=list)
    tills: list[Till] = field(default_factory=list)


class Found(Results):
    """Who was given what, and when."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.pairs: list[tuple[str, str, ReceiptOfMatch]] = []

    def matched(self, payment_key: str, match: ReceiptOfMatch, tender: CardTender, now: datetime) -> None:
        self.pairs.append((payment_key[-1], tender.receipt_key[-1], match))


def variation(number: int, random: Random) -> Variation:
    """One of the ways: of a shop, a bank and tills of its own. One of the four sides may be late or lost."""
    start = START + timedelta(days=2 * number)
    codes: Telling = random.choice(("both", "both", "bank", "till", "some", "none", "none"))
    made = Variation(codes, start)
    made.tills = [a_till(f"{number}/{name}", start, random) for name in random.choice((("1",), ("1", "2")))]
    first = a_coffee(number, "1", start, made.tills, codes, random)
    second = a_coffee(number, "2", start + timedelta(seconds=random.uniform(0, 60)), made.tills, codes, random)
    late = random.choices((0.0, random.uniform(6, 300), random.uniform(HOUR, 8 * HOUR), None), (70, 15, 7, 8))[0]
    disturbed = random.randrange(4)
    for place, side in enumerate((*first, *second)):
        lag = random.uniform(0.3, 6.0) if place != disturbed or late == 0.0 else late
        if lag is not None:
            paid = start if place < 2 else second[0].at
            seen_at = paid + timedelta(seconds=lag)
            made.sides.append((seen_at, replace(side, seen_at=seen_at)))
    return made


def a_till(name: str, start: datetime, random: Random) -> Till:
    """Known; unknown; known, and since set wrong by minutes or an hour; known to drift."""
    kind = random.choices(("known", "unknown", "minutes", "hour", "drifting"), (64, 25, 2, 3, 6))[0]
    ahead = random.choice((0.0, random.uniform(-300, 300)))
    if kind == "unknown":
        return Till(name, None, ahead + random.choice((0.0, 0.0, 0.0, HOUR, -HOUR)))
    drift = random.uniform(-6, 6) if kind == "drifting" else 0.0
    clock = None
    for told in range(30):
        days = (told - 30) / 10
        seen = ahead + drift * days + random.gauss(0, 1)
        clock = learn(clock, seen, start + timedelta(days=days))
    wrong = {"minutes": random.uniform(-600, 600), "hour": random.choice((HOUR, -HOUR))}.get(kind, 0.0)
    return Till(name, clock, ahead + wrong)


def a_coffee(
    number: int, name: str, paid: datetime, tills: Sequence[Till], telling: Telling, random: Random
) -> tuple[Transaction, CardTender]:
    """A payment and its receipt, both seen when it was paid."""
    till = random.choice(tills)
    auth, rrn, last4 = (f"{random.randrange(10**digits):0{digits}}" for digits in (6, 12, 4))
    by_wallet = random.random() < 0.35
    has_rrn = telling == "both" and random.random() < 0.1
    of_bank, of_till = (
        telling in ("both", side) or (telling == "some" and random.random() < 0.5) for side in ("bank", "till")
    )
    ours = Codes(
        auth=auth if of_bank else None,
        rrn=rrn if has_rrn else None,
        last4=last4 if random.random() < 0.95 else None,
        entry="wallet" if by_wallet and random.random() < 0.5 else None,
    )
    printed = f"{random.randrange(10**4):04}" if by_wallet else last4
    theirs = Codes(
        auth=auth if of_till else None,
        rrn=rrn if has_rrn else None,
        last4=printed if random.random() < 0.9 else None,
        entry="chip" if not by_wallet and random.random() < 0.2 else None,
    )
    issued = paid + timedelta(seconds=till.ahead + printing(random))
    return (
        a_payment(f"bank{number}/customer/t{name}", number, paid, ours),
        a_receipt(f"shop{number}/r{name}", number, issued, paid, theirs, till.name),
    )


def printing(random: Random) -> float:
    """Seconds from paying to what the receipt says, by a clock that is right."""
    by_hand = random.choices((random.gauss(0, 1), random.gauss(0, 3), random.uniform(0, 60)), (87, 11, 2))
    return by_hand[0]


def a_payment(key: str, shop: int, paid: datetime, codes: Codes) -> Transaction:
    at = paid.replace(microsecond=0)
    return Transaction(
        key=key,
        subject=key.rpartition("/")[0],
        bank=f"bank{shop}",
        scope=f"shop{shop}",
        kind="sale",
        currency="GBP",
        at=at,
        event_at=at,
        seen_at=paid,
        facts=(Fact(at, "authorised", COFFEE),),
        codes=codes,
        address=b"",
        sealed=b"",
        owner="",
    )


def a_receipt(key: str, shop: int, issued: datetime, seen_at: datetime, codes: Codes, till: str) -> CardTender:
    return CardTender(
        receipt_key=key,
        ordinal=0,
        index=0,
        body_key=key,
        revision=Revision(0, 0),
        scope=f"shop{shop}",
        kind="sale",
        amount=COFFEE,
        currency="GBP",
        at=issued.replace(microsecond=0),
        seen_at=seen_at,
        codes=codes,
        till=till,
        owner="",
    )


def served(made: Variation) -> list[tuple[str, str, ReceiptOfMatch]]:
    """Decides as each side arrives, and at every look that is planned, up to that a day later."""
    rendezvous, found = Rendezvous(), Found()
    with Ledger(rendezvous) as ledger:
        matcher = Matcher(DEFAULT, rendezvous, ledger, found)
        matcher._clocks = {till.name: till.learned for till in made.tills if till.learned}
        for at, side in sorted(made.sides, key=lambda each: each[0]):
            ring(matcher, until=at)
            matcher.now = at
            matcher.settle(side)
        ring(matcher, until=datetime.max.replace(tzinfo=UTC))
    return found.pairs


def ring(matcher: Matcher, until: datetime) -> None:
    """All that is due before that time."""
    while matcher.alarms and matcher.alarms.next_due < until:
        matcher.now, action, what = matcher.alarms.pop()
        action(*what)
