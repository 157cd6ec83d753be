"""One look at a side: what stands where its counterpart may be, what is known of the shop, and the decision.

Nothing is written here but what a match teaches about clocks and habits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from counterfoil.domain import habits as shops
from counterfoil.domain import matching
from counterfoil.domain.likelihood import crowd_around
from counterfoil.domain.parameters import DEFAULT
from counterfoil.store import clocks, habits, rendezvous
from counterfoil.store.rendezvous import Pointer


@dataclass(frozen=True, slots=True)
class Look:
    """What one of a side's pointers sees, and what is to be made of it."""

    pointer: Pointer
    others: tuple[Pointer, ...]
    decision: matching.Decision


def look(pointer: Pointer, waits: Sequence[float], now: datetime, *, consistent: bool, whole_day: bool = False) -> Look:
    """`waits`: as in `Settings.look_again`. `consistent`: whether what was written a moment ago must be seen."""
    till = pointer.side.till
    clock = clocks.get(till) if till else None
    seen, truncated = rendezvous.around(pointer, clock, now, consistent=consistent, whole_day=whole_day)
    others = tuple(other for other in seen if other.side.key != pointer.side.key)
    return Look(pointer, others, _decide(pointer, others, truncated, waits, now))


def best(looks: Sequence[Look]) -> Look:
    """The look that decides."""
    place, decision = matching.deciding([look.decision for look in looks])
    return replace(looks[place], decision=decision)


def _decide(
    pointer: Pointer, others: Sequence[Pointer], truncated: bool, waits: Sequence[float], now: datetime
) -> matching.Decision:
    sides = [pointer.side, *(other.side for other in others)]
    tills = {side.till for side in sides}
    is_met = any(other.is_transaction != pointer.is_transaction for other in others)
    return matching.decide(
        pointer.side,
        [other.side for other in others],
        clocks.of_tills(till for till in tills if till) if is_met else {},
        now,
        habits=habits.of_shop(pointer.scope) if is_met else shops.FIRST_DAY,
        banks=habits.of_banks(side.bank for side in sides if side.bank) if is_met else {},
        truncated=truncated,
        settings=replace(DEFAULT, look_again=tuple(waits)),
    )


def learn(payment: Pointer, receipt: Pointer, others: Sequence[Pointer], now: datetime) -> None:
    """Only from sales of one amount and time: a clearing's own time says nothing of the till's clock."""
    ours, theirs = payment.side, receipt.side
    if theirs.kind != "sale" or payment.siblings:
        return
    if theirs.till:
        clocks.observe(theirs.till, theirs.at, ours.at)
    lag = (theirs.seen_at - ours.at).total_seconds()
    crowd = crowd_around(ours.at, [other.side for other in others])
    habits.learn(payment.scope, lambda known: shops.learn_match(known, lag, crowd, ours.at, now))
    first, second = ours.codes, theirs.codes
    if ours.bank and first.last4 and second.last4 and second.entry != "chip":
        agree, by_device = first.last4 == second.last4, first.entry == "wallet"
        habits.learn_of_bank(ours.bank, lambda known: shops.learn_digits(known, by_device=by_device, agree=agree))
