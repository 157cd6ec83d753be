"""Keys and what is sealed under them."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import Poison
from counterfoil.sealing import Sealer, leave_in_letterbox, new_key, new_salt, seal, unseal

SEALER = Sealer(b"s" * 64)
CUSTOMER, OTHER = SEALER.customer(b"a" * 32), SEALER.customer(b"b" * 32)


@given(st.binary(max_size=5000), st.text(max_size=50))
def test_what_is_sealed_opens_again(plain: bytes, bound_to: str) -> None:
    key = new_key()
    assert unseal(key, seal(key, plain, bound_to), bound_to) == plain


def test_the_same_is_never_sealed_alike() -> None:
    key = new_key()
    assert len({seal(key, b"same", "x") for _ in range(100)}) == 100


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_opens_nothing(place: int, change: int) -> None:
    key = b"k" * 32
    sealed = bytearray(seal(key, b"plain text", "here"))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(Poison):
        unseal(key, bytes(sealed), "here")


@pytest.mark.parametrize(
    "sealed", [b"", b"short", os.urandom(12), os.urandom(28)], ids=["nothing", "short", "a nonce", "with a tag"]
)
def test_what_was_never_sealed_is_poison(sealed: bytes) -> None:
    with pytest.raises(Poison):
        unseal(b"k" * 32, sealed, "here")


def test_a_sealed_part_cannot_be_moved_to_another_record_or_customer() -> None:
    sealed = seal(CUSTOMER.seal_key, b"plain", "one")
    for key, place in ((CUSTOMER.seal_key, "two"), (OTHER.seal_key, "one")):
        with pytest.raises(Poison):
            unseal(key, sealed, place)


def test_a_letterbox_opens_only_with_its_customers_salt_transaction_and_receipt() -> None:
    name, key = CUSTOMER.transaction_key("openbank", "tx_1"), new_key()
    left = leave_in_letterbox(CUSTOMER.address(name), key, "body")
    assert CUSTOMER.open_letterbox(name, left, "body") == key
    another_secret = Sealer(b"t" * 64).customer(b"a" * 32)
    for keys, transaction, body in (
        (OTHER, name, "body"),
        (SEALER.customer(new_salt()), name, "body"),
        (another_secret, name, "body"),
        (CUSTOMER, "another", "body"),
        (CUSTOMER, name, "another"),
    ):
        with pytest.raises(Poison):
            keys.open_letterbox(transaction, left, body)
    with pytest.raises(Poison):
        CUSTOMER.open_letterbox(name, left[:-1], "body")
    with pytest.raises(Poison):
        CUSTOMER.open_letterbox(name, b"", "body")


def test_a_waiting_receipts_key_is_bound_to_its_body() -> None:
    wrapped = SEALER.wrap_waiting(b"k" * 32, "body")
    assert SEALER.unwrap_waiting(wrapped, "body") == b"k" * 32
    with pytest.raises(Poison):
        SEALER.unwrap_waiting(wrapped, "another")
    with pytest.raises(Poison):
        Sealer(b"t" * 64).unwrap_waiting(wrapped, "body")


@given(st.lists(st.text(), min_size=3, max_size=3), st.lists(st.text(), min_size=3, max_size=3))
def test_opaque_names_are_equal_for_equal_ids_only(first: list[str], second: list[str]) -> None:
    def names(parts: list[str]) -> list[str]:
        return [
            SEALER.code(*parts),
            SEALER.subject(*parts[:2]),
            SEALER.receipt_key(*parts[:2]),
            SEALER.match_id(*parts[:2]),
        ]

    assert names(first) == names(list(first))
    if first[:2] != second[:2]:
        assert set(names(first)).isdisjoint(names(second))


def test_one_id_has_other_names_elsewhere() -> None:
    assert SEALER.subject("openbank", "x") != SEALER.receipt_key("openbank", "x")
    assert SEALER.subject("a", "bc") != SEALER.subject("ab", "c")
    assert CUSTOMER.transaction_key("openbank", "x") != OTHER.transaction_key("openbank", "x")
    assert CUSTOMER.transaction_key("openbank", "x") != CUSTOMER.transaction_key("harbourbank", "x")


def test_keys_tell_nothing_of_themselves() -> None:
    assert "seal_key" not in repr(CUSTOMER)
    assert "'s" * 3 not in repr(SEALER)
    assert len({CUSTOMER.seal_key, CUSTOMER.ids_key, CUSTOMER.letterbox_key}) == 3
