"""A customer is erased: phase by phase, whatever dies, and whoever else shares a receipt or comes back."""

import json

from counterfoil.flows import erasing
from counterfoil.runtime import secrets
from counterfoil.store import customers, erasures
from tests.account import stored
from tests.flows.scenarios import payment, receipt, tell, with_lines
from tests.world import World

DAY = 86_400


def subject_of(customer_id: str = "cust_42") -> str:
    return secrets.sealer().subject("openbank", customer_id)


def erase(world: World, customer_id: str = "cust_42", request_id: str | None = None) -> str:
    """Begins the erasure; the subject."""
    subject = subject_of(customer_id)
    send = erasing.begin(subject, "requested", world.now, request_id)
    world.put("rights", json.dumps(send.body))
    return subject


def rows_of(subject: str) -> set[str]:
    return {f"{item['pk'][:2]}/{item['sk'][:2]}" for item in stored("ledger") if item.get("subject") == subject}


def test_nothing_is_left_but_the_proof(counterfoil: World) -> None:
    world = counterfoil
    world.consent()
    tell(world, payment(world), receipt(world), payment(world, "tx_2", amount=777))
    tell(world, payment(world, "tx_3", amount=900), with_lines(receipt(world, "large", 900), 400))
    assert len(world.notices()) == 2
    subject = erase(world)
    world.run(DAY)
    told = [notice for notice in world.notices() if notice["type"] == "receipt.withdrawn"]
    assert len(told) == 2
    done = erasures.get(subject)
    assert done is not None
    assert (done.phase, done.failed) == ("done", ())
    assert done.counts["recalled"] == done.counts["confirmed"] == 2
    assert rows_of(subject) == {"A#/A", "A#/E#"}
    assert not [item for item in stored("ledger") if item["pk"][:2] in ("T#", "R#", "D#")]
    assert [item["pk"] for item in stored("salts") if subject in item["pk"]] == []
    assert customers.get(subject) is None
    assert not any(world.dead.values())
