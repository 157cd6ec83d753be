"""Conditional writes, on moto: what does not hold is told with what stands there."""

from typing import Any

import pytest

from counterfoil.errors import ConditionFailed
from counterfoil.store import lists, table
from counterfoil.store.table import LEDGER, RENDEZVOUS, SALTS, Change, Item, Put
from tests.world import World

KEY: Item = {"pk": "x", "sk": "y"}


@pytest.fixture(autouse=True)
def tables(counterfoil: World) -> None:
    """Every test here writes to tables."""


def put(condition: table.Condition | None = None, **values: Any) -> None:
    table.write(Put(LEDGER, KEY | values, condition))


def test_an_item_comes_back_as_it_was() -> None:
    item = {
        "text": "é",
        "number": 2**60,
        "bytes": b"\x00\xff",
        "flag": True,
        "list": [1, "a", {"b": b"c"}],
        "map": {"k": 1},
    }
    put(**item, nothing=None)
    assert table.get(LEDGER, KEY) == KEY | item
    assert table.get(LEDGER, KEY, consistent=False) == KEY | item
    assert table.get(LEDGER, {"pk": "x", "sk": "z"}) is None


def test_only_the_first_is_new() -> None:
    put(table.nothing_there(), n=1)
    with pytest.raises(ConditionFailed) as failed:
        put(table.nothing_there(), n=2)
    assert failed.value.items == (KEY | {"n": 1},)


@pytest.mark.parametrize(("condition", "holds"), [
    (table.still_at(3), True), (table.still_at(2), False), (table.still_at(4), False),
    (table.nothing_newer_than(3), True), (table.nothing_newer_than(4), True), (table.nothing_newer_than(2), False),
    (table.nothing_there_or_written_by("me"), True), (table.nothing_there_or_written_by("you"), False),
])  # fmt: skip
def test_each_condition_says_what_it_means(condition: table.Condition, holds: bool) -> None:
    put(rev=3, owner="me")
    if holds:
        put(condition, rev=9)
    else:
        with pytest.raises(ConditionFailed):
            put(condition, rev=9)
    assert (table.get(LEDGER, KEY) or {})["rev"] == (9 if holds else 3)


@pytest.mark.parametrize(("condition", "holds"), [
    (table.nothing_there(), True), (table.nothing_newer_than(1), True), (table.nothing_there_or_written_by("me"), True),
    (table.still_at(1), False),
])  # fmt: skip
def test_each_condition_where_nothing_is(condition: table.Condition, holds: bool) -> None:
    if holds:
        put(condition, rev=9)
        return
    with pytest.raises(ConditionFailed) as failed:
        put(condition, rev=9)
    assert failed.value.items == ({},)


def test_a_change_sets_and_removes_what_it_names_only() -> None:
    put(rev=1, a=1, b=2, c=3)
    table.write(Change(LEDGER, KEY, {"a": 5}, table.still_at(1), remove=("b",)))
    assert table.get(LEDGER, KEY) == KEY | {"rev": 1, "a": 5, "c": 3}


def test_a_transaction_writes_all_or_none_and_says_which_failed() -> None:
    put(rev=1)
    other: Item = {"pk": "z", "sk": "z"}
    with pytest.raises(ConditionFailed) as failed:
        table.transact([Put(LEDGER, other, table.nothing_there()), Change(LEDGER, KEY, {"a": 1}, table.still_at(2))])
    assert failed.value.items == (None, KEY | {"rev": 1})
    assert table.get(LEDGER, other) is None
    table.transact([Put(LEDGER, other, table.nothing_there()), Change(LEDGER, KEY, {"a": 1}, table.still_at(1))])
    assert table.get(LEDGER, KEY) == KEY | {"rev": 1, "a": 1}


def test_a_pointer_is_deleted_unless_it_is_newer() -> None:
    for rev, stays in ((2, False), (1, False), (3, True)):
        table.write(Put(RENDEZVOUS, KEY | {"rev": rev}))
        table.delete(RENDEZVOUS, KEY, table.nothing_newer_than(2))
        assert (table.get(RENDEZVOUS, KEY) is not None) is stays
    table.delete(RENDEZVOUS, {"pk": "none", "sk": "none"}, table.nothing_newer_than(2))


