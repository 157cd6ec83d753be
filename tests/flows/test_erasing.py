"""A customer is erased: phase by phase, whoever shares a receipt with them, comes late, or comes back."""

import copy
from typing import Any

import pytest

from counterfoil.domain.holds import Hold
from counterfoil.flows import opening
from counterfoil.runtime import secrets
from counterfoil.runtime.http import Answer
from counterfoil.store import bodies, customers, erasures, holds, table, transactions
from counterfoil.store.table import Delete
from tests.account import stored
from tests.flows.erased import DAY, begin, erase, message_of, payments_of, rows_of, subject_of, versions
from tests.flows.scenarios import SECOND_CARD, payment, receipt, tell, two_tenders, with_lines
from tests.world import Message, Wire, World

PROOF = {"A#/A", "A#/E#"}
"""What the data map keeps of who was erased."""


def two_receipts(world: World) -> str:
    """A customer with a small and a large receipt, and a payment without; their subject."""
    world.consent()
    tell(world, payment(world), receipt(world), payment(world, "tx_2", amount=777))
    tell(world, payment(world, "tx_3", amount=900), with_lines(receipt(world, "large", 900), 400))
    assert len(world.notices()) == 2
    return subject_of()


def withdrawn(world: World) -> list[Any]:
    return [notice["data"]["match_id"] for notice in world.notices() if notice["type"] == "receipt.withdrawn"]


def test_nothing_is_left_but_the_proof(counterfoil: World) -> None:
    subject = two_receipts(counterfoil)
    assert versions(counterfoil, "payloads")
    done = erase(counterfoil, subject)
    assert len(withdrawn(counterfoil)) == 2
    assert (done.counts["recalled"], done.counts["confirmed"]) == (2, 2)
    assert (done.counts["matched transaction"], done.counts["undecided transaction"]) == (2, 1)
    assert done.counts["kept: audit entry"] > 3
    assert rows_of(subject) == PROOF
    assert not [item for item in stored("ledger") if item["pk"][:2] in ("T#", "R#", "D#")]
    assert not [item for item in stored("rendezvous") if not item["pk"].startswith("rate#")]
    assert not [item for item in stored("salts") if subject in item["pk"]]
    assert [name for name, _ in versions(counterfoil, "payloads") if not name.startswith("erasures/")] == []
    assert customers.get(subject) is None
    assert not any(counterfoil.dead.values())


def test_a_bank_that_takes_nothing_back_is_waited_for_so_long(counterfoil: World) -> None:
    subject = two_receipts(counterfoil)
    counterfoil.answer = lambda wire: Answer(500)
    started = counterfoil.now
    done = erase(counterfoil, subject)
    assert (done.counts["recalled"], done.counts["not confirmed"]) == (2, 2)
    assert "confirmed" not in done.counts
    assert 6 * 3600 < (done.since - started).total_seconds() < 8 * 3600
    assert rows_of(subject) == PROOF
    assert not any(counterfoil.dead.values())


