"""Seeded races between a customer's choice and all that is under way: the real handlers, their queues and tables.

A seed draws who pays, what tills print, when the customer withdraws, is restricted, grants anew or is erased, how long
each call takes, which Lambda dies or sleeps, and which message comes twice. The same seed is the same run.

What must hold of every run, whatever the seed:

    no receipt is sent on the word of a consent that was read after the customer had withdrawn it
    no receipt reaches a bank after `effective_at` without a withdrawal that follows it
"""

import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from botocore.client import BaseClient
from moto.dynamodb.models.dynamo_type import DynamoType

from counterfoil.domain.times import from_millis
from counterfoil.runtime import secrets
from counterfoil.runtime.http import Answer
from counterfoil.store import keys
from tests.account import moto_tables
from tests.flows.interleaving import Interleaver, Life
from tests.flows.scenarios import Body, payment, receipt
from tests.world import Death, Wire, World, forget_everything

Act = Callable[[World], Any]
WITHIN = timedelta(seconds=20)
TIMEOUT = timedelta(seconds=30)
"""No Lambda that works a queue off lives longer."""

FIRST_MINUTES = timedelta(minutes=5)
ANSWERS_WITHIN = timedelta(seconds=5)
"""Nor one that takes a customer's choice: so a withdrawal is written within these, or not at all."""


@dataclass(frozen=True)
class Standing:
    """What the customer's record said from one step on. `effective_at`: when nothing may be under way any more."""

    step: int
    allows: bool
    effective_at: datetime


@dataclass(frozen=True)
class Sent:
    """A receipt, or the withdrawal of one, as it reached the bank. `read`: the step of the consent it was sent on."""

    step: int
    read: int
    at: datetime
    notice: Mapping[str, Any]

    @property
    def shows(self) -> bool:
        return self.notice["type"] != "receipt.withdrawn"

    def is_taken_back_by(self, other: "Sent") -> bool:
        mine, its = self.notice["data"], other.notice["data"]
        same = (mine["transaction_id"], mine["match_id"]) == (its["transaction_id"], its["match_id"])
        return same and not other.shows and its["version"] > mine["version"]


class Race(Interleaver):
    """One run of a seed over a world. `acts` are done at their time; `changes` are what the customer may want."""

    def __init__(self, world: World, seed: int, changes: Sequence[Act]) -> None:
        super().__init__(world, seed, at_once=5, deaths=seed % 3)
        self.changes = changes
        self.history: list[Standing] = []
        self.sent: list[Sent] = []
        self.acts: list[tuple[datetime, Act]] = []
        self.step = 0
        self.reads: dict[threading.Thread, int] = {}
        self.drowsy: set[threading.Thread] = set()
        self.ends: dict[threading.Thread, datetime] = {}
        self.wakes: dict[threading.Thread, datetime] = {}
        world.answer = self._bank
        self.begun_at = world.now

    def will(self, seconds: float, act: Act) -> None:
        """Has something done so many seconds from now."""
        self.acts.append((self.world.now + timedelta(seconds=seconds), act))
        self.acts.sort(key=lambda planned: planned[0])

    def _step(self, until: float) -> bool:
        now = self.world.now
        while self.acts and self.acts[0][0] <= now:
            _, act = self.acts.pop(0)
            self.alongside(lambda act=act: self._do(act))
            self.ends[next(reversed(self.lives))] = now + ANSWERS_WITHIN
        self._deliver_twice(now)
        return super()._step(until)

    def _ready(self) -> list[Life]:
        now = self.world.now
        return [life for life in self.lives.values() if self.wakes[life.thread] <= now]

    def _next_at(self) -> datetime | None:
        """The next message is nobody's while as many Lambdas work as may: then one of them must go on."""
        message = self.world.next_at() if len(self.lives) < self.at_once else None
        awaited = [*(self.wakes[thread] for thread in self.lives), *(at for at, _ in self.acts), message]
        return min((at for at in awaited if at is not None), default=None)

    def _do(self, act: Act) -> None:
        """Whoever gets no answer asks again."""
        try:
            act(self.world)
        except Death:
            self.will(5, act)

    def _deliver_twice(self, now: datetime) -> None:
        """A queue may hand out a message again while somebody works on it, though none before its delay is over.

        Rarely; here often in the first minutes.
        """
        if now < self.begun_at + FIRST_MINUTES and self.chance.random() < 0.01:
            under_way = [
                one for queue in self.world.queues.values() for one in queue if one.receives and one.visible_at > now
            ]
            for message in under_way[:1]:
                message.visible_at = now

    def alongside(self, work: Callable[[], Any]) -> None:
        super().alongside(work)
        thread = next(reversed(self.lives))
        self.wakes[thread], self.ends[thread] = self.world.now, self.world.now + TIMEOUT

    # what is seen

    def _call(self, client: BaseClient, operation: str, arguments: Mapping[str, Any]) -> Any:
        self.step += 1
        answer = super()._call(client, operation, arguments)
        if operation in ("GetItem", "BatchGetItem") and '"C#' in json.dumps(arguments, default=str):
            self.reads[threading.current_thread()] = self.step
            self._change_soon()
        if operation in ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"):
            self._note_standing()
        return answer

    def _change_soon(self) -> None:
        """The worst moment for a change of mind is right after somebody read the last one, and then fell asleep."""
        if self.chance.random() < 0.15:
            self.will(self.chance.random() * 3, self.chance.choice(self.changes))
            self.drowsy.add(threading.current_thread())

    def _note_standing(self) -> None:
        now = standing(self.step, self.world.now)
        if not self.history or self.history[-1].allows != now.allows:
            self.history.append(now)

    def _bank(self, wire: Wire) -> Answer:
        """Takes its time, often fails, and sometimes takes what it says it did not."""
        chance, read = self.chance, self.reads.get(threading.current_thread(), 0)
        took = chance.choices([0.1, 3, 12, 40], [70, 18, 8, 4])[0] * chance.random()
        self._sleep(min(took, wire.seconds))
        arrives, answers = chance.random() < 0.9, chance.random() < 0.85 and took <= wire.seconds
        if arrives:
            self.step += 1
            self.sent.append(Sent(self.step, read, self.world.now, wire.notice))
        return Answer(200) if arrives and answers else Answer(chance.choice([None, 500]))

    def _gate(self) -> None:
        """Every call takes its time, a few take long."""
        longest = self.chance.choices([0.1, 4, 25], [82, 15, 3])[0]
        if threading.current_thread() in self.drowsy:
            self.drowsy.discard(threading.current_thread())
            longest = 35
        self._sleep(self.chance.random() * longest)

    def _sleep(self, seconds: float) -> None:
        """Others go on meanwhile. A Lambda that takes too long is ended."""
        life = self.lives.get(threading.current_thread())
        if life is None:
            return
        wakes_at = self.world.now + timedelta(seconds=seconds)
        life.doomed = life.doomed or wakes_at > self.ends[life.thread]
        self.wakes[life.thread] = min(wakes_at, self.ends[life.thread])
        life.pause()

    # what must hold

    def breaches(self) -> list[str]:
        """What was done that must not be, in words."""
        receipts = [one for one in self.sent if one.shows]
        return [
            *(
                f"sent at step {one.step} by a consent read at {one.read}"
                for one in receipts
                if self._was_withdrawn(one)
            ),
            *(f"came at {one.at}, and stays" for one in receipts if self._came_late(one) and not self._followed(one)),
        ]

    def _was_withdrawn(self, one: Sent) -> bool:
        """Whether it was sent by a consent that was no more when it was read."""
        before = [state for state in self.history if state.step <= one.read]
        return bool(before) and not before[-1].allows

    def _came_late(self, one: Sent) -> bool:
        before = [state for state in self.history if state.step <= one.step]
        return bool(before) and not before[-1].allows and one.at > before[-1].effective_at

    def _followed(self, one: Sent) -> bool:
        return any(one.is_taken_back_by(other) for other in self.sent if other.step > one.step)


