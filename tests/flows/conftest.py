"""What the flows' tests may ask for."""

from collections.abc import Iterator

import pytest

from counterfoil.runtime import secrets
from counterfoil.store import clocks, keys, registry
from tests.account import empty_checkpoints
from tests.flows import audit_trail
from tests.flows.failing_banks import Callback, mappings_of, sell
from tests.flows.linked import Customer, customer_in
from tests.flows.rounds import SHARDS, revisit
from tests.world import World


@pytest.fixture
def shop(counterfoil: World) -> World:
    counterfoil.consent()
    return counterfoil


@pytest.fixture
def customer(counterfoil: World) -> Iterator[Customer]:
    with customer_in(counterfoil) as made:
        yield made


@pytest.fixture
def linked(customer: Customer) -> Customer:
    """Linked and set up. The till's clock is known: Monzo tells no codes, so that a payment goes by time."""
    customer.connect()
    customer.world.run()
    till = secrets.sealer().code("till", "kite", "soho/03")
    clocks.observe(till, customer.world.now, customer.world.now)
    return customer


@pytest.fixture
def watched(shop: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The rounds over the open payments were begun, as they are with the deployment."""
    monkeypatch.setattr(keys, "SHARDS", SHARDS)
    assert revisit(shop) == {}
    return shop


@pytest.fixture
def nothing_locked(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An audit trail without an entry, and no checkpoint of it."""
    empty_checkpoints()
    monkeypatch.setattr(keys, "SHARDS", 2)
    # That the world was registered is recorded, too.
    audit_trail.remove(audit_trail.key("ops", 1))
    audit_trail.remove(keys.audit_head("ops"))


@pytest.fixture
def trail(nothing_locked: None, counterfoil: World) -> World:
    """Two streams of the audit trail with four entries each, in two checkpoints."""
    for _ in range(2):
        audit_trail.record(counterfoil, "one", 2)
        audit_trail.record(counterfoil, "ops", 2)
        assert audit_trail.take(counterfoil) == ["CheckpointTaken"]
    return counterfoil


@pytest.fixture
def failing(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Three receipts that Openbank failed to take for five minutes."""
    monkeypatch.setenv("DELIVERY_MAPPINGS", mappings_of("openbank"))  # one bank: its calls come in order
    counterfoil.answer = Callback()
    counterfoil.consent()
    sell(counterfoil, 1, 2, 3)
    counterfoil.run(400)
    assert len(counterfoil.wires) == 9
    yield counterfoil
    registry.forget()
