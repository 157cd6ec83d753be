"""What the functions' tests may ask for."""

import pytest

from tests.flows.linked import Browser
from tests.flows.scenarios import payment
from tests.visiting import Person
from tests.world import World


@pytest.fixture
def shop(counterfoil: World) -> World:
    counterfoil.consent()
    return counterfoil


@pytest.fixture
def person(counterfoil: World) -> Person:
    return Person(counterfoil, Browser(counterfoil))


@pytest.fixture
def shopper(person: Person) -> Person:
    """Signed in, with one receipt."""
    person.world.consent()
    person.world.pays(payment(person.world))
    person.world.sells(person.world.body_of("retailer_receipt.sale"))
    person.world.run(60)
    person.sign_in()
    return person
