"""Whatever is done to the audit trail shows against its checkpoints, and erasing a customer does not."""

import json
from datetime import timedelta
from typing import Any

import pytest

from counterfoil.domain.audit import follow
from counterfoil.domain.checkpoints import Kept
from counterfoil.errors import TryAgain
from counterfoil.flows import auditing, erasing
from counterfoil.runtime import secrets
from counterfoil.sealing import new_salt
from counterfoil.store import audit, customers, keys, table
from counterfoil.store.table import LEDGER, Put
from tests.account import moto_tables
from tests.flows.audit_trail import HOUR, chain, change, faults, key, point_head, record, remove, take, verify
from tests.world import World

pytestmark = pytest.mark.usefixtures("nothing_locked")


def test_an_untouched_trail_holds(trail: World) -> None:
    answer = verify()
    assert answer["faults"] == []
    assert answer["says"] == ["2 checkpoints, the last of 2026-11-21T13:23:00Z.", "2 chains with 8 entries."]


def test_who_began_earlier_and_records_later_is_not_dated_back(trail: World) -> None:
    audit.append(audit.OPS, "disconnected", {"origin": "bank_app"}, trail.now)
    audit.append(audit.OPS, "disconnected", {"origin": "bank_app"}, trail.now - timedelta(seconds=3))
    ours = audit.head(audit.OPS)
    assert ours is not None
    before, last = list(audit.entries(ours.chain))[-2:]
    assert last.at == before.at == trail.now


def test_entries_since_the_last_checkpoint_are_verified_too(trail: World) -> None:
    record(trail, "two", 3)
    assert verify()["says"][1] == "3 chains with 11 entries."
    change(key("two", 2), what="erasure")
    assert faults() == ["entry 2 or 3 was changed: their hashes do not meet"]


@pytest.mark.parametrize("number", [1, 4])
@pytest.mark.parametrize(
    "values",
    [
        {"what": "erasure"},
        {"detail": {"purpose": "receipts", "version": 2}},
        {"at": 1_795_000_000_000},
        {"stream": "two"},
        {"previous": "ab" * 32},
        {"previous_at": 1_795_000_000_000},
    ],
    ids=lambda values: next(iter(values)),
)
def test_every_changed_field_of_the_first_and_last_entry_shows(
    trail: World, number: int, values: dict[str, Any]
) -> None:
    change(key("one", number), **values)
    assert faults() != []


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_every_removed_entry_shows(trail: World, number: int) -> None:
    remove(key("one", number))
    assert faults() != []


def test_a_tail_cut_off_shows_even_where_the_head_agrees(trail: World) -> None:
    point_head("one", 3)
    remove(key("one", 4))
    assert faults() == ["the end is cut off: checkpoint 2 saw 4 entries, the last now is 3"]


def test_a_tail_written_anew_shows(trail: World) -> None:
    point_head("one", 3)
    remove(key("one", 4))
    record(trail, "one")
    assert faults() == ["entry 4 is not the one that checkpoint 2 saw"]


def test_a_chain_that_is_gone_shows(trail: World) -> None:
    name = chain("one")
    for number in range(1, 5):
        remove(key("one", number))
    remove(keys.audit_head("one"))
    assert [fault for fault in verify()["faults"] if name in fault] == [
        f"chain {name}: nothing is left of the chain, of which checkpoint 1 saw 2 entries",
        f"chain {name}: nothing is left of the chain, of which checkpoint 2 saw 4 entries",
    ]


def test_a_second_history_of_a_stream_shows(trail: World) -> None:
    """Forged whole, with dates of before, and a head that points to it."""
    first_chain = chain("one")
    entry, head = follow(None, "one", "erasure", {}, trail.now - timedelta(hours=5), "ab" * 32)
    writes = [audit._entry_to_item(head.chain, entry), audit._head_to_item("one", head)]
    for item in writes:
        table.write(Put(LEDGER, item))
    take(trail)
    found = verify()["faults"]
    assert f"chain {first_chain}: its stream has a second chain: forked" in found
    dated = "entry 1 is dated 2026-11-21T08:23:00Z, and the checkpoint of 2026-11-21T13:23:00Z did not see it"
    assert f"chain {head.chain}: {dated}" in found


def test_an_entry_slipped_in_at_the_end_with_an_earlier_date_shows(trail: World) -> None:
    standing = audit.head("one")
    assert standing is not None
    entry, head = follow(standing, "one", "erasure", {}, standing.at, "")
    for written in (audit._entry_to_item(head.chain, entry), audit._head_to_item("one", head)):
        table.write(Put(LEDGER, written))
    assert [fault for fault in faults() if "did not see it" in fault] != []


def test_time_is_up_and_the_next_call_goes_on(trail: World) -> None:
    moments = iter([trail.now, trail.now, trail.now + timedelta(hours=1)])
    first = auditing.verify(None, lambda: next(moments), trail.now + timedelta(minutes=1))
    assert first.says[1] == "1 chain with 4 entries."
    assert first.go_on is not None
    rest = verify(**{"from": first.go_on})
    assert (rest["says"][1], rest["go_on"]) == ("1 chain with 4 entries.", None)


def test_a_chain_whose_time_is_over_may_go(trail: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "_kept", lambda: Kept(timedelta(days=10), timedelta(days=20)))
    for number in (1, 2):
        remove(key("one", number))
    assert "entries before 3 are missing, and their time is not over" in faults()
    trail.pass_time(11 * 24 * HOUR)
    assert faults() == []
    remove(keys.audit_head("one"))
    assert faults() == []


def test_the_trail_holds_after_its_customer_is_erased_and_proves_nothing_of_them(counterfoil: World) -> None:
    sealer, salt = secrets.sealer(), new_salt()
    told = sealer.customer(salt).fingerprint(b"a record as it was")
    audit.append(sealer.subject("openbank", "cust_42"), "card changed", {"record": told}, counterfoil.now)
    take(counterfoil)
    assert sealer.customer(salt).fingerprint(b"a record as it was") == told
    salt = new_salt()
    assert sealer.customer(salt).fingerprint(b"a record as it was") != told
    moto_tables()["salts"].items.clear()
    answer = verify(bank="openbank", customer="cust_42")
    assert (answer["faults"], answer["says"][1]) == ([], "1 chain with 1 entry.")


def test_the_trail_of_an_erased_customer_holds_and_tells_how_it_went(counterfoil: World) -> None:
    counterfoil.consent()
    counterfoil.play("bank_webhook.authorised")
    counterfoil.play("retailer_receipt.sale")
    counterfoil.run(60)
    take(counterfoil)
    subject = secrets.sealer().subject("openbank", "cust_42")
    counterfoil.put("rights", json.dumps(erasing.begin(subject, "requested", counterfoil.now).body))
    counterfoil.run(3 * 86_400)
    assert customers.with_salt(subject)[1] is None
    take(counterfoil)
    assert verify(bank="openbank", customer="cust_42")["faults"] == []
    happened = [entry.what for entry in audit.entries(chain(subject))]
    assert happened[0] == "consent changed"
    assert "erasure" in happened


def test_a_consent_whose_chain_another_is_writing_is_tried_again(
    counterfoil: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    transact, fails = table.transact, iter([True, False])

    def busy(changes: Any) -> None:
        if next(fails):
            raise TryAgain("another writer was faster")
        transact(changes)

    monkeypatch.setattr(table, "transact", busy)
    assert counterfoil.consent()["statusCode"] == 200
    [entry] = audit.entries(chain(secrets.sealer().subject("openbank", "cust_42")))
    assert entry.what == "consent changed"
