"""A receipt is taken when its sums hold, to the penny, and comes back from every form it is kept in."""

import json
import random
import sys
import zlib
from collections.abc import Iterator
from timeit import timeit
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain import receipts, strict_json
from tests.domain.made_receipts import (
    CONTRACT_EXAMPLE,
    bodies,
    changed,
    contract_example,
    gs1_completed,
    gtins,
    problems_of,
)


def amounts_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every amount that the exact sums are made of."""
    summed = {"amount", "total", "service_charge", "tip", "rounding"}
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield from amounts_in(entry, (*path, index))
    elif isinstance(value, dict):
        for key, entry in value.items():
            if key in summed:
                yield (*path, key)
            elif key != "vat":
                yield from amounts_in(entry, (*path, key))


def test_the_contracts_example_is_taken() -> None:
    receipt = receipts.parse(contract_example())
    assert receipt.total == 585
    assert receipt.lines[0].modifiers[0].amount == 35
    assert receipt.issued_at.isoformat() == "2026-11-21T09:14:03+00:00"
    assert [(index, tender.last4) for index, tender in receipts.card_tenders(receipt)] == [(0, "4242")]


@given(bodies())
def test_a_receipt_survives_its_spellings(body: dict[str, Any]) -> None:
    receipt = receipts.parse(body)
    assert receipts.parse(json.loads(receipts.canonical_json(receipt))) == receipt
    assert receipts.unpack(receipts.pack(receipt)) == receipt


def test_the_spelling_leaves_out_what_says_nothing() -> None:
    spelled = json.loads(receipts.canonical_json(receipts.parse(contract_example())))
    assert spelled.keys().isdisjoint({"discounts", "service_charge", "tip", "rounding", "original_receipt_id"})
    assert spelled["lines"][1].keys() == contract_example()["lines"][1].keys()


@given(bodies(), st.randoms(use_true_random=False))
def test_equal_receipts_have_one_spelling(body: dict[str, Any], shuffled: random.Random) -> None:
    keys = list(body)
    shuffled.shuffle(keys)
    other = {key: body[key] for key in keys} | {"barcode": None, "till_id": None}
    if not other["discounts"]:
        del other["discounts"]
    assert receipts.pack(receipts.parse(other)) == receipts.pack(receipts.parse(body))


@given(bodies(), st.data())
def test_a_penny_anywhere_breaks_the_sums(body: dict[str, Any], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(amounts_in(body))))
    penny = data.draw(st.sampled_from([1, -1]))
    assert problems_of(changed(body, path, lambda amount: amount + penny))


@pytest.mark.parametrize(
    ("path", "by", "told"),
    [
        (
            ("lines", 1, "amount"),
            -40,
            {"total": "is 40 minor units more than what the lines and the rest come to"},
        ),
        (("tenders", 0, "amount"), 1, {"tenders": "come to 1 minor unit more than the total"}),
        (
            ("lines", 0, "modifiers", 0, "amount"),
            7,
            {"total": "is 7 minor units less than what the lines and the"},
        ),
    ],
)
def test_a_wrong_sum_says_which_and_by_how_much(path: tuple[Any, ...], by: int, told: dict[str, str]) -> None:
    body = contract_example()
    del body["lines"][1]["unit_price"]
    found = problems_of(changed(body, path, lambda amount: amount + by))
    assert found.keys() == told.keys()
    for field, start in told.items():
        assert found[field].startswith(start)


def test_a_total_of_nothing_needs_no_tender_but_allows_no_card() -> None:
    body = contract_example() | {"total": 0, "vat": [], "tenders": []}
    body["discounts"] = [{"description": "On the house", "amount": 585}]
    assert receipts.card_tenders(receipts.parse(body)) == []
    assert problems_of(body | {"tenders": [{"type": "card", "amount": 0}]}).keys() == {"total"}


def test_only_cards_that_paid_something_are_matched() -> None:
    tenders = [
        {"type": "cash", "amount": 85},
        {"type": "card", "amount": 0},
        {"type": "card", "amount": 300},
        {"type": "card", "amount": 200},
    ]
    receipt = receipts.parse(contract_example() | {"tenders": tenders})
    assert [index for index, _ in receipts.card_tenders(receipt)] == [2, 3]


@pytest.mark.parametrize(
    ("quantity", "unit_price", "amount", "fits"),
    [
        ("0.456", 199, 91, True),
        ("0.456", 199, 90, True),
        ("0.456", 199, 92, False),
        ("1", 265, 264, False),
        ("3", 33, 100, True),
        ("40.12", 146, 5853, True),  # fuel at 145.9p a litre
        ("2", 285, 285, False),
    ],
)
def test_a_line_costs_quantity_times_price(quantity: str, unit_price: int, amount: int, fits: bool) -> None:
    body = contract_example()
    body["lines"] = [{"description": "x", "quantity": quantity, "unit_price": unit_price, "amount": amount}]
    body |= {"total": amount, "vat": [], "tenders": [{"type": "cash", "amount": amount}]}
    if fits:
        assert receipts.parse(body).total == amount
    else:
        assert problems_of(body).keys() == {"lines[0].amount"}


@pytest.mark.parametrize(
    ("symbology", "value", "fits"),
    [
        ("ean13", "5012345678900", True),
        ("ean13", "5012345678901", False),
        ("ean8", "96385074", True),
        ("itf14", "38000000000009", False),
        ("code128", "30569309025904", False),  # a Diners Club test number
        ("qr", "https://kitecoffee.example/r/000123", True),
        ("itf", "000770012026112100", True),
    ],
)
def test_a_barcode_has_its_check_digit_or_is_no_card(symbology: str, value: str, fits: bool) -> None:
    body = contract_example() | {"barcode": {"symbology": symbology, "value": value}}
    if fits:
        assert receipts.parse(body).barcode is not None
    else:
        assert problems_of(body).keys() == {"barcode.value"}


@given(st.lists(gtins(), min_size=30, max_size=30))
def test_baskets_of_valid_gtins_are_taken(codes: list[str]) -> None:
    lines = [{"description": "Item", "quantity": "1", "amount": 1, "gtin": code, "vat_rate": "0"} for code in codes]
    body = contract_example() | {"lines": lines, "total": 30, "vat": []}
    assert receipts.parse(body | {"tenders": [{"type": "card", "amount": 30}]}).total == 30


def test_a_packed_body_beats_plain_compression() -> None:
    chosen = random.Random(42)
    body = contract_example() | {"vat": [], "lines": []}
    while True:
        price = chosen.randrange(50, 5000)
        words = " ".join("".join(chosen.choices("aeionrstlcm", k=chosen.randrange(3, 9))) for _ in range(3))
        line = {"description": words, "quantity": "1", "unit_price": price, "amount": price, "vat_rate": "0"}
        line["gtin"] = gs1_completed("50" + "".join(chosen.choices("0123456789", k=10)))
        body["lines"].append(line)
        body["total"] = body["tenders"][0]["amount"] = sum(line["amount"] for line in body["lines"])
        receipt = receipts.parse(body)
        plain = len(zlib.compress(receipts.canonical_json(receipt)))
        if plain >= 2048:
            break
    packed = len(receipts.pack(receipt))
    print(f"\n{len(body['lines'])} lines: zlib {plain} bytes, packed {packed} bytes")
    assert packed <= 1900 * plain / 2048


def test_a_registered_merchant_id_may_look_like_a_card_number() -> None:
    body = changed(contract_example(), ("tenders", 0, "merchant_id"), lambda _: "371449635398431")
    assert receipts.parse(body).tenders[0].merchant_id == "371449635398431"


@pytest.mark.parametrize("packed", [b"", b"\x00", b"\x07abc", b"\x01\xff\xff\xff"])
def test_other_bytes_are_no_packed_receipt(packed: bytes) -> None:
    with pytest.raises(ValueError, match="pack"):
        receipts.unpack(packed)


def long_receipt(copies: int) -> dict[str, Any]:
    """The contract's example with its two lines so many times over."""
    body = contract_example()
    body |= {"lines": body["lines"] * copies, "total": 585 * copies}
    body["tenders"][0]["amount"] = 585 * copies
    for entry in body["vat"]:
        entry |= {"net": entry["net"] * copies, "amount": entry["amount"] * copies}
    return body


def calls_to_parse(body: dict[str, Any]) -> int:
    """How often Python code is called: a check within pydantic's core is none, and takes a tenth of the time."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    profiler = sys.getprofile()
    sys.setprofile(count)
    try:
        receipts.parse(body)
    finally:
        sys.setprofile(profiler)
    return calls


def test_a_line_more_costs_a_few_calls() -> None:
    calls_to_parse(long_receipt(1))  # What is cached is so from here on.
    per_line = (calls_to_parse(long_receipt(20)) - calls_to_parse(long_receipt(10))) / 20
    print(f"\n{per_line:.1f} calls a line")
    assert per_line <= 16


def test_a_typical_receipt_is_read_and_checked_in_under_a_millisecond() -> None:
    raw = CONTRACT_EXAMPLE.encode()
    best = min(timeit(lambda: receipts.parse(strict_json.loads(raw)), number=20) / 20 for _ in range(10))
    assert best < 0.001
