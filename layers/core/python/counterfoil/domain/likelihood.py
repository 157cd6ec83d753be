"""The odds of one pair: that a payment and a receipt are of one sale, against two sales of which we see half each.

The arithmetic is told in `matching`; every parameter is in `Settings`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import exp, pi, sqrt
from typing import Final

from counterfoil.domain.card_evidence import EVIDENCE, Evidence, prove, weight
from counterfoil.domain.clocks import DAY, Clock
from counterfoil.domain.habits import Habits
from counterfoil.domain.sides import Side

_ROOT: Final = sqrt(2 * pi)
HOUR: Final = 3_600.0

type _Normal = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one amount is sold: `count` + what is seen within `window` seconds both ways, over that time."""

    count: float
    window: float


@dataclass(frozen=True, slots=True)
class Way:
    """How a receipt's time may come about: a share of all sales, and a Normal of the time that the receipt is ahead.

    `spread`: in seconds, or where `of_clock` in spreads of the till's clock; `shift`: its mean (s). `misset`: that
    clock is wrong by so much, and the sale was when the arrival says; else the receipt was printed so much later.
    """

    share: float
    spread: float
    shift: float = 0.0
    of_clock: bool = False
    misset: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Every parameter of the model, named as in `matching`'s docstring; times in seconds."""

    threshold: float = 0.99
    look_again: tuple[float, ...] = (15.0, 60.0, 600.0)
    miss_at_first: float = 4.0
    known: tuple[Way, ...] = (
        Way(0.865, 1.0, of_clock=True),
        Way(0.10, 3.0, of_clock=True),
        Way(0.01, 60.0),
        Way(0.012, 400.0),
        Way(0.006, 900.0, misset=True),
        Way(0.003, 20.0, HOUR, misset=True),
        Way(0.003, 20.0, -HOUR, misset=True),
        Way(0.001, 15 * HOUR, misset=True),
    )
    unknown: tuple[Way, ...] = (
        Way(0.42, 8.0, misset=True),
        Way(0.16, 40.0, misset=True),
        Way(0.26, 200.0, misset=True),
        Way(0.04, 900.0, misset=True),
        Way(0.025, 60.0, HOUR, misset=True),
        Way(0.025, 60.0, -HOUR, misset=True),
        Way(0.02, 15 * HOUR, misset=True),
        Way(0.01, 60.0),
        Way(0.02, 400.0),
    )
    refund_scale: float = 2 * DAY
    prompt_refunds: float = 0.5
    refund_spread: float = 10.0
    sale: tuple[Pace, ...] = (Pace(count=0.5, window=3_600), Pace(count=0.0, window=300))
    refund: tuple[Pace, ...] = (Pace(count=1.0, window=3.5 * DAY),)
    rate_at_first: float = 1 / 480
    candidate: float = 0.01
    most: float = 1e12
    evidence: Mapping[str, Evidence] = field(default_factory=lambda: EVIDENCE)


DEFAULT: Final = Settings()


@dataclass(slots=True)
class Payment:
    """A payment in the scene: when it was made, by each of its sides (s), and how crowded its amount is then."""

    sides: list[Side]
    at: list[float]
    seen: float
    rate: float = -1.0
    miss: float = -1.0


@dataclass(slots=True)
class Slip:
    """A card tender in the scene. `issued`: its own time by the till's clock as known (s).

    `near`: (share, shift, spread) of the ways by which it was printed so much later, `misset` of those by which the clock
    is wrong, each share as it is once the receipt arrived when it did; None until asked for.
    """

    side: Side
    issued: float
    arrived: float
    clock: Clock | None
    near: list[_Normal] | None = None
    misset: list[_Normal] = field(default_factory=list)


