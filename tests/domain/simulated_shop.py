"""A shop that sells one thing at one price, and the order in which the matcher hears of it.

Every sale happens at one of a few tills whose clocks are wrong by up to three minutes and drift. Some customers are
with us, some receipts are lost, both sides travel for seconds and at times for minutes. `run` then does what the
matcher does: a side that arrives meets the undecided ones within the hour of its own raw time, is decided, claims
its counterpart or waits, and is looked at again at +15 s, +60 s and +600 s.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from counterfoil.domain.clocks import Clock, learn
from counterfoil.domain.habits import FIRST_DAY, Habits, learn_match
from counterfoil.domain.likelihood import crowd_around
from counterfoil.domain.matching import Match, Unmatched, decide
from counterfoil.domain.parameters import DEFAULT, Settings
from counterfoil.domain.sides import Codes, Side

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
TRADING_SECONDS = 12 * 3600
WINDOW = 3_600.0


@dataclass(frozen=True)
class Shop:
    """How the shop trades. Times in seconds, shares between 0 and 1."""

    sales: int
    gap: float
    tills: int = 4
    with_us: float = 0.3
    lost: float = 0.03
    late: float = 0.01
    last4: bool = True
    wallets: float = 0.35
    codes: bool = False
    clock_error: float = 180.0
    drift_per_day: float = 0.5
    jitter: float = 1.0
    start: datetime = START


@dataclass
class Outcome:
    """What came of it: payments seen, of which with a receipt that did arrive; matches right and wrong."""

    payments: int = 0
    pairs: int = 0
    right: int = 0
    wrong: int = 0
    confidences: list[tuple[float, bool]] = field(default_factory=list)
    habits: Habits = FIRST_DAY


@dataclass(order=True)
class Event:
    at: float
    order: int
    side: Side = field(compare=False)
    look: bool = field(compare=False, default=False)


def travel(shop: Shop, random: Random) -> float:
    """Seconds between a sale and our hearing of it: mostly a few; of the late ones one in three takes minutes."""
    draw = random.random()
    if draw >= shop.late:
        return random.uniform(0.5, 6.0)
    return random.uniform(60.0, 900.0) if draw < shop.late / 3 else random.uniform(6.0, 60.0)


def sides_of(shop: Shop, random: Random, errors: dict[str, float]) -> Iterator[Side]:
    """The sides of all sales that ever reach us; `key` is the sale's number after a letter."""
    elapsed = 0.0
    for number in range(shop.sales):
        elapsed += random.expovariate(1 / shop.gap)
        day, second = divmod(elapsed, TRADING_SECONDS)
        moment = shop.start + timedelta(days=day, seconds=second)
        till = random.choice(list(errors))
        lag = random.gauss(0, shop.jitter) if random.random() < 0.98 else random.uniform(0, 30)
        said = moment + timedelta(seconds=lag + errors[till] + shop.drift_per_day * day)
        last4 = f"{random.randrange(10_000):04}" if shop.last4 else None
        device = f"{random.randrange(10_000):04}" if last4 and random.random() < shop.wallets else last4
        auth = f"{random.randrange(10**6):06}" if shop.codes else None
        side = Side(
            "transaction", f"t{number}", moment.replace(microsecond=0), moment, "sale", 325, "GBP", Codes(auth=auth)
        )
        if random.random() < shop.with_us:
            yield replace(
                side, seen_at=moment + timedelta(seconds=travel(shop, random)), codes=Codes(auth, last4=last4)
            )
        if random.random() >= shop.lost:
            yield Side(
                "receipt",
                f"r{number}",
                said.replace(microsecond=0),
                moment + timedelta(seconds=travel(shop, random)),
                "sale",
                325,
                "GBP",
                Codes(auth, last4=device),
                till,
            )


def till_errors(shop: Shop, random: Random) -> dict[str, float]:
    return {f"till-{number}": random.uniform(-shop.clock_error, shop.clock_error) for number in range(shop.tills)}


def run(
    sides: list[Side], clocks: dict[str, Clock], settings: Settings = DEFAULT, habits: Habits = FIRST_DAY
) -> Outcome:
    """Decides in order of arrival; `clocks` learn from every match."""
    outcome = Outcome(payments=sum(side.side == "transaction" for side in sides), habits=habits)
    outcome.pairs = len(
        {side.key[1:] for side in sides if side.side == "transaction"}
        & {side.key[1:] for side in sides if side.side == "receipt"}
    )
    undecided: dict[str, Side] = {}
    events = [Event(side.seen_at.timestamp(), number, side) for number, side in enumerate(sides)]
    heapq.heapify(events)
    while events:
        event = heapq.heappop(events)
        subject = event.side
        if event.look and subject.key not in undecided:
            continue
        near = [
            s for s in undecided.values() if s.key != subject.key and abs((s.at - subject.at).total_seconds()) <= WINDOW
        ]
        now = datetime.fromtimestamp(event.at, UTC)
        decision = decide(subject, near, clocks, now, habits=outcome.habits, settings=settings)
        if isinstance(decision, Match):
            claim(outcome, undecided, subject, decision, clocks)
            continue
        undecided[subject.key] = subject
        if not event.look and not isinstance(decision, Unmatched):
            for wait in settings.look_again:
                heapq.heappush(events, Event(event.at + wait, len(sides), subject, look=True))
    return outcome


def claim(outcome: Outcome, undecided: dict[str, Side], subject: Side, match: Match, clocks: dict[str, Clock]) -> None:
    other = undecided.pop(match.key)
    undecided.pop(subject.key, None)
    right = subject.key[1:] == other.key[1:]
    outcome.right += right
    outcome.wrong += not right
    outcome.confidences.append((match.confidence, right))
    payment, receipt = (subject, other) if subject.side == "transaction" else (other, subject)
    assert receipt.till is not None
    seconds = (receipt.at - payment.at).total_seconds()
    lag = (receipt.seen_at - payment.at).total_seconds()
    known = outcome.habits
    crowd, later = crowd_around(payment.at, list(undecided.values())), payment.at + timedelta(seconds=WINDOW)
    outcome.habits = learn_match(known, lag, crowd, payment.at, later)
    clocks[receipt.till] = learn(clocks.get(receipt.till), seconds, payment.at)


def trade(shop: Shop, seed: int, settings: Settings = DEFAULT) -> Outcome:
    """A first day with authorisation codes, from which clocks and habits are learned, then the shop as given."""
    random = Random(seed)
    errors = till_errors(shop, random)
    clocks: dict[str, Clock] = {}
    first_day = replace(shop, sales=300, gap=130.0, codes=True)
    learned = run(list(sides_of(first_day, random, errors)), clocks, settings).habits
    later = replace(shop, start=shop.start + timedelta(days=1))
    return run(list(sides_of(later, random, errors)), clocks, settings, learned)
