"""A customer's choices: each purpose on its own, off until granted, withdrawn at once, every change kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain import notices
from counterfoil.domain.consent import Choice, ConsentRequest, Customer, decide, lift, restrict
from counterfoil.domain.deliveries import FINISHES_WITHIN
from counterfoil.domain.fields import validated
from counterfoil.domain.notices import Notice
from counterfoil.domain.purposes import NEEDS, PURPOSES, Purpose
from counterfoil.errors import Conflict, Invalid

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
WISHES = st.builds(
    ConsentRequest,
    granted=st.booleans(),
    expected_version=st.one_of(st.none(), st.integers(0, 6)),
    notice_version=st.sampled_from(["2026-11", "2026-11", "2025-01"]),
)
GRANT = ConsentRequest(granted=True, notice_version="2026-11")
WITHDRAWAL = ConsentRequest(granted=False)


def granted(*purposes: Purpose, at: datetime = NOW) -> Customer:
    customer = Customer("subject")
    for purpose in purposes:
        customer = decide(customer, purpose, GRANT, at).customer
    return customer


def fields_of(refused: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [problem.field for problem in refused.value.problems]


@given(st.lists(st.tuples(st.sampled_from(PURPOSES), WISHES), max_size=20))
def test_every_order_of_requests_keeps_the_rules(wishes: list[tuple[Purpose, ConsentRequest]]) -> None:
    customer, history = Customer("subject"), list[Choice]()
    for step, (purpose, wish) in enumerate(wishes):
        now, before = NOW + timedelta(minutes=step), customer
        standing = before.choices.get(purpose)
        try:
            decided = decide(customer, purpose, wish, now)
        except Conflict:
            assert wish.granted
            assert wish.expected_version != (standing.version if standing else 0)
            continue
        except Invalid:
            assert wish.granted
            assert wish.notice_version == "2025-01" or not before.has_granted(NEEDS[purpose])
            continue
        customer, history = decided.customer, [*history, *decided.entries]
        assert customer.rev == before.rev + bool(decided.entries)
        assert decided.choice.granted is wish.granted
        assert customer.choices[purpose] == decided.choice
        untouched = set(PURPOSES) - {entry.purpose for entry in decided.entries}
        assert all(customer.choices.get(one) == before.choices.get(one) for one in untouched)
        for entry in decided.entries:
            assert entry.changed_at == now
            assert entry.effective_at - now == timedelta(seconds=0 if wish.granted else 20)
        again = decide(customer, purpose, wish, now + timedelta(seconds=5))
        assert (again.customer, again.choice, again.entries) == (customer, decided.choice, ())
    for purpose in PURPOSES:
        entries = [entry for entry in history if entry.purpose == purpose]
        assert [entry.version for entry in entries] == list(range(1, len(entries) + 1))
        assert customer.choices.get(purpose) == (entries[-1] if entries else None)
        assert customer.allows(purpose, NOW) == bool(entries and entries[-1].granted)
        assert not customer.allows(purpose, NOW) or purpose not in NEEDS or customer.allows(NEEDS[purpose], NOW)


def test_a_grant_names_a_published_notice() -> None:
    with pytest.raises(Invalid) as refused:
        decide(Customer("subject"), "receipts", GRANT.model_copy(update={"notice_version": "2025-01"}), NOW)
    assert fields_of(refused) == ["notice_version"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_nothing_is_allowed_until_it_is_granted(purpose: Purpose) -> None:
    assert not Customer("subject").allows(purpose, NOW)
    others = granted("receipts") if purpose != "receipts" else Customer("subject")
    assert not others.allows(purpose, NOW)


@pytest.mark.parametrize("purpose", NEEDS)
def test_what_rests_on_receipts_is_granted_after_them(purpose: Purpose) -> None:
    with pytest.raises(Invalid) as refused:
        decide(Customer("subject"), purpose, GRANT, NOW)
    assert fields_of(refused) == ["granted"]
    assert granted("receipts", purpose).allows(purpose, NOW)


def test_withdrawing_receipts_withdraws_what_rests_on_them() -> None:
    decided = decide(granted("receipts", "offers"), "receipts", WITHDRAWAL, NOW)
    assert [(entry.purpose, entry.version, entry.granted) for entry in decided.entries] == [
        ("receipts", 2, False),
        ("offers", 2, False),
    ]
    assert decided.choice.purpose == "receipts"
    assert not any(decided.customer.allows(purpose, NOW) for purpose in PURPOSES)


@pytest.mark.parametrize("purpose", NEEDS)
def test_receipts_are_kept_while_the_rest_is_declined(purpose: Purpose) -> None:
    decided = decide(granted("receipts", "loyalty", "offers"), purpose, WITHDRAWAL, NOW)
    assert {one for one in PURPOSES if decided.customer.allows(one, NOW)} == set(PURPOSES) - {purpose}


def test_a_restricted_customer_allows_nothing_until_the_last_restriction_is_lifted() -> None:
    customer = restrict(restrict(granted("receipts"), "contested", NOW), "objection", NOW)
    assert customer.restrictions == {"contested": NOW, "objection": NOW}
    assert restrict(customer, "contested", NOW + timedelta(days=1)) == customer
    assert not customer.allows("receipts", NOW)
    customer = lift(customer, "contested")
    assert not customer.allows("receipts", NOW)
    customer = lift(customer, "objection")
    assert customer.allows("receipts", NOW)
    assert lift(customer, "objection") == customer
    assert customer.rev == 5


def test_a_withdrawal_takes_effect_after_whatever_is_under_way() -> None:
    decided = decide(Customer("subject"), "receipts", WITHDRAWAL, NOW)
    assert decided.choice.effective_at - NOW > FINISHES_WITHIN
    assert decided.choice.effective_at - NOW <= timedelta(seconds=20)
    assert not decided.customer.allows("receipts", NOW)


@pytest.mark.parametrize("version", [None, 0, 2, 7])
def test_a_grant_after_a_withdrawal_must_know_of_it(version: int | None) -> None:
    customer = decide(Customer("subject"), "receipts", WITHDRAWAL, NOW).customer
    with pytest.raises(Conflict):
        decide(customer, "receipts", GRANT.model_copy(update={"expected_version": version}), NOW)


# Notices

CHANGED = datetime(2027, 3, 1, tzinfo=UTC)
LATER = (
    *notices.NOTICES,
    Notice("2027-01", datetime(2027, 1, 1, tzinfo=UTC), ("A new address.",)),
    Notice("2027-02", datetime(2027, 2, 1, tzinfo=UTC), ("Offers use more.",), {"offers": CHANGED}),
)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more notices: one changes nothing for any purpose, one changes what offers mean from March on."""
    monkeypatch.setattr(notices, "NOTICES", LATER)


