"""Which receipt belongs to which payment: a probability, and silence unless it is high.

A wrong receipt shows one person's shopping to another; a missing one is an inconvenience. So a match needs a
posterior probability of `Settings.threshold` (by time alone, while the payment is younger than a day,
`threshold_by_time`); otherwise we wait, and in the end abstain.

**One pair.** A payment at a, and a receipt that says i by the till's clock (less its offset) and came at s.
Receipts of this amount that are nobody's come as a Poisson process of `rate` a second, and `miss` is the probability
that the payment's own receipt is not with us. "One sale" against "two sales, of which we see half each" has the odds

    w = f(a) / (rate · miss) · L(rrn) · L(auth) · L(last4) · L(terminal) · L(merchant) · L(scheme)

- f(a) is the density of when the receipt's sale was, a mixture over the ways (`Settings.known`; `unknown` where we do
  not know the till's clock) in which its time may have come about. N is a Normal, g the shop's density of lags from
  sale to arrival (`habits`), p a way's share of all sales:

      printed late or early   p · g(s - i) / Z · N(i - a)              by the clock's spread, thrice that, or minutes
      the clock is not so     p / Z · N(i - a) · g(s - a)              by minutes, an hour either way, any time of day
      Z = the sum of p · g(s - i) and of p · (the mean of g over N)    over all ways

  So a receipt that came in the usual time after it was printed is taken at its clock's word, and one that came an hour
  after what its clock says, from a shop whose receipts come in seconds, tells of a clock that is an hour wrong.
- rate = (0.5 + n) / (the part of ±1 h that is over + 0.5 h / c), n being how many more receipts than payments of the
  amount there are in that time, at its terminal where the bank tells it (from 5 on they count double: crowds come in
  bursts), and c how many there usually are an hour (`habits`; 0.5 on a first day); at least what ±300 s say. Refunds:
  (1 + n) / (±3.5 days, likewise).
- miss = max(1, k / 4) · m + k · (1 - m) · (the share of this shop's receipts that take longer than the payment is old
  now), m being the share of its receipts that never come (`habits`; 6% on a first day, never less than 3%), and
  k = 2 + c, at most 10. Where many receipts of one amount stand around, one id is that of many shops, and they are not
  alike: what is likely late is rather decided late than wrong.
- L = P(what we see | same sale) / P(it | different sales), from `card_evidence`; 1 where one side gives no code.
  Authorisation codes that differ all but exclude (1e-6: misprints), RRNs that differ exclude. A device's last four
  digits differ from the card's: strong for, weak against.
- Refunds: f = half N(10 s), half Laplace(2 days), since they are told to either side when it suits.

Example: a lone pair without codes, two days ago, 1 s apart by a clock that is good for 2 s, with a receipt that came at
once: f = 0.98 · (0.865 · 0.1760 + 0.10 · 0.0656) + … = 0.156, rate = 0.5 / (7200 + 3600) s, miss = 0.06,
w = 0.156 / (0.0000463 · 0.06) = 56,000, posterior w / (1 + w) = 0.9999. Among 10 other receipts in that hour: 0.999.

**All pairs together.** One payment has one receipt, so the odds of all pairs of {subject} + others are put
together, with the null hypothesis of each side that its counterpart is not among them: see `assignments`.

**Floods.** What a till sends beyond what a till can sell (`flooding`) weighs as much against other pairs as any
receipt, and is given to nobody but by an authorisation code or RRN that agrees: silence, not a stranger's receipt.

**Time.** Whichever side comes first, the same sides at the same `now` give the same answer. While a receipt may well
be on its way `miss` is near 1. In a payment's first seconds (half of `look_again[0]`), and in the first minute of an
upload that comes late, nothing is judged by time alone, however quiet it is: two customers served in the same moment
would be crossed when one's receipt overtakes the other's. A side that has been with us for `look_again[-1]` seconds
waits no longer: it is ambiguous, until the look after a day, which knows the clocks better. By then the receipts that
come hours late are in: what is likely by time alone is no more in doubt than what codes speak for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from counterfoil.domain.assignments import Pair, posterior
from counterfoil.domain.card_evidence import Method
from counterfoil.domain.clocks import DAY, Clock
from counterfoil.domain.habits import FIRST_DAY, BankHabits, Habits
from counterfoil.domain.likelihood import Scene
from counterfoil.domain.parameters import DEFAULT, Settings
from counterfoil.domain.sides import Side

NO_BANKS: Final[Mapping[str, BankHabits]] = {}


@dataclass(frozen=True, slots=True)
class Match:
    """The counterpart is `key`. `confidence`: the posterior, 4 decimals, at most 0.9999."""

    key: str
    method: Method
    confidence: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """There are candidates, none sure enough; time may tell. `oldest`: when the older side of the likeliest came."""

    reasons: tuple[str, ...]
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """There are candidates, and waiting did not help."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Nothing of the other side could be the counterpart."""

    reasons: tuple[str, ...]


type Decision = Match | Wait | Ambiguous | Unmatched


