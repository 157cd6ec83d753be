"""What the flows' tests may ask for."""

from collections.abc import Iterator

import pytest

from counterfoil.runtime import secrets
from counterfoil.store import clocks, keys
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
