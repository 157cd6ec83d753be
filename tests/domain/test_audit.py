"""A chain holds, and whatever is done to it shows."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from counterfoil.domain.audit import Detail, Entry, Head, faults_of, follow

ORIGIN = "0f" * 32
NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
LENGTH = 6

OTHER: dict[str, Callable[[Entry], Any]] = {
    "stream": lambda entry: f"{entry.stream}x",
    "number": lambda entry: entry.number + 1,
    "at": lambda entry: entry.at + timedelta(milliseconds=1),
    "what": lambda entry: "erasure",
    "detail": lambda entry: {**entry.detail, "version": 99},
    "previous": lambda entry: "ab" * 32,
    "previous_at": lambda entry: None if entry.previous_at else NOW,
}


def chain_of(length: int, stream: str = "subject") -> tuple[list[Entry], Head]:
    entries: list[Entry] = []
    head = None
    for number in range(length):
        detail: Detail = {"purpose": "receipts", "version": number + 1, "records": ["T", "R"], "granted": True}
        entry, head = follow(head, stream, "consent changed", detail, NOW + timedelta(hours=number), ORIGIN)
        entries.append(entry)
    assert head is not None
    return entries, head


def test_an_untouched_chain_holds() -> None:
    entries, head = chain_of(LENGTH)
    assert faults_of(head.chain, entries) == []
    assert [entry.number for entry in entries] == list(range(1, LENGTH + 1))
    assert entries[-1].hash == head.hash


def test_the_ways_to_change_an_entry_are_all_of_its_fields() -> None:
    assert set(OTHER) == {field.name for field in fields(Entry)}


@pytest.mark.parametrize("name", OTHER)
@pytest.mark.parametrize("position", range(LENGTH - 1))
def test_every_changed_field_of_every_entry_shows(position: int, name: str) -> None:
    """The last entry's own hash is the head's and the checkpoint's to compare: see the store's tests."""
    entries, head = chain_of(LENGTH)
    entry = entries[position]
    entries[position] = replace(entry, **{name: OTHER[name](entry)})
    assert faults_of(head.chain, entries) != []


@pytest.mark.parametrize("name", OTHER)
def test_every_changed_field_of_the_last_entry_changes_its_hash(name: str) -> None:
    last = chain_of(LENGTH)[0][-1]
    assert replace(last, **{name: OTHER[name](last)}).hash != last.hash


@pytest.mark.parametrize("position", range(1, LENGTH - 1))
def test_a_removed_entry_is_named(position: int) -> None:
    entries, head = chain_of(LENGTH)
    del entries[position]
    assert faults_of(head.chain, entries) == [f"entry {position + 1} missing"]


@pytest.mark.parametrize("position", range(LENGTH - 1))
def test_entries_that_changed_places_show(position: int) -> None:
    entries, head = chain_of(LENGTH)
    entries[position], entries[position + 1] = entries[position + 1], entries[position]
    assert faults_of(head.chain, entries) != []


@pytest.mark.parametrize("position", range(LENGTH - 1))
def test_contents_that_changed_places_show(position: int) -> None:
    entries, head = chain_of(LENGTH)
    one, two = entries[position], entries[position + 1]
    entries[position] = replace(two, number=one.number)
    entries[position + 1] = replace(one, number=two.number)
    assert faults_of(head.chain, entries) != []


def test_a_chain_forged_from_the_start_has_another_name() -> None:
    _, head = chain_of(LENGTH)
    forged = [follow(None, "subject", "erasure", {}, NOW, "1e" * 32)[0]]
    assert faults_of(head.chain, forged) == ["entry 1 was changed: it does not begin this chain"]


def test_a_chain_whose_oldest_entries_are_past_their_time_holds() -> None:
    entries, head = chain_of(LENGTH)
    assert faults_of(head.chain, entries[2:]) == []
    assert entries[2].previous_at == entries[1].at


@pytest.mark.parametrize(
    "detail",
    [
        {"name": "Jane Doe, 1 High Street"},
        {"email": "jane@example.com"},
        {"text": "it's"},
        {"text": ""},
        {"Name": "x"},
        {"names": ["ok", "O'Hara"]},
        {"text": "x" * 200},
    ],
)
def test_what_is_no_plain_name_is_refused_and_not_repeated(detail: Detail) -> None:
    with pytest.raises(ValueError, match=r"plain|lower case") as refused:
        follow(None, "subject", "erasure", detail, NOW, ORIGIN)
    assert not any(str(value) in str(refused.value) for value in detail.values() if value)