class Scene:
    """The undecided sides of one partition in a canonical order. A pair: (payment's index, receipt's index)."""

    def __init__(
        self, sides: Sequence[Side], clocks: Mapping[str, Clock], habits: Habits, now: datetime, settings: Settings
    ) -> None:
        ordered = sorted(sides, key=lambda side: (side.at, side.key))
        self.settings = settings
        self.habits = habits
        self.is_sale = ordered[0].kind == "sale"
        self._paces = settings.sale if self.is_sale else settings.refund
        self.now = now.timestamp()
        payments: dict[str, Payment] = {}
        self.slips: list[Slip] = []
        for side in ordered:
            if side.side == "receipt":
                self.slips.append(_slip(side, clocks.get(side.till or "")))
            elif side.key in payments:
                payments[side.key].sides.append(side)
                payments[side.key].at.append(side.at.timestamp())
            else:
                payments[side.key] = Payment([side], [side.at.timestamp()], side.seen_at.timestamp())
        self.payments = list(payments.values())
        self._issued = sorted(
            ((slip.issued, slip.side.codes.terminal) for slip in self.slips), key=lambda each: each[0]
        )
        self._issued_at = [issued for issued, _ in self._issued]
        self._odds: dict[tuple[int, int], float] = {}

    def odds(self, i: int, j: int) -> float:
        """w of `matching`'s docstring."""
        known = self._odds.get((i, j))
        if known is None:
            known = self._odds[i, j] = self._weigh(self.payments[i], self.slips[j])
        return known

    def is_doubtful(self, i: int, j: int) -> bool:
        """Whether the receipt is of a flood and no code proves that it is the payment's."""
        slip = self.slips[j].side
        return slip.doubted and not prove(self.payments[i].sides[0].codes, slip.codes)

    def crowd(self, i: int) -> int:
        """How many other receipts near payment `i` are there, with nobody's payment."""
        return self._others(self.payments[i], self._paces[0].window)

    def _weigh(self, payment: Payment, slip: Slip) -> float:
        density = max(self._density(at, slip) for at in payment.at)
        codes = weight(payment.sides[0].codes, slip.side.codes, self.habits.last4_differs, self.settings.evidence)
        rate, miss = self._rate(payment), self._miss(payment)
        if self._is_fresh(payment, slip):
            rate, miss = max(rate, self.settings.rate_at_first), self.settings.miss_at_first
        chance = rate * miss
        return min(self.settings.most, density * codes / chance)

    def _density(self, paid: float, slip: Slip) -> float:
        """f of `matching`'s docstring, per second."""
        settings, ahead = self.settings, slip.issued - paid
        if not self.is_sale:
            prompt = settings.prompt_refunds * _normal(ahead, settings.refund_spread)
            return prompt + (1 - settings.prompt_refunds) * _laplace(abs(ahead), settings.refund_scale)
        if slip.near is None:
            slip.near, slip.misset = self._ways(slip)
        density = _mixed(slip.near, ahead)
        return density + self.habits.density_of_lag(slip.arrived - paid) * _mixed(slip.misset, ahead)

    def _ways(self, slip: Slip) -> tuple[list[_Normal], list[_Normal]]:
        """By Bayes: a way counts for more where it says that the receipt came as late as this shop's usually do."""
        clock, late = slip.clock, slip.arrived - slip.issued
        spread = clock.spread_at(slip.side.at) if clock else 0.0
        usual = self.habits.density_of_lag(late)
        near, misset, whole = [], [], 0.0
        for way in self.settings.known if clock else self.settings.unknown:
            seconds = way.spread * spread if way.of_clock else way.spread
            if way.misset:
                misset.append((way.share, way.shift, seconds))
                whole += way.share * self.habits.density_around(late + way.shift, seconds)
            else:
                near.append((way.share * usual, way.shift, seconds))
                whole += way.share * usual
        return _scaled(near, whole), _scaled(misset, whole)

    def _rate(self, payment: Payment) -> float:
        """Receipts of this amount a second that may be taken for the payment's, as seen around it."""
        if payment.rate < 0:
            payment.rate = max(self._rate_within(payment, pace) for pace in self._paces)
        return payment.rate

    def _rate_within(self, payment: Payment, pace: Pace) -> float:
        seconds = pace.window + min(pace.window, max(0.0, self.now - payment.at[0]))
        return (pace.count + self._others(payment, pace.window)) / seconds

    def _others(self, payment: Payment, window: float) -> int:
        """All receipts but one, within `window` both ways: at the payment's terminal, where both tell theirs."""
        first = bisect_left(self._issued_at, payment.at[0] - window)
        last = bisect_right(self._issued_at, payment.at[0] + window)
        ours = payment.sides[0].codes.terminal
        if ours is None:
            return max(0, last - first - 1)
        return max(0, sum(theirs is None or theirs == ours for _, theirs in self._issued[first:last]) - 1)

    def _is_fresh(self, payment: Payment, slip: Slip) -> bool:
        """Whether one of them came so lately that its right counterpart may well come yet."""
        return self.now - max(slip.arrived, payment.seen) < self.settings.look_again[0] / 2

    def _miss(self, payment: Payment) -> float:
        """The probability that the payment's receipt is not with us now."""
        if payment.miss < 0:
            missing = self.habits.missing
            payment.miss = missing + (1 - missing) * self.habits.later_than(self.now - payment.at[0])
        return payment.miss


def _slip(side: Side, clock: Clock | None) -> Slip:
    at, arrived = side.at.timestamp(), side.seen_at.timestamp()
    if clock is None or clock.count == 0:
        return Slip(side, at, arrived, None)
    return Slip(side, at - clock.offset_at(side.at), arrived, clock)


def _scaled(ways: list[_Normal], whole: float) -> list[_Normal]:
    return [(share / whole, shift, spread) for share, shift, spread in ways]


def _mixed(ways: list[_Normal], ahead: float) -> float:
    density = 0.0
    for share, shift, spread in ways:
        away = (ahead - shift) / spread
        if -9.0 < away < 9.0:
            density += share * exp(-0.5 * away * away) / (spread * _ROOT)
    return density


def _normal(apart: float, spread: float) -> float:
    return exp(-0.5 * (apart / spread) ** 2) / (spread * _ROOT)


def _laplace(apart: float, scale: float) -> float:
    return exp(-apart / scale) / (2 * scale)
