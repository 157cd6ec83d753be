"""VAT agrees with the lines within a minor unit a line a rate, and every payer gets a VAT receipt."""

from typing import Any

import pytest
from hypothesis import given

from counterfoil.domain import receipts, registration
from counterfoil.domain.merchants import Merchant
from counterfoil.errors import Invalid
from tests.domain.made_receipts import bodies, contract_example, line_value

MERCHANTS = """{"merchants": [{"retailer": "kite", "name": "Kite Coffee Ltd", "status": "live",
 "vat_number": "GB123456782", "secrets": ["counterfoil/webhooks/kite"],
 "stores": [{"store_id": "soho", "name": "Kite Coffee Soho", "address": "12 Frith Street, London",
   "postcode": "W1D 4AA", "phone": "+44 20 7946 0101", "merchant_ids": ["MID000123"],
   "tills": [{"till_id": "03", "terminal_ids": ["T0000042"]}]},
  {"store_id": "camden", "name": "Kite Coffee Camden", "address": "88 Parkway, London",
   "postcode": "NW1 7AN", "merchant_ids": ["MID000124"]}]}]}"""


@pytest.fixture
def kite() -> Merchant:
    return registration.parse_merchants(MERCHANTS)[0]


def with_vat(*entries: tuple[str, int, int], **more: Any) -> dict[str, Any]:
    vat = [{"rate": rate, "net": net, "amount": amount} for rate, net, amount in entries]
    return contract_example() | {"vat": vat} | more


def fields_refused(body: dict[str, Any]) -> set[str]:
    with pytest.raises(Invalid) as refused:
        receipts.parse(body)
    return {problem.field for problem in refused.value.problems}


@pytest.mark.parametrize(
    "body",
    [
        with_vat(("20", 267, 53), ("0", 265, 0)),
        with_vat(("20.0", 267, 53)),  # the zero rate may be left out
        with_vat(("20", 267, 54), ("0", 265, 0)),  # one line, one minor unit
        with_vat(("20", 266, 54), ("0", 264, 0)),
    ],
)
def test_vat_that_agrees(body: dict[str, Any]) -> None:
    assert len(receipts.parse(body).vat) == len(body["vat"])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (with_vat(("20", 267, 55), ("0", 265, 0)), {"vat[0]", "vat[0].amount"}),
        (with_vat(("20", 256, 64), ("0", 265, 0)), {"vat[0].amount"}),
        (with_vat(("20", 317, 63), ("0", 265, 0)), {"vat[0]"}),
        (with_vat(("20", 267, 53), ("0", 262, 0)), {"vat[1]"}),
        (with_vat(("0", 265, 0)), {"vat"}),
        (with_vat(("20", 267, 53), ("20.0", 267, 53)), {"vat[1].rate"}),
        (with_vat(("20", 267, 53), ("5", 100, 5)), {"vat[1]"}),
    ],
)
def test_vat_that_differs(body: dict[str, Any], fields: set[str]) -> None:
    assert fields_refused(body) == fields


def test_a_receipts_discount_is_taken_off_every_rate_by_amount() -> None:
    body = contract_example()
    body |= {"total": 527, "discounts": [{"description": "Loyalty discount", "amount": 58}]}
    body["tenders"][0]["amount"] = 527
    body["vat"] = [{"rate": "20", "net": 240, "amount": 48}, {"rate": "0", "net": 239, "amount": 0}]
    assert receipts.parse(body).total == 527
    body["vat"] = [{"rate": "20", "net": 267, "amount": 53}, {"rate": "0", "net": 207, "amount": 0}]
    assert fields_refused(body) == {"vat[0]", "vat[1]"}


@pytest.mark.parametrize("net_of_service", [267, 267 + 50])
def test_a_service_charge_bears_vat_where_the_till_says_so(net_of_service: int) -> None:
    body = with_vat(("20", net_of_service, net_of_service // 5), ("0", 265, 0), service_charge=60, total=645)
    body["tenders"][0]["amount"] = 645
    assert receipts.parse(body).service_charge == 60


def test_vat_without_rates_on_the_lines_is_checked_in_itself() -> None:
    body = with_vat(("20", 267, 53))
    for line in body["lines"]:
        del line["vat_rate"]
    assert receipts.parse(body).vat[0].amount == 53
    assert fields_refused(body | {"vat": [{"rate": "20", "net": 1000, "amount": 200}]}) == {"vat"}


def test_a_payer_gets_a_vat_receipt(kite: Merchant) -> None:
    body = contract_example() | {"vat": []}
    body["tenders"] = [
        {"type": "card", "amount": 500, "last4": "4242", "auth_code": "A1B2C3", "merchant_id": "MID000123"},
        {"type": "card", "amount": 85, "last4": "0005", "auth_code": "SECRET", "scheme": "amex"},
    ]
    receipt = receipts.parse(body)
    delivered = receipts.for_payer(receipt, 0, kite, kite.stores[0])
    assert delivered["retailer"] == {
        "retailer": "kite",
        "name": "Kite Coffee Ltd",
        "vat_number": "GB123456782",
    }
    assert delivered["store"] == {
        "store_id": "soho",
        "name": "Kite Coffee Soho",
        "address": "12 Frith Street, London",
        "postcode": "W1D 4AA",
        "phone": "+44 20 7946 0101",
        "timezone": "Europe/London",
    }
    assert delivered["vat"] == [
        {"rate": "20", "net": 267, "amount": 53},
        {"rate": "0", "net": 265, "amount": 0},
    ]
    assert delivered["issued_at"] == "2026-11-21T09:14:03Z"
    assert delivered["tenders"][0]["last4"] == "4242"
    assert delivered["tenders"][1] == {"type": "card", "amount": 85}
    assert "SECRET" not in str(delivered)


@given(bodies())
def test_the_vat_told_to_a_payer_covers_what_was_bought(body: dict[str, Any]) -> None:
    body["store_id"] = "soho"
    receipt = receipts.parse(body | {"vat": []})
    kite = registration.parse_merchants(MERCHANTS)[0]
    delivered = receipts.for_payer(receipt, 0, kite, kite.stores[0])
    told = sum(entry["net"] + entry["amount"] for entry in delivered["vat"])
    off = sum(discount["amount"] for discount in body["discounts"])
    assert abs(told - (sum(map(line_value, body["lines"])) - off)) <= len(delivered["vat"])
    assert receipts.parse(body | {"vat": delivered["vat"]}).vat  # what we work out passes our own check