def test_a_store_that_fails_leaves_the_erasure_partial_until_it_works(
    counterfoil: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = two_receipts(counterfoil)
    real = counterfoil.original_call

    def broken(client: Any, operation: str, arguments: Any) -> Any:
        if operation in ("DeleteObjects", "ListObjectVersions"):
            raise client.exceptions.ClientError({"Error": {"Code": "SlowDown"}}, operation)
        return real(client, operation, arguments)

    monkeypatch.setattr(counterfoil, "original_call", broken)
    begin(counterfoil, subject)
    counterfoil.run(4000)
    partial = erasures.get(subject)
    assert partial is not None
    assert (partial.is_partial, partial.failed) == (True, ("payloads",))
    assert len(payments_of(subject)) == 2
    assert not [item for item in stored("salts") if subject in item["pk"]]
    monkeypatch.setattr(counterfoil, "original_call", real)
    counterfoil.run(3600)
    done = erasures.get(subject)
    assert done is not None
    assert (done.is_done, done.failed) == (True, ())
    assert rows_of(subject) == PROOF


def test_who_paid_a_part_keeps_the_receipt_of_all(counterfoil: World) -> None:
    world = counterfoil
    world.consent()
    world.consent("cust_43")
    other = payment(world, "tx_other", amount=285, customer_id="cust_43", **SECOND_CARD)
    tell(world, payment(world, amount=300), other, two_tenders(world))
    assert len(world.notices()) == 2
    erase(world, subject_of())
    [left] = payments_of(subject_of("cust_43"))
    transaction = transactions.from_item(left)
    assert transaction.match is not None
    _, salt = customers.with_salt(transaction.subject)
    sealed = bodies.read(transaction.match.body_key)
    assert salt is not None
    assert sealed is not None
    shown = opening.receipt(transaction, transaction.match, sealed, secrets.sealer().customer(salt))
    assert shown.receipt["receipt_id"] == "soho-split"
    erase(world, subject_of("cust_43"))
    assert not [item for item in stored("ledger") if item["pk"][:2] in ("T#", "R#", "D#")]


def test_who_comes_back_waits_for_the_end_and_is_somebody_new(counterfoil: World) -> None:
    world = counterfoil
    subject = two_receipts(world)
    asked_at = world.now
    [old] = [item["salt"] for item in stored("salts") if subject in item["pk"]]
    begin(world, subject)
    world.run(3600)
    assert world.consent(version=2)["statusCode"] == 409
    world.run(DAY)
    assert world.consent()["statusCode"] == 200
    tell(world, payment(world, "tx_new"), receipt(world, "new"))
    assert world.notices()[-1]["data"]["transaction_id"] == "tx_new"
    world.put("rights", message_of(subject, asked_at))
    world.run(DAY)
    assert len(payments_of(subject)) == 1
    [new] = [item["salt"] for item in stored("salts") if subject in item["pk"]]
    assert new != old
    second = erase(world, subject)
    assert second.counts["recalled"] == 1
    assert rows_of(subject) == PROOF


@pytest.mark.parametrize("come_back", [False, True])
def test_messages_of_before_bring_nothing_back(counterfoil: World, *, come_back: bool) -> None:
    world = counterfoil
    world.consent()
    world.pays(payment(world))
    world.sells(receipt(world))
    world.pays(payment(world, "tx_2", amount=777))
    late: dict[str, list[Message]] = {"match": copy.deepcopy(world.queues["match"])}
    world.work_on("match", world.receive("match"))
    late |= copy.deepcopy({name: queue for name, queue in world.queues.items() if queue})
    world.run(0)
    subject = subject_of()
    erase(world, subject)
    told = len(world.wires)
    if come_back:
        world.pass_time(60)
        world.consent()
    for name, messages in late.items():
        for message in messages:
            world.put(name, message.body)
    world.run(DAY)
    assert payments_of(subject) == []
    assert len(world.wires) == told
    assert not any(world.dead.values())


def test_a_corrected_receipt_goes_with_what_it_was_before(counterfoil: World) -> None:
    counterfoil.consent()
    body = receipt(counterfoil)
    corrected = body | {"version": 2, "lines": [body["lines"][0] | {"description": "Brunch"}]}
    tell(counterfoil, payment(counterfoil), body, corrected)
    assert len([item for item in stored("ledger") if item["pk"].startswith("D#")]) == 2
    erase(counterfoil, subject_of())
    assert not [item for item in stored("ledger") if item["pk"][:2] in ("T#", "R#", "D#")]


def test_a_legal_hold_stops_it_before_it_cannot_be_undone(counterfoil: World) -> None:
    world = counterfoil
    subject = two_receipts(world)
    table.write(holds.placed(subject, Hold("case-1", "police", world.now)))
    begin(world, subject)
    world.run(7200)
    waiting = erasures.get(subject)
    assert waiting is not None
    assert (waiting.phase, waiting.held) == ("unlink", "police")
    assert len(payments_of(subject)) == 3
    assert [item for item in stored("salts") if subject in item["pk"]]
    release = holds.lifted(subject, "case-1")
    assert isinstance(release, Delete)
    table.write(release)
    world.run(7200)
    done = erasures.get(subject)
    assert done is not None
    assert done.is_done
    assert rows_of(subject) == PROOF


def test_one_who_was_never_here_leaves_nothing(counterfoil: World) -> None:
    before = stored("ledger")
    begin(counterfoil, subject_of("cust_unknown"))
    counterfoil.run(DAY)
    assert stored("ledger") == before


def test_two_requests_are_answered_by_one_erasure(counterfoil: World) -> None:
    counterfoil.consent()
    begin(counterfoil, subject_of(), "prq_1")
    counterfoil.run(0)
    counterfoil.pass_time(60)
    begin(counterfoil, subject_of(), "prq_2")
    counterfoil.run(DAY)
    done = erasures.get(subject_of())
    assert done is not None
    assert (done.is_done, done.requests) == (True, ("prq_1", "prq_2"))


def test_a_repeated_wire_tells_the_bank_nothing_new(counterfoil: World) -> None:
    """The bank takes a recall once and again: the same id."""
    subject = two_receipts(counterfoil)

    def forgetful(wire: Wire) -> Answer:
        return Answer(200 if len(counterfoil.wires) > 4 else 500)

    counterfoil.answer = forgetful
    done = erase(counterfoil, subject)
    assert done.counts["confirmed"] == 2
    recalls = [wire for wire in counterfoil.wires if wire.notice["type"] == "receipt.withdrawn"]
    assert len({wire.headers["webhook-id"] for wire in recalls}) == 2
