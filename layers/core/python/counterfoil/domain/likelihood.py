"""The odds of one pair: that a payment and a receipt are of one sale, against two sales of which we see half each.

The arithmetic is told in `matching`; every parameter is in `parameters`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from math import exp, pi, sqrt
from operator import attrgetter, itemgetter
from typing import Final

from counterfoil.domain.card_evidence import prove, weight
from counterfoil.domain.clocks import Clock
from counterfoil.domain.habits import ANY_BANK, BankHabits, Habits
from counterfoil.domain.parameters import DEFAULT, HOUR, Pace, Settings
from counterfoil.domain.sides import Side

_ROOT: Final = sqrt(2 * pi)

type _Normal = tuple[float, float, float]


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

    `near`: (share, shift, spread) of the ways by which it was printed so much later, `misset` of those by which the
    clock is wrong, each share as it is once the receipt arrived when it did; None until asked for. `is_stamped`: at
    closing time.
    """

    side: Side
    issued: float
    arrived: float
    clock: Clock | None
    is_stamped: bool = False
    near: list[_Normal] | None = None
    misset: list[_Normal] = field(default_factory=list)


class Scene:
    """The undecided sides of one partition in a canonical order. A pair: (payment's index, receipt's index)."""

    def __init__(
        self,
        sides: Sequence[Side],
        clocks: Mapping[str, Clock],
        habits: Habits,
        banks: Mapping[str, BankHabits],
        now: datetime,
        settings: Settings,
    ) -> None:
        ordered = sorted(sides, key=attrgetter("moment", "key"))
        self.settings = settings
        self.habits = habits
        self._banks = banks
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
                payments[side.key].at.append(side.moment)
            else:
                payments[side.key] = Payment([side], [side.moment], side.came)
        self.payments = list(payments.values())
        self._odds: dict[tuple[int, int], float] = {}

    @cached_property
    def _issued(self) -> "_Times":
        return _Times((slip.issued, slip.side.codes.terminal) for slip in self.slips)

    @cached_property
    def _paid(self) -> "_Times":
        return _Times((payment.at[0], payment.sides[0].codes.terminal) for payment in self.payments)

    def odds(self, i: int, j: int) -> float:
        """w of `matching`'s docstring."""
        known = self._odds.get((i, j))
        if known is None:
            payment, slip = self.payments[i], self.slips[j]
            known = self._odds[i, j] = 0.0 if self._is_far(payment, slip) else self._weigh(payment, slip)
        return known

    def _is_far(self, payment: Payment, slip: Slip) -> bool:
        """Whether no time and no code speaks for the pair, so that its odds are next to nothing."""
        if not self.is_sale or slip.clock is None:
            return False
        far = self.settings.far
        for at in payment.at:
            apart = abs(slip.issued - at)
            if apart < far or abs(apart - HOUR) < far / 5:
                return False
        ours, theirs = payment.sides[0].codes, slip.side.codes
        return not (
            (ours.last4 is not None and ours.last4 == theirs.last4)
            or (ours.auth is not None and ours.auth == theirs.auth)
            or (ours.rrn is not None and ours.rrn == theirs.rrn)
        )

    def is_doubtful(self, i: int, j: int) -> bool:
        """Whether the receipt is of a flood and no code proves that it is the payment's."""
        slip = self.slips[j].side
        return slip.doubted and not prove(self.payments[i].sides[0].codes, slip.codes)

    def odds_at_first(self, i: int, j: int) -> float:
        """The odds by which a pair is judged while the right receipt may well come in a moment; rivals keep theirs.

        After a fresh payment, or in a late upload.
        """
        payment, slip = self.payments[i], self.slips[j]
        first, second = self.settings.look_again[:2]
        is_late = slip.arrived - payment.seen > second
        if self.now - slip.arrived >= second if is_late else self.now - payment.seen >= first / 2:
            return self.odds(i, j)
        chance = max(self._rate(payment), self.settings.rate_at_first) * self.settings.miss_at_first
        return self.odds(i, j) * self._rate(payment) * self._miss(payment) / chance

    def crowd(self, i: int) -> int:
        """How many other receipts near payment `i` are there, with nobody's payment."""
        receipts, payments = self._around(self.payments[i], self._paces[0].window)
        return max(0, receipts - payments)

    def _weigh(self, payment: Payment, slip: Slip) -> float:
        density = max([self._density(at, slip) for at in payment.at])
        bank = self._banks.get(payment.sides[0].bank or "", ANY_BANK)
        codes = weight(payment.sides[0].codes, slip.side.codes, bank, self.settings.evidence)
        chance = self._rate(payment) * self._miss(payment)
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
        if slip.is_stamped:
            return [(1.0, self.settings.stamped.shift, self.settings.stamped.spread)], []
        clock, late = slip.clock, slip.arrived - slip.issued
        spread = clock.spread_at(slip.side.at) if clock else 0.0
        usual, around = self.habits.density_of_lag(late), self.habits.density_around
        near: list[_Normal] = []
        misset: list[_Normal] = []
        whole = 0.0
        for way in self.settings.known if clock else self.settings.unknown:
            seconds = way.spread * spread if way.of_clock else way.spread
            share = way.share if way.misset else way.share * usual
            whole += share * around(late + way.shift, seconds) if way.misset else share
            (misset if way.misset else near).append((share, way.shift, seconds))
        return _scaled(near, whole), _scaled(misset, whole)

    def _rate(self, payment: Payment) -> float:
        """Receipts of this amount a second that may be taken for the payment's, as seen around it."""
        if payment.rate < 0:
            payment.rate = max([self._rate_within(payment, pace) for pace in self._paces])
        return payment.rate

    def _rate_within(self, payment: Payment, pace: Pace) -> float:
        at = payment.at[0]
        seconds = pace.window + min(pace.window, max(0.0, self.now - at))
        receipts, payments = self._around(payment, pace.window)
        if not pace.count:  # a burst, whoever they are of
            return (max(receipts, payments) - 1) / seconds
        if self.is_sale:  # by the shop's own pace, as far as it is known
            seconds += pace.count * HOUR / self.habits.same_an_hour
        others = max(0, receipts - payments)
        return (pace.count + (others if others < self.settings.crowded else 2 * others)) / seconds

    def _around(self, payment: Payment, window: float) -> tuple[int, int]:
        """How many receipts and payments are within `window` both ways: at its terminal, where both tell theirs."""
        terminal, at = payment.sides[0].codes.terminal, payment.at[0]
        earliest, latest = at - window, at + window
        return self._issued.count(earliest, latest, terminal), self._paid.count(earliest, latest, terminal)

    def _miss(self, payment: Payment) -> float:
        """The probability that the payment's receipt is not with us now."""
        if payment.miss < 0:
            missing = self.habits.missing
            late = self.habits.later_than(self.now - payment.at[0])
            caution = min(self.settings.most_cautious, self.settings.caution + self.habits.same_an_hour)
            lost = missing * max(1.0, caution * self.settings.caution_of_lost)
            payment.miss = min(1.0, lost + (1 - missing) * caution * late)
        return payment.miss