@pytest.mark.usefixtures("later")
def test_a_purpose_that_a_later_notice_changed_is_asked_again_and_then_stops() -> None:
    customer = granted("receipts", "offers")
    assert customer.choices["receipts"].lapses_at is None
    assert customer.choices["offers"].lapses_at == CHANGED
    assert customer.allows("offers", CHANGED - timedelta(seconds=1))
    assert not customer.allows("offers", CHANGED)
    assert customer.allows("receipts", CHANGED)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("version", ["2026-11", "2027-01"])
def test_a_grant_says_what_applies_now(version: str) -> None:
    customer = decide(granted("receipts", "offers"), "offers", WITHDRAWAL, NOW).customer
    wish = GRANT.model_copy(update={"notice_version": version, "expected_version": 2})
    assert decide(customer, "offers", wish, CHANGED - timedelta(seconds=1)).choice.lapses_at == CHANGED
    with pytest.raises(Invalid) as refused:
        decide(customer, "offers", wish, CHANGED)
    assert fields_of(refused) == ["notice_version"]
    on_the_latest = wish.model_copy(update={"notice_version": "2027-02"})
    assert decide(customer, "offers", on_the_latest, CHANGED).customer.allows("offers", CHANGED)


@pytest.mark.usefixtures("later")
def test_what_rests_on_a_purpose_lapses_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = Notice("2027-02", datetime(2027, 2, 1, tzinfo=UTC), ("Receipts go elsewhere.",), {"receipts": CHANGED})
    monkeypatch.setattr(notices, "NOTICES", (*notices.NOTICES[:1], changed))
    customer = granted("receipts", "offers")
    assert customer.allows("offers", CHANGED - timedelta(seconds=1))
    assert not customer.allows("offers", CHANGED)


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
