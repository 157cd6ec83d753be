"""What a bank is told next, and when it is tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain.deliveries import LONGEST_WAIT, delivery_id, parse_delivery_id, wait_before

WAITS = (5, 300, 43_200)


@given(st.integers(1, 50), st.one_of(st.none(), st.integers(0, 10**6)), st.floats(0, 1))
def test_waits_are_planned_jittered_and_bounded(attempt: int, retry_after: int | None, jitter: float) -> None:
    planned = WAITS[min(attempt, 3) - 1]
    wait = wait_before(attempt, WAITS, retry_after, jitter)
    assert 1 <= wait <= LONGEST_WAIT
    assert wait >= min(LONGEST_WAIT, max(planned, retry_after or 0))
    assert wait <= max(planned * 1.1, retry_after or 0)


@given(st.text("abcDEF-_09", min_size=22, max_size=22), st.integers(1, 999_999))
def test_a_delivery_id_names_its_transaction_and_version(key: str, version: int) -> None:
    assert parse_delivery_id(delivery_id(key, version)) == (key, version)


@pytest.mark.parametrize(
    "value", ["", "dlv", "dlv_", "dlv__1", "dlv_a", "dlv_a_", "dlv_a_x", "dlv_a_²", "x_a_1", "dlv_a_1234567"]
)
def test_what_is_no_delivery_id_names_nothing(value: str) -> None:
    assert parse_delivery_id(value) is None
