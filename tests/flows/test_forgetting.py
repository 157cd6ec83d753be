"""Every record of a customer's has a way to be erased, or the data map says why it stays."""

from counterfoil.domain.record import Keep, Record
from counterfoil.domain.records import RECORDS
from counterfoil.flows.forgetting import WAYS
from counterfoil.store.by_subject import ELSEWHERE, REACHED

STORES = ("ledger", "rendezvous", "salts", "payloads", "files")


def erased() -> list[Record]:
    """What is a customer's in a store of ours, and goes with them."""
    rows = [row for row in RECORDS if row.subject == "customer" and row.place in STORES]
    return [row for row in rows if not isinstance(row.erasure, Keep) and row.erasure != "unreadable"]


def test_every_record_of_a_customers_is_erased_in_some_way() -> None:
    ways = WAYS.keys() | REACHED.keys() | ELSEWHERE.keys()
    assert {row.name for row in erased()} == ways
    assert {row.erasure for row in erased()} == {"delete"}
    assert not WAYS.keys() & REACHED.keys()


def test_what_is_reached_is_reached_through_what_is_in_the_index() -> None:
    assert set(REACHED.values()) <= WAYS.keys()
