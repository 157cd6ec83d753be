"""Settling one side at a time: read the other sides, decide, and claim both or wait. The handlers' order, in memory.

    a line ─► its record, new or merged ─► settle ─► match: both leave the rendezvous, the line is written
                                             │  ▲
                                             ▼  └── the alarms: the next look, and the look after a day
                                           wait

Nothing here can die or run twice, so there are no conditions and no repeats of a step; what is decided, and when, is
what the handlers decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil

from counterfoil.domain import looking, matching
from counterfoil.domain.clocks import Clock, Stamps, learn, stamping
from counterfoil.domain.habits import (
    ANY_BANK,
    FIRST_DAY,
    BankHabits,
    Habits,
    learn_digits,
    learn_match,
    learn_missing,
)
from counterfoil.domain.likelihood import crowd_around
from counterfoil.domain.matching import Match, Unmatched, Wait
from counterfoil.domain.parameters import Settings
from counterfoil.domain.sides import Side
from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import ReceiptOfMatch, Transaction
from infra.sandbox.replay.alarms import Alarms
from infra.sandbox.replay.ledger import Ledger
from infra.sandbox.replay.rendezvous import LIFE, Place, Record, Rendezvous, places_of
from infra.sandbox.replay.results import Results

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Look:
    """What one of a side's places sees, and what is to be made of it."""

    place: Place
    others: Sequence[Place]
    decision: matching.Decision


