"""Lambdas at the same time, one call at a time: a seed decides whose call is next.

Each Lambda runs in a thread that stops before and after each of its calls until it is its turn, so that a seed gives
the same run every time. Reads that may be stale sometimes are; messages come twice; and Lambdas may die.
"""

import random
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from botocore.client import BaseClient

from tests.account import moto_tables
from tests.world import Death, World

PATIENCE = 30


class Life:
    """One Lambda's run: it goes on when told, and says when it stopped."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.turn, self.stopped = threading.Lock(), threading.Lock()
        self.turn.acquire()
        self.stopped.acquire()
        self.over, self.doomed = False, False
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._live, args=[work], daemon=True)

    def _live(self, work: Callable[[], Any]) -> None:
        self.turn.acquire()
        try:
            work()
        except BaseException as error:
            self.failure = error
        self.over = True
        self.stopped.release()

    def pause(self) -> None:
        """Called in its own thread, at a call."""
        self.stopped.release()
        self.turn.acquire()
        if self.doomed:
            raise Death

    def go_on(self) -> None:
        """Lets it run to its next stop."""
        if not self.thread.is_alive():
            self.thread.start()
        self.turn.release()
        assert self.stopped.acquire(timeout=PATIENCE)
        if self.failure is not None:
            raise self.failure


class Interleaver:
    """Works a world's queues off with up to `at_once` Lambdas together.

    `stale`: how likely a read that may be stale is. `deaths`: how many Lambdas are killed at some call.
    """

    def __init__(self, world: World, seed: int, *, at_once: int = 3, stale: float = 0.3, deaths: int = 0) -> None:
        self.world, self.at_once, self.stale, self.deaths = world, at_once, stale, deaths
        self.chance = random.Random(seed)
        self.lives: dict[threading.Thread, Life] = {}
        self.before: dict[str, Any] = {}
        self.fresh_call = world.original_call

    def run(self, seconds: float = 86_400) -> None:
        world = self.world
        until = world.now.timestamp() + seconds
        world.gate, world.original_call = self._gate, self._call
        try:
            while self._step(until):
                pass
        finally:
            world.gate, world.original_call = lambda: None, self.fresh_call

    def alongside(self, work: Callable[[], Any]) -> None:
        """Adds a run of something else, such as a request."""
        life = Life(work)
        self.lives[life.thread] = life

    def _step(self, until: float) -> bool:
        world, now = self.world, self.world.now
        queues = [name for name, queue in world.queues.items() if any(one.visible_at <= now for one in queue)]
        choices: list[Any] = [*self._ready(), *(queues if len(self.lives) < self.at_once else [])]
        if not choices:
            next_at = self._next_at()
            if next_at is None or next_at.timestamp() > until:
                return False
            world.clock.shift(next_at - now)  # quicker than to move to a time
            return True
        choice = self.chance.choice(choices)
        if isinstance(choice, str):
            batch = world.receive(choice, self.chance.choice([1, 1, 3]) if choice == "match" else 1)
            self.alongside(lambda: world.work_on(choice, batch))
            return True
        if self.deaths and self.chance.random() < 0.03:
            choice.doomed, self.deaths = True, self.deaths - 1
        choice.go_on()
        if choice.over:
            del self.lives[choice.thread]
        return True

    def _ready(self) -> list[Life]:
        """Those whose call may be next."""
        return list(self.lives.values())

    def _next_at(self) -> datetime | None:
        """When something comes next, where nothing can be done now."""
        return self.world.next_at()

    def _gate(self) -> None:
        life = self.lives.get(threading.current_thread())
        if life is not None:
            life.pause()

    def _call(self, client: BaseClient, operation: str, arguments: Mapping[str, Any]) -> Any:
        """The call, on the table as it was before its last change where the read may be stale."""
        name = arguments.get("TableName", "")
        if operation in ("PutItem", "DeleteItem") and name == "rendezvous":
            self.before[name] = {pk: dict(items) for pk, items in moto_tables()[name].items.items()}
        may_be_stale = operation == "Query" and name in self.before and not arguments.get("ConsistentRead")
        if may_be_stale and self.chance.random() < self.stale:
            return self._call_before(client, operation, arguments, moto_tables()[name])
        return self.fresh_call(client, operation, arguments)

    def _call_before(self, client: BaseClient, operation: str, arguments: Mapping[str, Any], table: Any) -> Any:
        now, table.items = table.items, self.before[table.name]
        try:
            return self.fresh_call(client, operation, arguments)
        finally:
            table.items = now
