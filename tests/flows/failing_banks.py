"""A bank whose callback fails, for tests: what is sold meanwhile, and runs that pause and probe, which may die."""

import json
from typing import Any

from counterfoil.runtime.http import Answer
from counterfoil.store import bank_health
from functions import probe_banks
from tests.flows.scenarios import payment, receipt
from tests.world import Death, Wire, World

MINUTE = 60


class Callback:
    """Openbank's: it answers `status`, and remembers what it took."""

    def __init__(self) -> None:
        self.status: int | None = 500
        self.taken: list[str] = []

    def __call__(self, wire: Wire) -> Answer:
        if self.status == 204:
            self.taken.append(wire.headers["webhook-id"])
        return Answer(self.status)


def sell(world: World, *numbers: int) -> None:
    """Sales whose deliveries are queued then."""
    for number in numbers:
        world.pays(payment(world, f"tx_{number}", amount=500 + number, auth_code=f"CODE{number:02d}", rrn=None))
        sale = receipt(world, f"soho-{number}", amount=500 + number)
        card = {name: value for name, value in sale["tenders"][0].items() if name != "rrn"}
        world.sells(sale | {"tenders": [card | {"auth_code": f"CODE{number:02d}"}]})
    while batch := world.receive("match"):
        world.work_on("match", batch)


def look(world: World, order: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """One run of the function, which may die; how the banks are then."""
    world.mortal += 1
    world.lives.append(world.passed)
    try:
        probe_banks.handler(order or {}, None)
    except Death:
        bank_health.forget()
    finally:
        world.mortal -= 1
    return {bank["bank"]: bank for bank in probe_banks.handler({"look": True}, None)["banks"]}


def mappings_of(*banks: str) -> str:
    return json.dumps({bank: f"mapping-of-{bank}" for bank in banks})


def callback(world: World) -> Callback:
    assert isinstance(world.answer, Callback)
    return world.answer
