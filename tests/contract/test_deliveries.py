"""Every wire's deliveries: ids and sums that hold, and the same bytes at every try."""

import json
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from counterfoil.banks import direct
from counterfoil.runtime import http
from tests.contract.ground import BANK, CALLBACK, Ground

GIVES_UP_AFTER = 4 * 86_400


def delivered(ground: Ground) -> None:
    assert ground.tells(ground.body) == 202
    ground.sells()
    ground.world.run()


def parts(value: Any) -> list[dict[str, Any]]:
    """Every object in a body, at any depth."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [*([value] if isinstance(value, dict) else []), *(part for one in inner for part in parts(one))]


def test_the_receipt_is_told_of_the_banks_own_transaction(ground: Ground) -> None:
    delivered(ground)
    (wire,) = ground.world.wires
    assert wire.url.startswith(CALLBACK)
    said = parts(json.loads(wire.body))
    assert {part["transaction_id"] for part in said if "transaction_id" in part} == {ground.told.data.transaction_id}


def test_its_sums_hold_in_the_banks_own_words(ground: Ground) -> None:
    delivered(ground)
    told = ground.told.data
    (receipt,) = [
        part for part in parts(json.loads(ground.world.wires[0].body)) if "total" in part and "currency" in part
    ]
    assert (receipt["total"], receipt["currency"]) == (told.amount, told.currency)
    lines, paid = (
        next(receipt[name] for name in names if receipt.get(name))
        for names in (("lines", "items"), ("tenders", "payments"))
    )
    taxes = receipt.get("taxes") or []
    assert sum(line["amount"] for line in lines) + sum(tax["amount"] for tax in taxes) == told.amount
    assert sum(tender["amount"] for tender in paid) == told.amount
    assert [line["description"] for line in lines] == ["Tea", "Bread"]


def test_it_is_the_same_bytes_at_every_try(ground: Ground) -> None:
    ground.world.answer = lambda wire: http.Answer(200 if len(ground.world.wires) > 3 else 503)
    assert ground.tells(ground.body) == 202
    ground.sells()
    ground.world.run(seconds=GIVES_UP_AFTER)
    assert len(ground.world.wires) == 4
    assert len({(wire.method, wire.url, wire.body) for wire in ground.world.wires}) == 1
    assert len({wire.headers.get("webhook-id") for wire in ground.world.wires}) == 1


def test_a_callback_is_signed_anew_at_every_try(ground: Ground) -> None:
    """As the reference library sees it. A bank with an interface of its own has its access token there instead."""
    ground.world.answer = lambda wire: http.Answer(200 if len(ground.world.wires) > 1 else 503)
    assert ground.tells(ground.body) == 202
    ground.sells()
    ground.world.run()
    assert len(ground.world.wires) == 2
    if ground.adapter.render is not direct.render:
        assert {wire.headers["authorization"] for wire in ground.world.wires} == {"Bearer access"}
        return
    secret = ground.key if ground.key in ground.credentials.secrets else ground.world.secrets[BANK]
    for wire in ground.world.wires:
        ground.world.clock.move_to(wire.at)
        assert Webhook(secret).verify(wire.body, wire.headers)
    assert len({wire.headers["webhook-signature"] for wire in ground.world.wires}) == 2


def test_a_withdrawal_takes_the_same_receipt_back(ground: Ground) -> None:
    delivered(ground)
    (matched,) = ground.world.wires
    _correct_to_another_amount(ground)
    ground.world.run()
    assert len(ground.world.wires) == 2
    withdrawn = ground.world.wires[1]
    assert "Tea" not in withdrawn.body.decode()
    match_id = next(
        part[name] for part in parts(json.loads(matched.body)) for name in ("match_id", "external_id") if name in part
    )
    assert match_id in withdrawn.body.decode() + withdrawn.url


def _correct_to_another_amount(ground: Ground) -> None:
    """The till corrects its receipt: it was another payment's."""
    told = ground.told.data
    amount = told.amount + 700
    ground.world.pass_time(60)
    ground.world.sells(
        {
            "receipt_id": "contract-1", "store_id": "corner", "till_id": "1", "kind": "sale",
            "issued_at": (told.authorised_at - timedelta(seconds=2)).isoformat(), "currency": told.currency,
            "total": amount, "lines": [{"description": "Tea", "quantity": "1", "amount": amount, "vat_rate": "20"}],
            "tenders": [{"type": "card", "amount": amount}],
        }
    )  # fmt: skip


@pytest.mark.parametrize("status", [204, 410])
def test_what_the_bank_answers_ends_it(ground: Ground, status: int) -> None:
    ground.world.answer = lambda wire: http.Answer(status)
    delivered(ground)
    # An interface of the bank's own does not go for good with one answer.
    ended = status != 410 or ground.adapter.render is direct.render
    assert (len(ground.world.wires) == 1) is ended
