"""A customer's choice: off until granted, withdrawn at once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain.consent import ConsentRequest, Customer, decide
from counterfoil.domain.deliveries import FINISHES_WITHIN
from counterfoil.domain.fields import validated
from counterfoil.errors import Conflict, Invalid

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
WISHES = st.builds(
    ConsentRequest,
    granted=st.booleans(),
    expected_version=st.one_of(st.none(), st.integers(0, 6)),
    notice_version=st.sampled_from(["2026-11", "2026-12"]),
)


@given(st.lists(WISHES, max_size=12))
def test_every_history_keeps_the_rules(wishes: list[ConsentRequest]) -> None:
    customer = Customer("subject")
    for step, wish in enumerate(wishes):
        now = NOW + timedelta(minutes=step)
        before = customer.choices.get("receipts")
        version = before.version if before else 0
        try:
            customer, choice, is_new = decide(customer, "receipts", wish, now)
        except Conflict:
            assert wish.granted
            assert wish.expected_version != version
            continue
        assert choice.granted is wish.granted
        assert customer.allows("receipts") is wish.granted
        assert choice.version == version + is_new
        if is_new:
            assert choice.changed_at == now
            assert choice.effective_at - now == timedelta(seconds=0 if wish.granted else 20)
        again, same, is_new = decide(customer, "receipts", wish, now + timedelta(seconds=5))
        assert (again, same, is_new) == (customer, choice, False)


def test_nothing_is_allowed_until_it_is_granted() -> None:
    assert not Customer("subject").allows("receipts")


def test_a_restricted_customer_allows_nothing() -> None:
    wish = ConsentRequest(granted=True, expected_version=0, notice_version="2026-11")
    customer, choice, _ = decide(Customer("subject"), "receipts", wish, NOW)
    assert customer.allows("receipts")
    assert not Customer("subject", 1, {"receipts": choice}, restricted=True).allows("receipts")


def test_a_withdrawal_takes_effect_after_whatever_is_under_way() -> None:
    customer, choice, _ = decide(Customer("subject"), "receipts", ConsentRequest(granted=False), NOW)
    assert choice.effective_at - NOW > FINISHES_WITHIN
    assert choice.effective_at - NOW <= timedelta(seconds=20)
    assert not customer.allows("receipts")


@pytest.mark.parametrize("version", [None, 0, 2, 7])
def test_a_grant_after_a_withdrawal_must_know_of_it(version: int | None) -> None:
    customer, _, _ = decide(Customer("subject"), "receipts", ConsentRequest(granted=False), NOW)
    with pytest.raises(Conflict):
        decide(
            customer, "receipts", ConsentRequest(granted=True, expected_version=version, notice_version="2026-11"), NOW
        )


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "granted"),
        ({"granted": "true"}, "granted"),
        ({"granted": 1}, "granted"),
        ({"granted": True, "notice_version": "2026"}, "notice_version"),
        ({"granted": False, "expected_version": -1}, "expected_version"),
        ({"granted": False, "origin": "elsewhere"}, "origin"),
        ({"granted": False, "language": "english please"}, "language"),
        ({"granted": False, "email": "a@b"}, "email"),
    ],
)
def test_what_cannot_be_read_names_its_field(wish: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        validated(ConsentRequest, wish)
    assert field in {problem.field for problem in refusal.value.problems}


def test_a_grant_names_the_notice_shown() -> None:
    with pytest.raises(Invalid):
        validated(ConsentRequest, {"granted": True})
