"""Which stores are one, and who claims an id."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain.merchants import Claim, Merchant, Store, claims, scopes, town_of

STORES = ["a", "b", "c", "d", "e"]
IDS = ["M1", "M2", "M3", "M4"]


def store(store_id: str, merchant_ids: list[str], **more: Any) -> Store:
    details = {"name": "A shop", "address": "1 High Street, Lewes", "postcode": "BN7 2AN"}
    return Store.model_validate({"store_id": store_id, "merchant_ids": merchant_ids, **details, **more})


def merchant(retailer: str, stores: list[Store]) -> Merchant:
    return Merchant.model_validate(
        {"retailer": retailer, "name": "A retailer", "status": "live", "vat_number": "GB123456782"} | {"stores": stores}
    )


ids_of_stores = st.dictionaries(st.sampled_from(STORES), st.lists(st.sampled_from(IDS), unique=True), min_size=1)


def connected(ids_of: dict[str, list[str]], start: str) -> set[str]:
    group = {start}
    while True:
        reached = {other for other in ids_of for one in group if set(ids_of[one]) & set(ids_of[other])}
        if reached <= group:
            return group
        group |= reached


@given(ids_of_stores)
def test_stores_that_share_an_id_are_one_scope(ids_of: dict[str, list[str]]) -> None:
    found = scopes(merchant("kite", [store(store_id, ids) for store_id, ids in ids_of.items()]))
    assert found == {store_id: f"kite/{min(connected(ids_of, store_id))}" for store_id in ids_of}


@given(ids_of_stores, st.randoms(use_true_random=False))
def test_the_order_of_stores_does_not_matter(ids_of: dict[str, list[str]], shuffled: random.Random) -> None:
    stores = [store(store_id, ids) for store_id, ids in ids_of.items()]
    other = list(stores)
    shuffled.shuffle(other)
    assert scopes(merchant("kite", stores)) == scopes(merchant("kite", other))


def test_stores_also_are_one_through_a_banks_own_ids() -> None:
    stores = [store("a", ["M1"], bank_merchant_ids={"monzo": ["x"]}), store("b", ["M2"])]
    stores.append(store("c", ["M3"], bank_merchant_ids={"monzo": ["x"], "starling": ["M2"]}))
    assert scopes(merchant("kite", stores)) == {"a": "kite/a", "b": "kite/b", "c": "kite/a"}


@given(ids_of_stores, ids_of_stores)
def test_an_id_of_two_retailers_is_frozen(ours: dict[str, list[str]], theirs: dict[str, list[str]]) -> None:
    kite = merchant("kite", [store(store_id, ids) for store_id, ids in ours.items()])
    fern = merchant("fern", [store(store_id, ids) for store_id, ids in theirs.items()])
    our_ids = {claimed for ids in ours.values() for claimed in ids}
    their_ids = {claimed for ids in theirs.values() for claimed in ids}
    found = claims([kite, fern])
    assert found.keys() == {("card", claimed) for claimed in our_ids | their_ids}
    assert {claimed for (_, claimed), claim in found.items() if claim.frozen} == our_ids & their_ids
    assert claims([fern, kite]) == found


def test_each_namespace_is_its_own() -> None:
    kite = merchant("kite", [store("a", ["M1"])])
    fern = merchant("fern", [store("a", [], bank_merchant_ids={"monzo": ["M1"]})])
    assert claims([kite, fern]) == {
        ("card", "M1"): Claim("kite", "kite/a", frozen=False),
        ("monzo", "M1"): Claim("fern", "fern/a", frozen=False),
    }


@pytest.mark.parametrize(
    ("address", "town"),
    [
        ("12 Frith Street, London", "London"),
        ("Unit 4, The Mill, Bath, Somerset, United Kingdom", "Somerset"),
        ("5 George Street, Hove, BN3 3YA", "Hove"),
        ("12 Frith Street", None),
        ("Station, 12", None),
    ],
)
def test_the_town_is_told_without_the_address(address: str, town: str | None) -> None:
    assert town_of(store("a", [], address=address)) == town
    assert town_of(store("a", [], address=address, town="Elsewhere")) == "Elsewhere"
