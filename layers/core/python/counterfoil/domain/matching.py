"""Which receipt belongs to which payment: a probability, and silence unless it is high.

A wrong receipt shows one person's shopping to another; a missing one is an inconvenience. So a match needs a
posterior probability of `Settings.threshold`; otherwise we wait, and in the end abstain.

**One pair.** Sales of this amount at these tills are a Poisson process of `rate` a second. Of a sale we get the
payment (unless its customer is a stranger to us) and the receipt (unless it is lost or still on its way). With
`miss` the odds that a counterpart is missing, `strangers` the share of sales whose customer is not with us, and
f(d) the density of the time difference of the two sides of one sale, "one sale" against "two sales, each half
seen" has the odds

    w = f(d) / (rate · miss · strangers) · L(rrn) · L(auth) · L(token) · L(last4) · L(terminal) · L(merchant)

- f, sales: d = receipt's time - till's offset - payment's time; 97% Normal(0, the clock's spread), 3%
  Laplace(300 s) for what the clock did not foresee. An unknown clock has a spread of 90 s. Refunds: Laplace(2 days).
- rate = (0.5 + n) / 240 s, n being the other sides within ±240 s of the payment (payments or receipts, whichever are
  more): coincidence is likely in a crowd. Half the window counts: the rest is yet to come. Refunds: (1 + n) / 3.5 days.
- L = P(what we see | same sale) / P(it | different sales), from `EVIDENCE`; 1 where one side does not give the code.
  Authorisation codes that differ all but exclude (1e-6: misprints), RRNs that differ exclude. A wallet's last4
  differs for about a third of contactless payments: fairly strong for, weak against (0.05: time alone never wins).

Example: a lone pair without codes, 1 s apart by a clock of spread 2 s: f = 0.97 · 0.1760 + 0.00005 = 0.1708,
rate = 0.5/240, w = 0.1708 / (0.5/240 · 0.06 · 0.9) = 1,518, posterior w / (1 + w) = 0.9993. The same 60 s apart:
f = 0.03/600 · e^-0.2, w = 0.36, posterior 0.27. By an unknown clock, 1 s apart: w = 39, 0.975: abstain.

**All pairs together.** One payment has one receipt, so the odds of all pairs of {subject} + others are put
together, with the null hypothesis of each side that its counterpart is not among them: see `assignments`.

**Time.** The posterior never depends on `now` or on the order of arrival: either side first gives the same match.
`now` only tells whether to speak yet. Until both sides are `look_again[0]` seconds with us, the right counterpart
may well be on its way, so the pair must pass with `miss_at_first` for `miss` too. Codes and last4 do, time alone
does not: else two customers served in the same seconds are crossed when one's receipt overtakes the other's.
A side that has been with us for `look_again[-1]` seconds waits no longer: it is ambiguous.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from math import exp, pi, sqrt
from typing import Final, Literal

from counterfoil.domain.assignments import Pair, posterior
from counterfoil.domain.card_evidence import EVIDENCE, Evidence, Method
from counterfoil.domain.clocks import DAY, UNKNOWN, Clock


@dataclass(frozen=True, slots=True)
class Codes:
    """What both sides may tell of a card payment, hashed: equal strings are equal. `original`: a refund's purchase."""

    auth: str | None = None
    rrn: str | None = None
    terminal: str | None = None
    merchant: str | None = None
    last4: str | None = None
    token: str | None = None
    original: str | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """A payment or one card tender of a receipt, still without its counterpart.

    `key` is opaque and unique. `at`: when the payment was authorised, or what the till's clock said. `seen_at`:
    when it reached us. `amount`: minor units. `till`: an opaque tag, the key of its clock.
    """

    side: Literal["transaction", "receipt"]
    key: str
    at: datetime
    seen_at: datetime
    kind: Literal["sale", "refund"]
    amount: int
    currency: str
    codes: Codes
    till: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The counterpart is `key`. `confidence`: the posterior, 4 decimals, at most 0.9999."""

    key: str
    method: Method
    confidence: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """There are candidates, none sure enough; time may tell. Look again."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """There are candidates, and waiting did not help."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Nothing of the other side could be the counterpart."""

    reasons: tuple[str, ...]


