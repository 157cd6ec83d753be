"""A customer's cards: what they may be told to be, and which carries on which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain.cards import MOST_CARDS, CardRequest, Wallet, register
from counterfoil.domain.fields import validated
from counterfoil.errors import Conflict, Invalid

IDS = ("card_1", "card_2", "card_3", "card_4")


def told(replaces: str | None = None, *tokens: str) -> CardRequest:
    return CardRequest(last4="4242", tokens=tokens, replaces=replaces)


def wallet(*cards: tuple[str, str | None]) -> Wallet:
    made = Wallet()
    for card_id, replaces in cards:
        made = register(made, card_id, told(replaces))
    return made


def first(of: Wallet, card_id: str) -> str:
    card = of.card(card_id)
    assert card is not None
    return of.first(card).card_id


def problem(of: Wallet, card_id: str, request: CardRequest) -> tuple[str, str]:
    with pytest.raises(Invalid) as refused:
        register(of, card_id, request)
    (found,) = refused.value.problems
    return found.field, found.message


def test_a_replaced_card_carries_on_over_any_number_of_cards() -> None:
    chain = wallet(("card_1", None), ("card_2", "card_1"), ("card_3", "card_2"), ("card_4", None))
    assert [first(chain, card) for card in IDS] == ["card_1", "card_1", "card_1", "card_4"]


def test_the_same_again_changes_nothing_and_what_it_replaces_need_not_be_told_twice() -> None:
    known = wallet(("card_1", None), ("card_2", "card_1"))
    assert register(known, "card_2", told("card_1")) is known
    assert register(known, "card_2", told()) is known
    changed = register(known, "card_2", told(None, "tok"))
    assert (changed.rev, first(changed, "card_2")) == (known.rev + 1, "card_1")


def test_a_predecessor_may_be_told_later_and_never_another() -> None:
    later = register(wallet(("card_1", None), ("card_2", None), ("card_3", None)), "card_2", told("card_1"))
    assert first(later, "card_2") == "card_1"
    with pytest.raises(Conflict):
        register(later, "card_2", told("card_3"))


@pytest.mark.parametrize(
    ("replaces", "message"),
    [
        ("card_1", "is this card itself"),
        ("card_3", "leads back to this card"),
        ("card_none", "is not a card of this customer"),
    ],
)
def test_what_leads_nowhere_is_refused(replaces: str, message: str) -> None:
    known = wallet(("card_1", None), ("card_2", "card_1"), ("card_3", "card_2"))
    assert problem(known, "card_1", told(replaces)) == ("replaces", message)


def test_a_card_is_replaced_once() -> None:
    with pytest.raises(Conflict):
        register(wallet(("card_1", None), ("card_2", "card_1")), "card_3", told("card_1"))


def test_a_token_leads_to_the_latest_card_that_has_it() -> None:
    known = register(Wallet(), "card_1", told(None, "tok"))
    known = register(known, "card_2", told("card_1", "tok", "tok"))
    paid_by = known.card(None, "tok")
    assert paid_by is not None
    assert (paid_by.card_id, paid_by.tokens) == ("card_2", ("tok",))
    assert known.card("card_1", "tok") == known.card("card_1")
    assert known.card(None, "another") is known.card(None) is None


def test_a_token_is_of_one_lineage() -> None:
    known = register(Wallet(), "card_1", told(None, "tok"))
    assert problem(known, "card_2", told(None, "new", "tok")) == ("tokens[1]", "is another card's")


def test_there_is_an_end_to_cards() -> None:
    full = wallet(*((f"card_{number}", None) for number in range(MOST_CARDS)))
    with pytest.raises(Conflict):
        register(full, "one more", told())
    assert register(full, "card_0", told(None, "tok")).rev == full.rev + 1


@pytest.mark.parametrize(
    "body",
    [
        {"last4": "42"},
        {"tokens": ["4111111111111111"]},
        {"tokens": ["a b"]},
        {"tokens": ["x"] * 21},
        {"replaces": "4111111111111111"},
        {"name": "A. Shopper"},
    ],
)
def test_what_is_no_card_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        validated(CardRequest, body)


@given(
    st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from((None, *IDS)), st.sampled_from(("a", "b"))), max_size=30)
)
def test_whatever_is_told_no_card_leads_back_to_itself_or_has_two_successors(
    calls: list[tuple[str, str | None, str]],
) -> None:
    known = Wallet()
    for card_id, replaces, token in calls:
        try:
            known = register(known, card_id, told(replaces, token))
        except (Invalid, Conflict):
            continue
    for card in known.cards:
        assert len(list(known.lineage(card))) <= len(known.cards)
    predecessors = [card.replaces for card in known.cards if card.replaces]
    assert len(set(predecessors)) == len(predecessors)
    for token in ("a", "b"):
        assert len({known.first(card).card_id for card in known.cards if token in card.tokens}) <= 1
