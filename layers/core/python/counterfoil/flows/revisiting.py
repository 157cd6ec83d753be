"""Transactions without a receipt are decided once more after a day, and closed after a week.

    a day    a message has the matcher decide over the whole day; it marks what stays open as unmatched or ambiguous
    a week   the pointers are deleted, then the record says expired: what is told later changes the record alone

Two rounds over the due index meet them, an hour of transactions at a time. A round's place is kept when an hour is done
and when the run's time is over: who dies loses at most that hour of the round, which is made again. Who is asked about
twice is decided twice, and comes to the same; who is closed is met no more.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

from counterfoil.domain.looking import A_DAY_LATER
from counterfoil.domain.rounds import beginning
from counterfoil.domain.transactions import Transaction
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.flows import messages
from counterfoil.flows.messages import LookAgain
from counterfoil.flows.outcome import Send
from counterfoil.flows.settling import transaction_pointers
from counterfoil.store import keys, rendezvous, rounds, transactions
from counterfoil.store.rounds import Round

TRIES = 5


@dataclass(frozen=True, slots=True)
class Work:
    """One run. It begins no shard after `seconds`.

    `send` queues messages, all or an error. `day`, `week`: the ages at which a transaction is visited. `spread`: over
    how many seconds the matcher gets its messages, at most 900.
    """

    send: Callable[[Sequence[Send]], None]
    clock: Callable[[], datetime]
    seconds: int
    day: timedelta
    week: timedelta
    spread: int


@dataclass(frozen=True, slots=True)
class _Kind:
    """A round: `visit(keys)` does what is due at `age`, and says what to count."""

    name: str
    age: timedelta
    visit: Callable[[Sequence[str]], list[str]]


def go_round(work: Work) -> Counter[str]:
    """Makes both rounds as far as they are due and time allows; what happened, and how often."""
    until = work.clock() + timedelta(seconds=work.seconds)
    counts: Counter[str] = Counter()
    for kind in _kinds(work):
        _go_on(kind, counts, until, work)
    return counts


def visit_early(work: Work) -> Counter[str]:
    """Visits also those whose hour is not over, each by its own age. The rounds stay where they are."""
    counts: Counter[str] = Counter()
    for kind in _kinds(work):
        place = _round(kind, work).place
        while place.has_begun(kind.age, work.clock()):
            for found in rounds.open_transactions(place):
                counts.update(kind.visit([key for key in found if _open(key, kind.age, work)]))
            place = place.next(keys.SHARDS)
    return counts


def _kinds(work: Work) -> tuple[_Kind, _Kind]:
    return (
        _Kind("a day", work.day, lambda found: _ask(found, work)),
        _Kind("a week", work.week, lambda found: [happened for key in found for happened in _close(key, work)]),
    )


def _round(kind: _Kind, work: Work) -> Round:
    return rounds.get(kind.name) or Round(kind.name, beginning(kind.age, work.clock()), rev=0)


def _go_on(kind: _Kind, counts: Counter[str], until: datetime, work: Work) -> None:
    made: Round | None = _round(kind, work)
    assert made is not None
    place = made.place
    while place.is_due(kind.age, work.clock()):
        if work.clock() >= until:
            counts["RoundBehind"] += 1
            break
        for found in rounds.open_transactions(place):
            counts.update(kind.visit(found))
        place = place.next(keys.SHARDS)
        if place.shard == 0 and (made := rounds.save(made, place)) is None:
            counts["RoundOvertaken"] += 1
            return
    if place != made.place or made.rev == 0:
        rounds.save(made, place)


def _ask(found: Sequence[str], work: Work) -> list[str]:
    looks = [LookAgain("transaction", key, A_DAY_LATER) for key in found]
    work.send([messages.look_again(look, crc32(look.key.encode()) % work.spread) for look in looks])
    return ["AskedAfterADay"] * len(found)


def _close(key: str, work: Work) -> list[str]:
    """Closes a transaction, unless it has its receipt by now."""
    for _ in range(TRIES):
        transaction = _open(key, work.week, work)
        if transaction is None:
            return []
        # Before it is closed, since afterwards nobody comes by.
        rendezvous.delete(transaction_pointers(transaction)[0])
        closed = replace(transaction, state="expired", rev=transaction.rev + 1, owner=messages.new_id())
        try:
            transactions.put(closed, transactions.unmoved(transaction))
        except ConditionFailed:
            continue
        return ["Expired"]
    raise TryAgain("the transaction keeps moving")


def _open(key: str, age: timedelta, work: Work) -> Transaction | None:
    """The transaction, if it is of `age` and still waits for its receipt."""
    transaction = transactions.get(key)
    if transaction is None or not transaction.is_open or transaction.seen_at + age > work.clock():
        return None
    return transaction