type Decision = Match | Wait | Ambiguous | Unmatched


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one amount is sold: `count` + what is seen within `window` seconds both ways, each `window` seconds."""

    count: float
    window: float


@dataclass(frozen=True, slots=True)
class Settings:
    """Every parameter of the model, named as in the module's docstring; times in seconds."""

    threshold: float = 0.99
    look_again: tuple[float, ...] = (15.0, 60.0, 600.0)
    miss: float = 0.06
    miss_at_first: float = 4.0
    strangers: float = 0.9
    surprises: float = 0.03
    surprise_scale: float = 300.0
    refund_scale: float = 2 * DAY
    sale: Pace = Pace(count=0.5, window=240)
    refund: Pace = Pace(count=1, window=3.5 * DAY)
    candidate: float = 0.01
    most: float = 1e12
    evidence: Mapping[str, Evidence] = field(default_factory=lambda: EVIDENCE)


DEFAULT: Final = Settings()


def decide(
    subject: Side,
    others: Sequence[Side],
    clocks: Mapping[str, Clock],
    now: datetime,
    *,
    truncated: bool = False,
    settings: Settings = DEFAULT,
) -> Decision:
    """The counterpart of `subject`, or why there is none yet.

    `others`: every other undecided side of the same kind, amount and currency nearby, payments and receipts.
    `clocks`: by till tag; a till without one has an unknown clock. `truncated`: there were more sides than
    were read, so no match is claimed. Pure and total for sides of one partition with aware times.
    """
    scene = _Scene((subject, *others), clocks, settings)
    candidates = scene.candidates(subject)
    what = "receipt" if subject.side == "transaction" else "payment"
    if not candidates:
        return Unmatched((f"No {what} nearby could belong",))
    undecided = Wait if _age(now, subject) < settings.look_again[-1] else Ambiguous
    if truncated:
        return undecided(("Too many payments of this amount nearby to tell apart",))
    for pair in candidates:
        confidence = scene.posterior(pair)
        if confidence < settings.threshold:
            continue
        payment, receipt = scene.payments[pair[0]], scene.receipts[pair[1]]
        fresh = min(_age(now, payment), _age(now, receipt)) < settings.look_again[0]
        if fresh and scene.posterior(pair, settings.miss / settings.miss_at_first) < settings.threshold:
            return undecided((f"One {what} fits, but the right one may still be on its way",))
        method, reasons = scene.explain(pair)
        key = receipt.key if subject.side == "transaction" else payment.key
        return Match(key, method, min(0.9999, round(confidence, 4)), reasons)
    if len(candidates) == 1:
        return undecided((f"One {what} nearby could belong, but too little speaks for it",))
    return undecided((f"Several {what}s nearby could belong",))


def _age(now: datetime, side: Side) -> float:
    return (now - side.seen_at).total_seconds()


