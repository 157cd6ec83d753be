"""The life of a transaction: what a bank tells of it, in any order and however often, and what that comes to.

    authorised ─► cleared, at the same amount or another: with a tip, fuel below its pre-authorisation, a day's journeys
        │             └─► cleared again: a shipment in parts
        └─► reversed, before or after clearing, wholly (a chargeback is a reversal) or in part

Everything here is a function of the set of facts alone. A clearing or reversal is known by its own time: the same time
and amount again is a repeat, another time is another one. An authorisation told again later, at another amount, takes
the place of the one before (a pump that knows its litres, a room kept for longer); at the same amount it is a repeat.
The same kind at the same time and another amount is a contradiction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

FactKind = Literal["authorised", "cleared", "reversed", "refunded"]
SEVERAL: frozenset[FactKind] = frozenset({"cleared", "reversed"})
"""What may be told of one transaction more than once, each time of another part of it."""

FAR = timedelta(minutes=1)
"""From here on the time of clearing is worth looking at too: at a pump it is when the receipt is printed."""

MOST_FACES = 8
NOMINAL = 2
"""Cleared at this many times what was authorised, nothing was sold at the authorised amount."""


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """What happened, at what time, and to which amount (minor units)."""

    at: datetime
    kind: FactKind
    amount: int


@dataclass(frozen=True, slots=True)
class Face:
    """An amount and a time under which the receipt may be found."""

    amount: int
    at: datetime


Facts = tuple[Fact, ...]


def together(known: Iterable[Fact], new: Iterable[Fact]) -> Facts:
    """All facts, each once, by time."""
    found: dict[tuple[str, int, datetime | None], Fact] = {}
    for fact in sorted({*known, *new}):
        found.setdefault((fact.kind, fact.amount, fact.at if fact.kind in SEVERAL else None), fact)
    return tuple(found.values())


def contradict(known: Iterable[Fact], new: Iterable[Fact]) -> bool:
    """Whether one of `new` tells what is known already, with another amount."""

    amounts = {(fact.kind, fact.at): fact.amount for fact in known}
    return any(amounts.get((fact.kind, fact.at), fact.amount) != fact.amount for fact in new)


def is_void(facts: Facts) -> bool:
    """Whether nothing is left of the payment: all that was cleared was given back, or all that was authorised before
    anything was cleared."""
    reversed_ = [fact for fact in facts if fact.kind == "reversed"]
    clearings = [fact for fact in facts if fact.kind == "cleared"]
    if not reversed_:
        return False
    if clearings:
        back = sum(fact.amount for fact in reversed_ if fact.at >= clearings[0].at)
        return back >= sum(fact.amount for fact in clearings)
    authorised = _authorised(facts)
    return not authorised or sum(fact.amount for fact in reversed_) >= authorised[0]


def last_reversal(facts: Facts) -> datetime:
    """When the latest reversal happened. Raises ValueError where there is none."""
    return max(fact.at for fact in facts if fact.kind == "reversed")


def faces(facts: Facts, at: datetime) -> tuple[Face, ...]:
    """Under which amounts and times the receipt of a payment authorised `at` may be found, the likeliest first.

    The authorised amount (a receipt without the tip, a whole order), less what was released of it, each clearing, and
    all clearings together. A clearing of another amount is also looked for at its own time: that is when a day's
    journeys are charged and their receipt is made.
    """
    authorised = _authorised(facts)
    charged = _charged(facts)
    sold = [amount for amount in authorised if not _is_token(amount, charged)]
    found = [Face(amount, at) for amount in sold]
    released = sum(fact.amount for fact in facts if fact.kind == "reversed" and not charged)
    found.extend(Face(amount - released, at) for amount in authorised[:1] if 0 < released < amount)
    for amount, cleared_at in charged:
        if amount not in sold:
            found.append(Face(amount, at))
            found.extend([Face(amount, cleared_at)] if abs(cleared_at - at) > FAR else [])
    if not found:
        found = [Face(fact.amount, at) for fact in facts]
    return tuple(dict.fromkeys(found))[:MOST_FACES]


def is_nominal(facts: Facts, amount: int) -> bool:
    """Whether `amount` was authorised as a token only, so that nothing was sold at it."""
    charged = _charged(facts)
    return amount in _authorised(facts) and _is_token(amount, charged) and amount not in [each for each, _ in charged]


def _authorised(facts: Facts) -> list[int]:
    """What was authorised, or given back: the latest amount first."""
    return [fact.amount for fact in reversed(facts) if fact.kind in ("authorised", "refunded")]


def _charged(facts: Facts) -> list[tuple[int, datetime]]:
    """Each clearing, and where there are several all of them together, as the last."""
    clearings = [(fact.amount, fact.at) for fact in facts if fact.kind == "cleared"]
    whole = [(sum(amount for amount, _ in clearings), clearings[-1][1])] if len(clearings) > 1 else []
    return clearings + whole


def _is_token(whole: int, charged: list[tuple[int, datetime]]) -> bool:
    return bool(charged) and charged[-1][0] > NOMINAL * whole