def standing(step: int, now: datetime) -> Standing:
    """Of the one customer of these races, as the ledger has them. Who was erased withdrew when they asked for it."""
    key = keys.customer(secrets.sealer().subject("openbank", "cust_42"))
    found = moto_tables()["ledger"].items.get(DynamoType({"S": key["pk"]}), {}).get(DynamoType({"S": key["sk"]}))
    item = found.to_json()["Attributes"] if found else {"choices": {"M": {}}}
    choice = item["choices"]["M"].get("receipts", {}).get("M")
    if choice is None:
        return Standing(step, False, now + WITHIN)
    granted = choice["granted"]["BOOL"]
    effective = now + WITHIN if granted else from_millis(int(choice["effective"]["N"]))
    return Standing(step, granted and "restricted" not in item, effective)


def plan(race: Race) -> None:
    """Draws what partners and the customer do."""
    chance, world = race.chance, race.world
    for number in range(chance.randint(1, 3)):
        codes = {"auth_code": f"CODE{number:02d}", "rrn": f"63250000{number:04d}"}
        sold = receipt(world, f"soho-{number}")
        sold["tenders"][0] |= codes
        told = [payment(world, f"tx_{number}", **codes), sold]
        told += [sold | {"till_id": None}] if chance.random() < 0.3 else []
        for body in told:
            seconds = chance.uniform(0, 30)
            race.will(seconds, _telling(body))
            if chance.random() < 0.3:
                race.will(seconds + chance.uniform(0, 60), _telling(body))
    for change in chance.choices(race.changes, k=chance.randint(0, 2)):
        race.will(chance.uniform(0, 40), change)


def _telling(body: Body) -> Act:
    who, path = ("openbank", "banks/openbank/transactions") if "data" in body else ("kite", "retailers/kite/receipts")
    return lambda world: world.signed(who, f"/v1/{path}", body)


@contextmanager
def the_same_dice(seed: int) -> Iterator[None]:
    """Salts, ids and waits are drawn by the seed: they decide what comes first in a table, and so what is read."""
    dice = random.Random(seed)
    random.seed(seed)
    with mock.patch("os.urandom", dice.randbytes), mock.patch("random._urandom", dice.randbytes):
        yield


def run(world: World, beginning: Any, seed: int, changes: Sequence[Act]) -> Race:
    """One whole run: until nothing comes any more within four days, the time that a bank is tried for."""
    world.restore(beginning)
    forget_everything()  # what a process remembers of earlier runs would make other calls
    with the_same_dice(seed):
        race = Race(world, seed, changes)
        race._note_standing()
        plan(race)
        world.mortal += 1
        race.run(4 * 86_400)
        world.mortal -= 1
    return race