class _Scene:
    """The undecided sides of one partition in a canonical order. A pair: (payment's index, receipt's index)."""

    def __init__(self, sides: Sequence[Side], clocks: Mapping[str, Clock], settings: Settings) -> None:
        ordered = sorted(sides, key=lambda side: (side.at, side.key))
        self.settings = settings
        self.pace = settings.sale if ordered[0].kind == "sale" else settings.refund
        self.payments = [side for side in ordered if side.side == "transaction"]
        self.receipts = [side for side in ordered if side.side == "receipt"]
        self.clocks = [clocks.get(receipt.till or "", UNKNOWN) for receipt in self.receipts]
        start = ordered[0].at
        self.paid = [(payment.at - start).total_seconds() for payment in self.payments]
        said = [(receipt.at - start).total_seconds() for receipt in self.receipts]
        self.issued = [time - clock.offset for time, clock in zip(said, self.clocks, strict=True)]
        self.issued_in_order = sorted(self.issued)

    def candidates(self, subject: Side) -> list[Pair]:
        """The pairs that hold `subject` and are not ruled out."""
        if subject.side == "transaction":
            i = self.payments.index(subject)
            pairs = [(i, j) for j in range(len(self.receipts))]
        else:
            j = self.receipts.index(subject)
            pairs = [(i, j) for i in range(len(self.payments))]
        return [pair for pair in pairs if self._odds(pair) >= self.settings.candidate]

    def posterior(self, pair: Pair, scale: float = 1.0) -> float:
        """The probability that `pair` is one sale, with every odds multiplied by `scale`."""
        alone = self._odds(pair) * scale
        without_rivals = alone / (1 + alone)
        if without_rivals < self.settings.threshold or len(self.payments) == len(self.receipts) == 1:
            return without_rivals
        return posterior([[odds * scale for odds in row] for row in self._all_odds], pair)

    def explain(self, pair: Pair) -> tuple[Method, tuple[str, ...]]:
        """The strongest evidence used, and all of it in words."""
        i, j = pair
        method: Method = "time"
        reasons = []
        for name, evidence in self.settings.evidence.items():
            ours, theirs = getattr(self.payments[i].codes, name), getattr(self.receipts[j].codes, name)
            if ours is None or theirs is None:
                continue
            reasons.append(evidence.says if ours == theirs else evidence.says_not)
            if ours == theirs and method == "time":
                method = evidence.method or method
        return method, (*reasons, self._time_in_words(i, j), _crowd_in_words(self._crowd(i)))

    def _time_in_words(self, i: int, j: int) -> str:
        apart = _in_words(abs(self.issued[j] - self.paid[i]))
        if self.pace is self.settings.refund:
            return f"{apart} apart"
        return f"{apart} apart by {"the till's clock" if self.clocks[j].count else 'a clock we do not know yet'}"

    @cached_property
    def _all_odds(self) -> list[list[float]]:
        return [[self._odds((i, j)) for j in range(len(self.receipts))] for i in range(len(self.payments))]

    def _odds(self, pair: Pair) -> float:
        """w of the module's docstring."""
        i, j = pair
        settings, pace = self.settings, self.pace
        rate = (pace.count + self._crowd(i)) / pace.window
        chance = rate * settings.miss * settings.strangers
        ratio = _ratio(self.payments[i].codes, self.receipts[j].codes, settings.evidence)
        return min(settings.most, self._density(i, j) / chance * ratio)

    def _density(self, i: int, j: int) -> float:
        """f(d) of the module's docstring, per second."""
        settings, apart = self.settings, abs(self.issued[j] - self.paid[i])
        if self.pace is settings.refund:
            return _laplace(apart, settings.refund_scale)
        spread = self.clocks[j].spread_at(self.payments[i].at)
        normal = exp(-0.5 * (apart / spread) ** 2) / (spread * sqrt(2 * pi))
        return (1 - settings.surprises) * normal + settings.surprises * _laplace(apart, settings.surprise_scale)

    def _crowd(self, i: int) -> int:
        """How many other sales near payment `i` have shown themselves."""
        earliest, latest = self.paid[i] - self.pace.window, self.paid[i] + self.pace.window
        return (
            max(
                bisect_right(times, latest) - bisect_left(times, earliest)
                for times in (self.paid, self.issued_in_order)
            )
            - 1
        )


def _ratio(ours: Codes, theirs: Codes, evidence: Mapping[str, Evidence]) -> float:
    """The product of the likelihood ratios of all codes that both sides gave."""
    ratio = 1.0
    for name, weight in evidence.items():
        left, right = getattr(ours, name), getattr(theirs, name)
        if left is not None and right is not None:
            ratio *= weight.agrees if left == right else weight.differs
    return ratio


def _laplace(apart: float, scale: float) -> float:
    return exp(-apart / scale) / (2 * scale)


def _crowd_in_words(crowd: int) -> str:
    if crowd == 0:
        return "No other payment of this amount nearby"
    return f"{crowd} other{'' if crowd == 1 else 's'} of this amount nearby, all less likely"


def _in_words(seconds: float) -> str:
    units = ((DAY, "day"), (3600.0, "hour"), (60.0, "minute"))
    size, name = next((unit for unit in units if seconds >= 2 * unit[0]), (1.0, "second"))
    count = round(seconds / size)
    return f"{count} {name}{'' if count == 1 else 's'}"
