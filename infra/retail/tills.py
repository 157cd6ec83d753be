"""A till: its clock, which may be wrong, and the way its receipts travel to us."""

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final, Literal

from infra.retail.files import HOUR, whole_second
from infra.retail.recipe import Recipe

DAY: Final = 24 * HOUR
SWITCH: Final = datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp()
"""When the clocks go back: before it London is an hour ahead of UTC."""

Switching = Literal["follows", "an hour off", "misses the switch"]


def hours_ahead(epoch: float) -> int:
    return 1 if epoch < SWITCH else 0


@dataclass(frozen=True, slots=True)
class TillClock:
    """`offset`: seconds ahead at `start`, and `drift` more each day. `tells_zone`: writes +01:00, others Z."""

    start: float
    offset: float
    drift: float
    switching: Switching = "follows"
    tells_zone: bool = False

    def shows(self, epoch: float) -> float:
        """What the clock says at a moment, as an epoch."""
        shown = epoch + self.offset + self.drift * (epoch - self.start) / DAY
        if self.switching == "an hour off":
            return shown + HOUR
        if self.switching == "misses the switch" and epoch >= SWITCH:
            return shown + HOUR
        return shown

    def stamp(self, shown: float) -> str:
        """A moment that the clock shows, as the till writes it."""
        if not self.tells_zone:
            return whole_second(shown)
        ahead = hours_ahead(shown)
        return f"{whole_second(shown + HOUR * ahead)[:-1]}+0{ahead}:00"

    @property
    def tags(self) -> tuple[str, ...]:
        found = ("clock_hour",) if self.switching != "follows" else ()
        if abs(self.offset) >= 100:
            return (*found, "clock_minutes")
        return (*found, "clock_drifts") if abs(self.drift) >= 8 else found


def made_clock(recipe: Recipe, random: Random, start: float) -> TillClock:
    """A clock as wrong as the recipe's shares say."""
    draw, offset = random.random(), random.gauss(0, 3)
    if draw < recipe.clocks_minutes_off:
        offset = random.choice((-1, 1)) * random.uniform(120, 900)
    elif draw < recipe.clocks_minutes_off + recipe.clocks_half_minute_off:
        offset = random.choice((-1, 1)) * random.uniform(15, 90)
    drift = random.uniform(10, 40) if random.random() < recipe.clocks_drifting else random.gauss(0, 0.7)
    switching: Switching = "follows"
    hour = random.random()
    if hour < recipe.clocks_hour_off:
        switching = "an hour off"
    elif hour < recipe.clocks_hour_off + recipe.clocks_miss_the_switch:
        switching = "misses the switch"
    return TillClock(start, offset, drift, switching, tells_zone=random.random() < 0.4)


@dataclass(slots=True)
class Till:
    """`stamps_at_close`: its receipts leave at night, all with the time of closing.

    `free_at`: when the next customer is served at the earliest.
    """

    till_id: str
    terminal_id: str
    clock: TillClock
    stamps_at_close: bool = False
    free_at: float = 0.0
    receipts: int = 0


Upload = Literal["at once", "hourly", "at close"]


@dataclass(slots=True)
class Line:
    """A store's line to us. `lag`: how long an upload takes where nothing is wrong. `outages`: (from, to), in order."""

    upload: Upload
    lag: float
    outages: list[tuple[float, float]] = field(default_factory=list)

    def new_day(self, recipe: Recipe, random: Random, opens: float, closes: float) -> None:
        """Whether, and for how long, the store is offline that day."""
        self.outages = [outage for outage in self.outages if outage[1] > opens]
        if random.random() < recipe.offline_a_day:
            begins = random.uniform(opens, closes)
            self.outages.append((begins, begins + min(14 * HOUR, random.expovariate(1 / (1.5 * HOUR)) + 300)))

    def arrival(self, printed: float, closes: float, random: Random) -> tuple[float, str | None]:
        """When a receipt is here, and what delayed it, as a tag."""
        if self.upload == "hourly":
            return (printed // HOUR + 1) * HOUR + self.lag * 10 + random.uniform(0, 40), "hourly"
        if self.upload == "at close":
            return max(printed, closes) + 600 + self.lag * 10 + random.uniform(0, 300), "at_close"
        place = bisect_left(self.outages, (printed, 0.0))
        if place and self.outages[place - 1][1] > printed:
            return self.outages[place - 1][1] + random.uniform(0, 90), "offline"
        slow = random.uniform(10, 120) if random.random() < 0.01 else 0.0
        return printed + self.lag * random.lognormvariate(0, 0.4) + slow, None
