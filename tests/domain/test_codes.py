"""Codes of both sides are spelt alike before they are hashed."""

import pytest

from counterfoil.domain import codes
from counterfoil.domain.fields import validated
from counterfoil.domain.receipts import Tender
from counterfoil.domain.sides import Codes
from counterfoil.domain.transactions import CardTransaction


def plain(name: str, scope: str, value: str) -> str:
    return f"{name}/{scope}/{value}"


def of_tender(**fields: str) -> Codes:
    return codes.of_tender(validated(Tender, {"type": "card", "amount": 1, **fields}), "s", plain)


def of_payment(**fields: object) -> Codes:
    paid = validated(CardTransaction, {
        "transaction_id": "t", "customer_id": "c", "direction": "debit", "amount": 1, "currency": "GBP",
        "authorised_at": "2026-11-21T09:00:00Z", "status": "authorised", "merchant": {"merchant_id": "MID"}, **fields,
    })  # fmt: skip
    return codes.of_transaction(paid, "s", plain)


@pytest.mark.parametrize("spelling", ["a1b2c3", "A1B2C3", " a1b2c3 ", "A1 B2 C3"])
def test_case_and_blanks_do_not_tell_codes_apart(spelling: str) -> None:
    assert of_payment(auth_code=spelling).auth == of_tender(auth_code="a1b2c3").auth == "auth/s/A1B2C3"


@pytest.mark.parametrize(("name", "field", "size"), [("auth", "auth_code", 6), ("rrn", "rrn", 12)])
def test_leading_zeros_do_not_tell_codes_apart(name: str, field: str, size: int) -> None:
    assert getattr(of_tender(**{field: "123"}), name) == f"{name}/s/{'123'.zfill(size)}"
    assert of_tender(**{field: "0123"}) == of_tender(**{field: "123"})
    assert of_tender(**{field: "1230"}) != of_tender(**{field: "123"})


def test_both_sides_give_the_same_codes() -> None:
    ours = of_payment(
        auth_code="a1b2c3",
        rrn="632500000123",
        card={"last4": "4242", "token": "tok"},
        merchant={"merchant_id": "MID", "terminal_id": "T1"},
    )
    theirs = of_tender(auth_code="A1B2C3", rrn="632500000123", last4="4242", merchant_id="MID", terminal_id="t1")
    assert (ours.auth, ours.rrn, ours.last4, ours.merchant, ours.terminal) == (
        theirs.auth, theirs.rrn, theirs.last4, theirs.merchant, theirs.terminal,
    )  # fmt: skip
    assert (ours.entry, theirs.entry) == ("wallet", None)


def test_what_is_not_given_is_none() -> None:
    assert of_tender() == Codes()
    assert of_payment(auth_code="   ").auth is None
