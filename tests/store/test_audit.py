"""Entries are there with their change or not at all, one after the other however many append."""

from collections.abc import Iterator

import pytest

from counterfoil.domain.audit import faults_of
from counterfoil.errors import ConditionFailed
from counterfoil.store import audit, keys, table
from counterfoil.store.table import LEDGER, Put
from tests.world import World, world


@pytest.fixture
def here() -> Iterator[World]:
    with world() as made:
        yield made


def kept(stream: str) -> list[int]:
    head = audit.head(stream)
    assert head is not None
    entries = list(audit.entries(head.chain))
    assert faults_of(head.chain, entries) == []
    assert entries[-1].hash == head.hash
    return [entry.number for entry in entries]


def test_an_entry_reads_as_it_was_written(here: World) -> None:
    detail = {"purpose": "receipts", "version": 1, "granted": True, "records": ["one", "two"]}
    audit.append("subject", "consent changed", detail, here.now)
    head = audit.head("subject")
    assert head is not None
    (entry,) = audit.entries(head.chain)
    assert entry.detail == detail
    assert (entry.stream, entry.what, entry.at, entry.number) == ("subject", "consent changed", here.now, 1)


def test_entry_and_change_are_both_there_or_neither(here: World) -> None:
    change = Put(LEDGER, {**keys.bank("x"), "rev": 1}, table.nothing_there())
    table.transact([change, *audit.entry("one", "registration", {"banks": 1}, here.now)])
    with pytest.raises(ConditionFailed):
        table.transact([change, *audit.entry("one", "registration", {"banks": 2}, here.now)])
    assert kept("one") == [1]


def test_of_two_that_read_the_same_head_one_must_read_again(here: World) -> None:
    one = audit.entry("one", "ops action", {"order": "redrive"}, here.now)
    two = audit.entry("one", "ops action", {"order": "pause"}, here.now)
    table.transact(one)
    with pytest.raises(ConditionFailed):
        table.transact(two)
    assert kept("one") == [1]


def test_an_append_between_read_and_write_is_not_lost(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    transact = table.transact
    rivals = iter([True, True, False])

    def after_a_rival(changes: list[Put]) -> None:
        if next(rivals):
            transact(audit.entry("one", "ops action", {"order": "rival"}, here.now))
        transact(changes)

    monkeypatch.setattr(table, "transact", after_a_rival)
    audit.append("one", "ops action", {"order": "mine"}, here.now)
    assert kept("one") == [1, 2, 3]


def test_more_than_a_page_of_entries_is_read(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE", 3)
    for _ in range(7):
        audit.append("one", "ops action", {"order": "redrive"}, here.now)
    assert kept("one") == [1, 2, 3, 4, 5, 6, 7]