def decide(
    subject: Side,
    others: Sequence[Side],
    clocks: Mapping[str, Clock],
    now: datetime,
    *,
    habits: Habits = FIRST_DAY,
    banks: Mapping[str, BankHabits] = NO_BANKS,
    truncated: bool = False,
    settings: Settings = DEFAULT,
) -> Decision:
    """The counterpart of `subject`, or why there is none yet.

    `others`: every other undecided side of the same kind, amount and currency nearby, payments and receipts.
    `clocks`: by till tag; a till without one has an unknown clock. `habits`: of the shop, `banks`: by bank.
    `truncated`: there were more sides than were read, so no match is claimed. Pure and total for sides of one partition
    with aware times.
    """
    what = "receipt" if subject.side == "transaction" else "payment"
    if all(other.side == subject.side for other in others):
        return Unmatched((f"No {what} nearby could belong",))
    scene = Scene((subject, *others), clocks, habits, banks, now, settings)
    candidates = _candidates(scene, subject)
    if not candidates:
        return Unmatched((f"No {what} nearby could belong",))
    for pair in () if truncated else candidates:
        if scene.odds(*pair) < settings.threshold / (1 - settings.threshold):
            break  # rivals would only lower it
        if scene.is_doubtful(*pair):
            continue
        confidence = _confidence(scene, pair)
        if confidence >= settings.threshold and (match := _match(scene, subject, pair, confidence)):
            return match
    why = (_why_not(scene, candidates, what, truncated=truncated),)
    if (now - subject.seen_at).total_seconds() < settings.look_again[-1]:
        payment, slip = candidates[0]
        return Wait(why, min(scene.payments[payment].sides[0].seen_at, scene.slips[slip].side.seen_at))
    return Ambiguous(why)


def _confidence(scene: Scene, pair: Pair) -> float:
    """The posterior of a pair; in its first moments by lower odds of its own."""
    own = scene.odds_at_first(*pair)

    def odds(i: int, j: int) -> float:
        return own if (i, j) == pair else scene.odds(i, j)

    return posterior(odds, len(scene.payments), len(scene.slips), pair)


def _match(scene: Scene, subject: Side, pair: Pair, confidence: float) -> Match | None:
    """None where by time alone it is not sure enough."""
    method, reasons = explain(scene, pair)
    is_young = scene.now - scene.payments[pair[0]].seen < DAY
    if method == "time" and is_young and confidence < scene.settings.threshold_by_time:
        return None
    payment, slip = scene.payments[pair[0]].sides[0], scene.slips[pair[1]].side
    key = slip.key if subject.side == "transaction" else payment.key
    return Match(key, method, min(0.9999, round(confidence, 4)), reasons)


def deciding(decisions: Sequence[Decision]) -> tuple[int, Decision]:
    """Of a payment's decisions under several amounts and times the one that counts, and its place.

    Two receipts under two amounts: the one whose codes agree, else neither is sure.
    """
    found = [(place, each) for place, each in enumerate(decisions) if isinstance(each, Match)]
    if len({each.key for _, each in found}) > 1:
        found = [(place, each) for place, each in found if each.method != "time"]
        return found[0] if len(found) == 1 else (0, Ambiguous(("Receipts of two amounts fit",)))
    ranks = {Match: 0, Wait: 1, Ambiguous: 2, Unmatched: 3}
    return min(enumerate(decisions), key=lambda each: ranks[type(each[1])])


def _candidates(scene: Scene, subject: Side) -> list[Pair]:
    """The pairs that hold `subject` and are not ruled out, the likeliest first."""
    if subject.side == "transaction":
        i = next(n for n, payment in enumerate(scene.payments) if payment.sides[0].key == subject.key)
        pairs = [(i, j) for j in range(len(scene.slips))]
    else:
        j = next(n for n, slip in enumerate(scene.slips) if slip.side.key == subject.key)
        pairs = [(i, j) for i in range(len(scene.payments))]
    found = [(-odds, pair) for pair in pairs if (odds := scene.odds(*pair)) >= scene.settings.candidate]
    return [pair for _, pair in sorted(found)]


def _why_not(scene: Scene, candidates: Sequence[Pair], what: str, *, truncated: bool) -> str:
    if truncated:
        return "Too many payments of this amount nearby to tell apart"
    if scene.is_doubtful(*candidates[0]):
        return "Its till sends more receipts than a till can sell"
    if len(candidates) > 1:
        return f"Several {what}s nearby could belong"
    if scene.habits.later_than(scene.now - scene.payments[candidates[0][0]].at[0]) > scene.habits.missing:
        return f"One {what} fits, but the right one may still be on its way"
    return f"One {what} nearby could belong, but too little speaks for it"


def explain(scene: Scene, pair: Pair) -> tuple[Method, tuple[str, ...]]:
    """The strongest evidence used, and all of it in words."""
    i, j = pair
    ours, theirs = scene.payments[i].sides[0].codes, scene.slips[j].side.codes
    method: Method = "time"
    reasons = []
    for name, evidence in scene.settings.evidence.items():
        left, right = getattr(ours, name), getattr(theirs, name)
        if left is None or right is None:
            continue
        reasons.append(evidence.says if left == right else evidence.says_not)
        if left == right and method == "time":
            method = evidence.method or method
    return method, (*reasons, _time_in_words(scene, pair), _crowd_in_words(scene.crowd(i)))


def _time_in_words(scene: Scene, pair: Pair) -> str:
    payment, slip = scene.payments[pair[0]], scene.slips[pair[1]]
    apart = in_words(min(abs(slip.issued - at) for at in payment.at))
    if not scene.is_sale:
        return f"{apart} apart"
    if slip.is_stamped:
        return "Of that day, by a till that stamps its receipts at closing time"
    return f"{apart} apart by {"the till's clock" if slip.clock else 'a clock we do not know yet'}"


def _crowd_in_words(crowd: int) -> str:
    if crowd == 0:
        return "No other payment of this amount nearby"
    return f"{crowd} other{'' if crowd == 1 else 's'} of this amount nearby, all less likely"


def in_words(seconds: float) -> str:
    """A span of time in its largest fitting unit: 90 seconds, 2 minutes, 3 hours, 4 days."""
    units = ((DAY, "day"), (3600.0, "hour"), (60.0, "minute"))
    size, name = next((unit for unit in units if seconds >= 2 * unit[0]), (1.0, "second"))
    count = round(seconds / size)
    return f"{count} {name}{'' if count == 1 else 's'}"
