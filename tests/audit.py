"""Whether what is kept, queued and told is right, once everything ran: what must hold after any scenario."""

from collections import defaultdict
from typing import Any

from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import OPEN, Transaction
from counterfoil.store import tenders, transactions
from tests.account import stored
from tests.world import World


def kept() -> tuple[dict[str, Transaction], dict[str, CardTender]]:
    """Every transaction and every card tender, by key."""
    items = stored("ledger")
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


def audit(world: World, *, deaths: int = 0, lost: tuple[str, ...] = (), raced: bool = False) -> None:
    """Fails unless everything is settled, agrees, and was told once (and at most once more a death).

    `lost`: the queues that may have dead letters. `raced`: two messages moved one side at the same time, so that a
    pointer of an earlier `rev` may be left; it can claim nothing, and who tries deletes it.
    """
    payments, paid = kept()
    assert {name: queue for name, queue in world.queues.items() if queue} == {}
    assert {name for name, dead in world.dead.items() if dead} <= set(lost)
    for payment in payments.values():
        if payment.match is not None:
            assert paid[payment.match.tender_key].matched_to == payment.key
            assert payment.state in ("matched", "void")
    for tender in paid.values():
        if tender.matched_to is not None:
            match = payments[tender.matched_to].match
            assert match is not None
            assert (match.tender_key, match.body_key) == (tender.key, tender.body_key)
            assert tender.state == "matched"
    _audit_pointers(payments, paid, raced)
    if not lost:
        assert [one.key for one in payments.values() if not one.is_all_delivered()] == []
    _audit_wires(world, deaths)


def _audit_pointers(payments: dict[str, Transaction], paid: dict[str, CardTender], raced: bool) -> None:
    pointers = sorted(
        (item["sk"].split("#", 2)[2], item["rev"], item["pk"].split("#")[2])
        for item in stored("rendezvous")
        if not item["pk"].startswith("rate#")
        if not item["pk"].startswith("rate#")
    )
    sides = [*payments.values(), *paid.values()]
    waiting = sorted(
        (side.key, side.rev, str(amount)) for side in sides if side.state in OPEN for amount in _amounts(side)
    )
    if raced:
        revs = {side.key: side.rev for side in sides}
        pointers = [pointer for pointer in pointers if pointer[1] == revs[pointer[0]]]
    assert pointers == waiting


def _amounts(side: Transaction | CardTender) -> list[int]:
    return [face.amount for face in side.faces] if isinstance(side, Transaction) else [side.amount]


def _audit_wires(world: World, deaths: int) -> None:
    bodies = defaultdict(list)
    for wire in world.wires:
        bodies[wire.headers["webhook-id"]].append(wire.body)
    assert all(len(set(sent)) == 1 for sent in bodies.values())
    assert sum(len(sent) - 1 for sent in bodies.values()) <= deaths