def test_items_of_several_tables_in_one_request() -> None:
    put(rev=1)
    table.write(Put(SALTS, {"pk": "C#1", "salt": b"s"}))
    found = lists.get_together([(SALTS, {"pk": "C#1"}, False), (LEDGER, KEY, True)])
    assert found == [{"pk": "C#1", "salt": b"s"}, KEY | {"rev": 1}]
    assert lists.get_together([(SALTS, {"pk": "C#2"}, False), (LEDGER, {"pk": "q", "sk": "q"}, True)]) == [None, None]


def test_a_query_is_in_order_and_says_when_there_is_more() -> None:
    for name in "dbca":
        table.write(Put(RENDEZVOUS, {"pk": "p", "sk": name}))
    items, more = table.query(RENDEZVOUS, "p", ("a", "c"), limit=10, consistent=True)
    assert ([item["sk"] for item in items], more) == (["a", "b", "c"], False)
    items, more = table.query(RENDEZVOUS, "p", ("a", "d"), limit=2, consistent=True)
    assert ([item["sk"] for item in items], more) == (["a", "b"], True)


def test_one_batch_reads_two_items_of_one_table() -> None:
    table.write(Put(LEDGER, {"pk": "x", "sk": "other", "n": 2}))
    put(n=1)
    asked = [
        (LEDGER, KEY, True),
        (LEDGER, {"pk": "x", "sk": "none"}, False),
        (LEDGER, {"pk": "x", "sk": "other"}, True),
    ]
    assert [item and item["n"] for item in lists.get_together(asked)] == [1, None, 2]


def test_many_items_come_back_in_the_order_asked_for() -> None:
    keys = [{"pk": "x", "sk": f"{number:03}"} for number in range(230)]
    for number, key in enumerate(keys[:-1]):
        table.write(Put(LEDGER, key | {"n": number}))
    found = lists.get_many(LEDGER, [*keys[::-1], keys[7]])
    assert [item and item["n"] for item in found] == [None, *range(228, -1, -1), 7]


def test_whatever_is_a_customers_stands_in_their_index_by_its_time() -> None:
    for sk, more in (("none", {}), ("late", {"at": 9}), ("early", {"at": 5}), ("other", {"at": 7, "subject": "o"})):
        table.write(Put(LEDGER, {"pk": "x", "sk": sk, "subject": "s"} | more))
    put(at=6)

    def page(between: tuple[int, int], after: Item | None = None, limit: int = 9) -> tuple[list[str], bool]:
        rows, more = lists.index_page(LEDGER, "by_subject", ("subject", "s"), between, after=after, limit=limit)
        return [row["sk"] for row in rows], more

    assert page((0, 99)) == (["late", "early", "none"], False)
    assert page((1, 8)) == (["early"], False)
    first, more = page((0, 99), limit=1)
    assert (first, more) == (["late"], True)
    assert page((0, 99), {"subject": "s", "at": 9, "pk": "x", "sk": "late"}) == (["early", "none"], False)


def test_a_transaction_deletes_and_checks_or_does_nothing() -> None:
    put(n=1, rev=1)
    gone = table.Delete(LEDGER, KEY, table.still_at(1))
    for other, is_there in (("w", False), ("x", True)):
        check = table.Check(LEDGER, KEY | {"sk": other}, table.nothing_there())
        if is_there:
            table.write(Put(LEDGER, KEY | {"sk": other}))
            with pytest.raises(ConditionFailed) as failed:
                table.transact([gone, check])
            assert failed.value.items == (None, KEY | {"sk": other})
            assert table.get(LEDGER, KEY) is not None
        else:
            table.transact([gone, check])
            assert table.get(LEDGER, KEY) is None
            put(n=1, rev=1)
    with pytest.raises(ConditionFailed):
        table.write(table.Delete(LEDGER, KEY, table.still_at(2)))
    assert table.get(LEDGER, KEY) is not None
