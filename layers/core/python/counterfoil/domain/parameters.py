"""Every parameter of the model of `matching`, named as in its docstring; times in seconds.

What is learned of a till, a shop or a bank starts from the priors in `clocks` and `habits`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from counterfoil.domain.card_evidence import EVIDENCE, Evidence
from counterfoil.domain.clocks import DAY

HOUR: Final = 3_600.0


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
    """What a decision goes by."""

    threshold: float = 0.99
    threshold_by_time: float = 0.995
    look_again: tuple[float, ...] = (15.0, 60.0, 600.0)
    miss_at_first: float = 4.0
    caution: float = 2.0
    caution_of_lost: float = 0.25
    most_cautious: float = 10.0
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
    stamped: Way = Way(1.0, 5 * HOUR, 7 * HOUR)
    refund_scale: float = 2 * DAY
    prompt_refunds: float = 0.5
    refund_spread: float = 10.0
    sale: tuple[Pace, ...] = (Pace(count=0.5, window=3_600), Pace(count=0.0, window=300))
    refund: tuple[Pace, ...] = (Pace(count=1.0, window=3.5 * DAY),)
    rate_at_first: float = 1 / 480
    crowded: int = 5
    candidate: float = 0.01
    far: float = 900.0
    most: float = 1e12
    evidence: Mapping[str, Evidence] = field(default_factory=lambda: EVIDENCE)


DEFAULT: Final = Settings()