def crowd_around(at: datetime, others: Sequence[Side]) -> int:
    """How many more receipts than payments stood within an hour of a payment; `others` without the pair itself."""
    if not others:
        return 0
    near = [other for other in others if abs((other.at - at).total_seconds()) <= DEFAULT.sale[0].window]
    return max(0, sum(1 if other.side == "receipt" else -1 for other in near))


class _Times:
    """When, and at which terminal, the sides of one kind were: counted by both."""

    def __init__(self, timed: Iterable[tuple[float, str | None]]) -> None:
        ordered = sorted(timed, key=itemgetter(0))
        self._times = [at for at, _ in ordered]
        self._terminals = [terminal for _, terminal in ordered]

    def count(self, earliest: float, latest: float, terminal: str | None) -> int:
        """How many in the closed span: at that terminal, or none that we know of; at any for None."""
        low, high = bisect_left(self._times, earliest), bisect_right(self._times, latest)
        if terminal is None:
            return high - low
        there = self._terminals[low:high]
        return there.count(terminal) + there.count(None)


def _slip(side: Side, clock: Clock | None) -> Slip:
    if clock is not None and clock.stamps_at(side.seen_at):
        return Slip(side, side.moment, side.came, None, is_stamped=True)
    if clock is None or clock.count == 0:
        return Slip(side, side.moment, side.came, None)
    return Slip(side, side.moment - clock.offset_then(side.moment), side.came, clock)


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