class Matcher:
    def __init__(self, settings: Settings, rendezvous: Rendezvous, ledger: Ledger, results: Results) -> None:
        self.settings = settings
        self.rendezvous = rendezvous
        self.ledger = ledger
        self.results = results
        self.now = datetime.min.replace(tzinfo=UTC)
        self.alarms = Alarms()
        self._clocks: dict[str, Clock] = {}
        self._stamps = Stamps()
        self._habits: dict[str, Habits] = {}
        self._banks: dict[str, BankHabits] = {}
        self._seen_in: dict[datetime, set[str]] = {}
        """Open transactions younger than a day, by the hour in which they were seen."""

    def settle(self, record: Record, step: int = 1) -> None:
        """Decides a side as far as it can be decided now. `step`: which look comes next, from 1, or A_DAY_LATER."""
        waiting = self.rendezvous.places(record.key)
        places = waiting or places_of(record)
        looks = [self._look(place, whole_day=step == looking.A_DAY_LATER) for place in places]
        look = looks[0] if len(looks) == 1 else _best(looks)
        if isinstance(look.decision, Match):
            self._claim(record, len(places), look, look.decision)
            return
        if waiting is None:
            self._wait(record, places)
        self._leave_undecided(record, look, step)

    def note_stamp(self, tender: CardTender) -> None:
        """Learns from a receipt that came whether its till stamps them alike."""
        till = tender.till
        if till and tender.kind == "sale" and self._stamps.note(till, tender.at, tender.receipt_key):
            self._clocks[till] = stamping(self._clocks.get(till), self.now)

    def leave(self, record: Record) -> None:
        """Takes a side away from where it waits."""
        if self.rendezvous.delete(record.key) and isinstance(record, Transaction):
            self._seen_in.get(_hour(record.seen_at), set()).discard(record.key)

    def is_over(self, record: Record) -> bool:
        """Whether a side waited for seven days."""
        return self.rendezvous.places(record.key) is not None and record.seen_at + LIFE <= self.now

    def end_lives(self) -> None:
        """Ends what waited for seven days."""
        for record in self.rendezvous.waiting_since(self.now - LIFE):
            self.end_life(record)

    def end_life(self, record: Record) -> None:
        """A side without a counterpart is left over; what is told of a payment later changes its record alone."""
        self.results.left_over(record)
        self.leave(record)
        self.ledger.keep(replace(record, state="expired") if isinstance(record, Transaction) else record)

    def _wait(self, record: Record, places: tuple[Place, ...]) -> None:
        self.rendezvous.put(record.key, places)
        hour = _hour(record.seen_at)
        if isinstance(record, Transaction) and hour + A_DAY > self.now:
            if hour not in self._seen_in:
                self._seen_in[hour] = set()
                self.alarms.set(hour + A_DAY, self._look_a_day_later, hour)
            self._seen_in[hour].add(record.key)

    def _look_a_day_later(self, hour: datetime) -> None:
        for key in sorted(self._seen_in.pop(hour)):
            [place, *_] = self.rendezvous.places(key) or ()
            self.alarms.set(place.seen_at + A_DAY, self._look_again, key, looking.A_DAY_LATER)

    def _look_again(self, key: str, step: int) -> None:
        places = self.rendezvous.places(key)
        if places is not None:
            self.settle(places[0].record, step)

    def _look(self, place: Place, *, whole_day: bool) -> Look:
        clock = self._clocks.get(place.side.till or "")
        others, truncated = self.rendezvous.around(place, clock, self.now, whole_day=whole_day)
        if all(other.kind == place.kind for other in others):
            return Look(place, others, matching.decide(place.side, (), {}, self.now))
        sides = [other.side for other in others]
        tills = {side.till for side in sides} | {place.side.till}
        decision = matching.decide(
            place.side,
            sides,
            {till: self._clocks[till] for till in tills if till in self._clocks},
            self.now,
            habits=self._habits.get(place.partition[0], FIRST_DAY),
            banks=self._banks,
            truncated=truncated,
            settings=self.settings,
        )
        return Look(place, others, decision)

    def _claim(self, record: Record, faces: int, look: Look, decision: Match) -> None:
        """Gives the two sides to each other."""
        counterpart = self.rendezvous.places(decision.key) or ()
        payment, tender = record, counterpart[0].record
        if isinstance(record, CardTender):
            payment, tender = tender, payment
        assert isinstance(payment, Transaction)
        assert isinstance(tender, CardTender)
        faces = faces if payment is record else len(counterpart)
        self.leave(payment)
        self.leave(tender)
        match = ReceiptOfMatch(
            tender_key=tender.key,
            body_key=tender.body_key,
            letter=b"",
            method=decision.method,
            confidence=f"{decision.confidence:.4f}",
            reasons=decision.reasons,
            event_at=tender.at,
        )
        self.ledger.keep_match(payment, tender, match)
        self.results.matched(payment.key, match, tender, self.now)
        left = [place.side for place in look.others if place.key != decision.key]
        if faces == 1:
            self._learn(payment, tender, left)
        self._look_at_the_rest(look.place.at, left)

    def _learn(self, payment: Transaction, tender: CardTender, others: Sequence[Side]) -> None:
        """Only from sales of one amount and time: a clearing's own time says nothing of the till's clock."""
        if tender.kind != "sale":
            return
        if tender.till:
            ahead = (tender.at - payment.at).total_seconds()
            self._clocks[tender.till] = learn(self._clocks.get(tender.till), ahead, payment.at)
        lag = (tender.seen_at - payment.at).total_seconds()
        crowd = crowd_around(payment.at, others)
        known = self._habits.get(tender.scope, FIRST_DAY)
        self._habits[tender.scope] = learn_match(known, lag, crowd, payment.at, self.now)
        ours, theirs = payment.codes, tender.codes
        if ours.last4 and theirs.last4 and theirs.entry != "chip":
            bank = self._banks.get(payment.bank, ANY_BANK)
            agree, by_device = ours.last4 == theirs.last4, ours.entry == "wallet"
            self._banks[payment.bank] = learn_digits(bank, by_device=by_device, agree=agree)

    def _look_at_the_rest(self, settled_at: datetime, left: Sequence[Side]) -> None:
        due = self.now + timedelta(seconds=self.settings.look_again[0])
        for key in looking.freed(settled_at, left):
            self.alarms.set(due, self._look_again, key, looking.ONE_MORE)

    def _leave_undecided(self, record: Record, look: Look, step: int) -> None:
        side, decision = look.place.side, look.decision
        self.results.undecided(record.key, decision)
        if step == looking.A_DAY_LATER:
            is_missing = isinstance(decision, Unmatched) and record.kind == "sale"
            if is_missing and not crowd_around(side.at, [other.side for other in look.others]):
                self._habits[record.scope] = learn_missing(self._habits.get(record.scope, FIRST_DAY), self.now)
            return
        if isinstance(decision, Wait) or looking.needs_another_look(side, self._clocks.get(side.till or "")):
            oldest = decision.oldest if isinstance(decision, Wait) else side.seen_at
            seconds = looking.next_look(step, self.settings.look_again, side, oldest, self.now)
            if seconds is not None:
                due = self.now + timedelta(seconds=ceil(seconds))
                self.alarms.set(due, self._look_again, record.key, step + 1)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _best(looks: Sequence[Look]) -> Look:
    place, decision = matching.deciding([look.decision for look in looks])
    return replace(looks[place], decision=decision)
