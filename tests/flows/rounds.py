"""Runs over the open payments, for tests: a run that may die, time that passes between two, and what is there then."""

from collections import Counter
from datetime import timedelta
from typing import Any

from counterfoil.domain.rounds import beginning
from counterfoil.store import rounds
from functions import revisit_undecided
from tests.account import stored
from tests.audit import kept
from tests.flows.scenarios import payment
from tests.world import Death, World

HOUR, DAY = 3600, 86_400
WEEK = 7 * DAY
SHARDS = 2
"""Fewer than there are, since moto is slow."""


def revisit(world: World, **order: Any) -> dict[str, int] | None:
    """One run of the function, and what it said; None where it died."""
    world.mortal += 1
    world.lives.append(world.passed)
    try:
        return revisit_undecided.handler(order, None)
    except Death:
        return None
    finally:
        world.mortal -= 1


def skip(world: World, seconds: float) -> None:
    """Passes time in which the rounds came by and met nobody."""
    world.pass_time(seconds)
    for name, age in (("a day", timedelta(days=1)), ("a week", timedelta(days=7))):
        made = rounds.get(name)
        assert made is not None
        rounds.save(made, beginning(age, world.now))


def pay(world: World, *names: str) -> None:
    for name in names:
        world.pays(payment(world, name, auth_code=f"A{name[-3:]}", rrn=None))
    world.run(HOUR / 4)


def states() -> dict[str, int]:
    payments, _ = kept()
    return Counter(one.state for one in payments.values())


def pointers() -> list[Any]:
    return [item for item in stored("rendezvous") if not item["pk"].startswith("rate#")]
