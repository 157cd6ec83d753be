"""What a method's matches are worth: how many it found, how many are another's, how soon, how sure.

Every match given out counts, also one that was taken back later: somebody has seen it. Found is what stands at the
end. At +15 s, only what was said by then counts, and only receipts that had arrived by then can be found.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from math import sqrt
from statistics import NormalDist
from typing import Final

from infra.sandbox.quality.truth import Fact, Payment, Said

PROMPT: Final = 15.0
BINS: Final = (0.0, 0.99, 0.992, 0.995, 0.998, 0.999, 0.9999)
"""Where the bins of confidence begin; the last is what is told as 0.9999, the most there is."""


@dataclass(slots=True)
class Score:
    """Counts, which add up over runs.

    `payments`: those that were not reversed and whose receipt was sent; `found`: with their own receipt at the end;
    `missed`: with none. `given`: matches given out, for whatever payment; `wrong`: with another's receipt, of which
    `own`: another receipt of the same customer's. `arrived`, `prompt_…`: the same at +15 s. `waits`: of right matches,
    whole tenths of a second since both sides were here; `delays`: since the payment was. `bins`: matches given and
    those right of them by the start of their bin; `confidence`: the sum of what was said there, in ten-thousandths.
    """

    payments: int = 0
    found: int = 0
    missed: int = 0
    given: int = 0
    wrong: int = 0
    own: int = 0
    arrived: int = 0
    prompt_found: int = 0
    prompt_given: int = 0
    prompt_wrong: int = 0
    waits: Counter[int] = field(default_factory=Counter)
    delays: Counter[int] = field(default_factory=Counter)
    bins: Counter[float] = field(default_factory=Counter)
    bins_right: Counter[float] = field(default_factory=Counter)
    confidence: Counter[float] = field(default_factory=Counter)

    def __add__(self, other: "Score") -> "Score":
        return Score(*[getattr(self, each.name) + getattr(other, each.name) for each in fields(self)])

    @property
    def recall(self) -> float:
        return self.found / self.payments if self.payments else 0.0

    def said(self, start: float) -> float:
        """The mean confidence of a bin that is not empty."""
        return self.confidence[start] / self.bins[start] / 10_000

    @property
    def prompt_recall(self) -> float:
        return self.prompt_found / self.arrived if self.arrived else 0.0


def score(facts: Mapping[Payment, Fact], said: Iterable[Said]) -> Score:
    """The score of what was said, in order of time, of the payments in `facts`."""
    result, standing, prompt = Score(), dict[Payment, bool](), set[Payment]()
    paid = {(fact.retailer, each, fact.customer) for fact in facts.values() for each in fact.receipt_ids}
    for match in said:
        if match.withdrawn:
            standing.pop(match.payment, None)
            continue
        fact = facts[match.payment]
        right = standing[match.payment] = is_right(fact, match)
        result.own += not right and (*match.receipt, fact.customer) in paid
        _count(result, fact, match, right)
        if right and match.at - fact.told <= PROMPT:
            prompt.add(match.payment)
    for payment, fact in facts.items():
        if fact.void or fact.receipt is None:
            continue
        result.payments += 1
        result.found += standing.get(payment, False)
        result.missed += payment not in standing
        if fact.receipt <= fact.told + PROMPT:
            result.arrived += 1
            result.prompt_found += payment in prompt
    return result


def is_right(fact: Fact, match: Said) -> bool:
    return match.receipt[0] == fact.retailer and match.receipt[1] in fact.receipt_ids


def _count(result: Score, fact: Fact, match: Said, right: bool) -> None:
    result.given += 1
    result.wrong += not right
    if match.at - fact.told <= PROMPT:
        result.prompt_given += 1
        result.prompt_wrong += not right
    if right and fact.receipt is not None:
        result.waits[_tenths(match.at - max(fact.told, fact.receipt))] += 1
        result.delays[_tenths(match.at - fact.told)] += 1
    if match.confidence is not None:
        start = BINS[bisect_right(BINS, match.confidence) - 1]
        result.bins[start] += 1
        result.bins_right[start] += right
        result.confidence[start] += round(match.confidence * 10_000)


def _tenths(seconds: float) -> int:
    return max(0, round(seconds * 10))


def quantile(waits: Mapping[int, int], share: float) -> float:
    """The wait, in seconds, that this share of all does not exceed; 0 where there is none."""
    left = share * sum(waits.values())
    for tenths in sorted(waits):
        left -= waits[tenths]
        if left <= 0:
            return tenths / 10
    return 0.0


def interval(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share. Without trials it is known that nothing is known."""
    if not trials:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, scale = hits / trials, 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    half = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def ppm(hits: int, trials: int) -> tuple[float, float, float]:
    """A share in parts per million, with the ends of its 95% interval."""
    low, high = interval(hits, trials)
    return 1e6 * hits / trials if trials else 0.0, 1e6 * low, 1e6 * high


def within(waits: Mapping[int, int], seconds: float) -> int:
    """How many waited no longer."""
    return sum(times for tenths, times in waits.items() if tenths <= 10 * seconds)
