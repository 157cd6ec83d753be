"""Card numbers are found however they are written; the other long numbers of a receipt are left alone."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain.card_numbers import in_free_text, is_card_number
from tests.domain.made_receipts import gs1_completed, luhn_completed

TEST_NUMBERS = [
    "4111111111111111",
    "4012888888881881",
    "5555555555554444",
    "2223003122003222",
    "340000000000009",
    "378282246310005",
    "371449635398431",
    "30569309025904",
    "38520000023237",
    "6011111111111117",
    "3530111333300000",
    "6200000000000005",
    "6759649826438453",
    "4000000000000000006",
]


@pytest.mark.parametrize("number", TEST_NUMBERS)
def test_the_schemes_test_numbers_are_cards(number: str) -> None:
    assert in_free_text(f"Paid by {number}.")
    assert is_card_number(number)
    assert is_card_number(f"{number[:4]}-{number[4:8]}-{number[8:]}")


@given(
    st.sampled_from(TEST_NUMBERS),
    st.sampled_from(["", " ", "-", " - ", ".", "\u00a0", "\u2013", "/"]),
    st.sampled_from(["", "Visa ", "ref 12 ", "x", "No.", "99 "]),
    st.sampled_from(["", " exp 12/28", "x", " 123", "!"]),
)
def test_a_card_number_is_found_between_words_and_in_groups(number: str, between: str, before: str, after: str) -> None:
    groups = between.join(number[place : place + 4] for place in range(0, len(number), 4))
    assert in_free_text(before + groups + after)


def test_other_widths_of_digits_hide_nothing() -> None:
    assert in_free_text("4111111111111111".translate({ord("0") + d: 0xFF10 + d for d in range(10)}))


@given(st.sampled_from(TEST_NUMBERS), st.integers(1, 9), st.data())
def test_one_digit_off_is_no_card(number: str, more: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(6, len(number) - 1))
    digit = str((int(number[place]) + more) % 10)
    assert not is_card_number(number[:place] + digit + number[place + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Flat white",
        "2 x 1.50 3.00",
        "Tel 020 7946 0101",
        "0000000000000000",
        "1" * 16,
        "Order 20261121-000123",
    ],
)
def test_ordinary_text_is_taken(text: str) -> None:
    assert not in_free_text(text)
    assert not is_card_number(text)


def share_taken_for_cards(make: object, tries: int = 20_000) -> float:
    chosen = random.Random(7)
    return sum(is_card_number(make(chosen)) for _ in range(tries)) / tries  # type: ignore[operator]


def digits(chosen: random.Random, count: int) -> str:
    return "".join(chosen.choices("0123456789", k=count))


@pytest.mark.parametrize(
    ("what", "make", "at_most"),
    [
        ("GTIN-13", lambda chosen: gs1_completed(digits(chosen, 12)), 0),
        ("GTIN-12", lambda chosen: gs1_completed(digits(chosen, 11)), 0),
        ("GTIN-13 in 14 digits", lambda chosen: gs1_completed("0" + digits(chosen, 12)), 0),
        ("12-digit RRN", lambda chosen: "6325" + digits(chosen, 8), 0),
        ("8-digit sku", lambda chosen: digits(chosen, 8), 0),
        ("20-digit barcode", lambda chosen: digits(chosen, 20), 0),
        ("dated barcode", lambda chosen: "20261121" + digits(chosen, 8), 0),
        (
            "case GTIN-14",
            lambda chosen: gs1_completed(str(chosen.randrange(1, 9)) + digits(chosen, 12)),
            0.01,
        ),
        ("any 16 digits", lambda chosen: digits(chosen, 16), 0.03),
    ],
)
def test_ids_are_seldom_taken_for_cards(what: str, make: object, at_most: float) -> None:
    share = share_taken_for_cards(make)
    print(f"\n{what}: {share:.2%} taken for a card number")
    assert share <= at_most


def test_the_luhn_digit_decides() -> None:
    number = luhn_completed("453201511283036")
    others = [number[:-1] + digit for digit in "0123456789" if digit != number[-1]]
    assert is_card_number(number)
    assert not any(map(is_card_number, others))
