"""A slow delivery lands after the next one did, at a bank whose wire knows no versions: the last word is told again."""

import pytest

from counterfoil.runtime import http
from tests.audit import kept
from tests.flows.linked import Customer
from tests.flows.scenarios import Body, receipt
from tests.world import Wire


def overtaken_by(customer: Customer, later: Body) -> None:
    """The first receipt is on its way to Monzo while `later` is told, worked off and delivered."""
    world, lands = customer.world, customer.world.answer

    def slow(wire: Wire) -> http.Answer:
        if wire.method == "PUT":
            world.answer = lands
            world.sells(later)
            for queue in ("match", "monzo"):
                world._work_off(queue)
        return lands(wire)

    world.answer = slow


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_the_last_word_lands_last(linked: Customer, method: str) -> None:
    world = linked.world
    paid = linked.pays()
    linked.arrive()
    sale = receipt(world, "soho-03-1", 585, issued_at=world.now.isoformat())
    world.sells(sale)
    corrected = sale | {"lines": [sale["lines"][0] | {"description": "Corrected"}]}
    in_cash = sale | {"tenders": [{"type": "cash", "amount": 585}]}
    overtaken_by(linked, corrected if method == "PUT" else in_cash)
    world.run()
    sent = [wire.method for wire in world.wires if "transaction-receipts" in wire.url]
    assert sent == ["PUT", method, method]
    shown = linked.monzo.receipt_of(paid["id"])
    assert (shown and shown["items"][0]["description"]) == ("Corrected" if method == "PUT" else None)
    assert all(payment.is_all_delivered() for payment in kept()[0].values())
    assert not any(world.dead.values())
