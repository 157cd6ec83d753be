"""Whether what is kept, queued and told is right, once everything ran: what must hold after any scenario."""

from collections import defaultdict
from typing import Any

from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import Transaction
from counterfoil.store import table, tenders, transactions
from tests.world import World

OPEN = ("undecided", "ambiguous")


def kept(world: World) -> tuple[dict[str, Transaction], dict[str, CardTender]]:
    """Every transaction and every card tender, by key."""
    items = [table._inward(item) for item in world.items("ledger")]
    payments = [transactions.from_item(item) for item in items if item["pk"].startswith("T#")]
    paid = [tenders.from_item(item) for item in items if item["pk"].startswith("R#") and item["sk"].startswith("T#")]
    return {one.key: one for one in payments}, {one.key: one for one in paid}


def held(world: World) -> dict[str, Any]:
    """The receipts that the bank shows in the end, by transaction id: those of the highest versions."""
    latest: dict[str, Any] = {}
    for notice in world.notices():
        data = notice["data"]
        if data["version"] >= latest.get(data["transaction_id"], data)["version"]:
            latest[data["transaction_id"]] = data
    return {name: data["receipt"] for name, data in latest.items() if "receipt" in data}


def audit(world: World, *, deaths: int = 0, lost: tuple[str, ...] = ()) -> None:
    """Fails unless everything is settled, agrees, and was told once (and at most once more a death).

    `lost`: the queues that may have dead letters.
    """
    payments, paid = kept(world)
    assert {name: queue for name, queue in world.queues.items() if queue} == {}
    assert {name for name, dead in world.dead.items() if dead} <= set(lost)
    for payment in payments.values():
        if payment.match is not None:
            assert paid[payment.match.tender_key].matched_to == payment.key
            assert payment.state == "matched"
    for tender in paid.values():
        if tender.matched_to is not None:
            match = payments[tender.matched_to].match
            assert match is not None
            assert (match.tender_key, match.body_key) == (tender.key, tender.body_key)
            assert tender.state == "matched"
    _audit_pointers(world, payments, paid)
    if not lost:
        assert [one.key for one in payments.values() if not one.is_all_delivered()] == []
    _audit_wires(world, deaths)


def _audit_pointers(world: World, payments: dict[str, Transaction], paid: dict[str, CardTender]) -> None:
    pointers = sorted(
        (item["sk"]["S"].split("#", 2)[2], int(item["rev"]["N"]), item["pk"]["S"].split("#")[2])
        for item in world.items("rendezvous")
    )
    sides = [*payments.values(), *paid.values()]
    waiting = sorted((side.key, side.rev, str(side.amount)) for side in sides if side.state in OPEN)
    assert pointers == waiting


def _audit_wires(world: World, deaths: int) -> None:
    bodies = defaultdict(list)
    for wire in world.wires:
        bodies[wire.headers["webhook-id"]].append(wire.body)
    assert all(len(set(sent)) == 1 for sent in bodies.values())
    assert sum(len(sent) - 1 for sent in bodies.values()) <= deaths
