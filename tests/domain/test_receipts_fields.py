"""A receipt with a wrong field is refused, and each field that is wrong is named, never what it held."""

from typing import Any

import pytest

from tests.domain.made_receipts import changed, contract_example, luhn_completed, problems_of

FIRST_LINE = ("lines", 0)
TENDER = ("tenders", 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("total",), 585.0),
        (("total",), True),
        (("total",), -585),
        (("total",), "585"),
        (("total",), None),
        (("total",), 10**13),
        (("currency",), "GBX"),
        (("currency",), "gbp"),
        (("kind",), "return"),
        (("receipt_id",), ""),
        (("receipt_id",), "a" * 65),
        (("receipt_id",), "a/b"),
        (("receipt_id",), "abc\n"),
        (("receipt_id",), "4111111111111111"),
        (("receipt_id",), "4111-1111-1111-1111"),
        (("version",), "2"),
        (("version",), -1),
        (("issued_at",), "2026-11-21T09:14:03"),
        (("issued_at",), "2026-11-21"),
        (("issued_at",), 1795252443),
        (("issued_at",), "2026-02-30T09:14:03Z"),
        (("issued_at",), "2026-11-21T09:14:03+25:00"),
        (("issued_at",), "0001-01-01T00:00:00+14:00"),
        (("lines",), []),
        (("lines",), "none"),
        (("tenders",), {}),
        (("barcode",), "SOHO03000123"),
        (("barcode", "symbology"), "braille"),
        (("barcode", "value"), "5555555555554444"),
        (("barcode", "value"), "SOHO\n"),
        ((*FIRST_LINE, "amount"), 285.5),
        ((*FIRST_LINE, "amount"), False),
        ((*FIRST_LINE, "amount"), 300),
        ((*FIRST_LINE, "quantity"), 1),
        ((*FIRST_LINE, "quantity"), "0"),
        ((*FIRST_LINE, "quantity"), "-1"),
        ((*FIRST_LINE, "quantity"), "1e3"),
        ((*FIRST_LINE, "quantity"), "NaN"),
        ((*FIRST_LINE, "quantity"), "\u0661"),
        ((*FIRST_LINE, "vat_rate"), "101"),
        ((*FIRST_LINE, "vat_rate"), 20),
        ((*FIRST_LINE, "gtin"), "5012345678901"),
        ((*FIRST_LINE, "gtin"), "501234567891"),
        ((*FIRST_LINE, "gtin"), "0123456789"),
        ((*FIRST_LINE, "description"), " "),
        ((*FIRST_LINE, "description"), "x" * 201),
        ((*FIRST_LINE, "description"), "Flat\u0000white"),
        ((*FIRST_LINE, "category"), "paid 378282246310005"),
        ((*FIRST_LINE, "modifiers", 0, "amount"), -35),
        ((*FIRST_LINE, "modifiers", 0, "description"), "card 6011 0009 9013 9424"),
        ((*FIRST_LINE, "discounts"), [{"description": "Whim", "amount": 321}]),
        ((*TENDER, "type"), "cheque"),
        ((*TENDER, "last4"), "424"),
        ((*TENDER, "auth_code"), "4012888888881881"),
        ((*TENDER, "amount"), -585),
    ],
)
def test_a_wrong_value_is_told_by_its_field_alone(path: tuple[Any, ...], value: object) -> None:
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    found = problems_of(changed(contract_example(), path, lambda _: value))
    assert field in found
    if isinstance(value, str) and len(value.strip()) > 4:
        assert not any(value in message for message in found.values())


@pytest.mark.parametrize(
    "field", ["receipt_id", "store_id", "kind", "issued_at", "currency", "total", "lines", "tenders"]
)
def test_what_is_needed_is_asked_for(field: str) -> None:
    body = contract_example()
    del body[field]
    assert problems_of(body) == {field: "is required"}


@pytest.mark.parametrize("holder", [(), ("lines", 0), ("tenders", 0), ("barcode",), ("lines", 0, "modifiers", 0)])
def test_an_unknown_field_is_named(holder: tuple[Any, ...]) -> None:
    body = changed(contract_example(), (*holder, "shopper"), lambda _: "A. Shopper")
    assert [field.rsplit(".")[-1] for field in problems_of(body)] == ["shopper"]


def test_an_unknown_name_that_may_be_personal_is_not_repeated() -> None:
    found = problems_of(contract_example() | {"a.shopper@mail.example": 1, "4111 1111 1111 1111": 2})
    assert list(found) == ["(a name we do not repeat)"]


@pytest.mark.parametrize("body", [None, 5, "receipt", [], [contract_example()]])
def test_what_is_no_object_is_no_receipt(body: object) -> None:
    assert problems_of(body) == {"": "must be an object"}


def test_every_problem_is_told_at_once() -> None:
    body = contract_example() | {"total": 1.5, "currency": "ABC"}
    del body["lines"][1]["quantity"]
    assert problems_of(body).keys() == {"total", "currency", "lines[1].quantity"}


def test_cards_are_told_from_the_problem_without_their_number() -> None:
    number = luhn_completed("411111000000000")
    body = contract_example()
    body["lines"][0]["description"] = f"Paid {number[:4]} {number[4:8]}-{number[8:12]} {number[12:]} thanks"
    assert problems_of(body) == {"lines[0].description": "holds a card number"}
