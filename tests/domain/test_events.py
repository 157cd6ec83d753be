"""The receipts of `events/` are taken or refused as their files say, as far as the domain alone can tell."""

from datetime import UTC, datetime

import pytest

from counterfoil.banks import adapter_named
from counterfoil.banks.adapter import Arrival, Credentials
from counterfoil.domain import path_secrets, receipts, registration, strict_json, webhooks
from counterfoil.domain.merchants import Merchant
from counterfoil.domain.receipts import Receipt
from counterfoil.errors import BadRequest, Problem, Unauthenticated
from counterfoil.retailers import till
from infra.sandbox import event_files, signing
from tests.account import REGISTERED

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
SECRETS = {who: webhooks.new_secret() for who in ("kite", "fern", "tern", "stranger")}
KEYS = {bank["bank"]: signing.SCHEMES[bank["adapter"]].new_keys() for bank in REGISTERED}
SIGN_WITH = {bank: key for bank, (key, _) in KEYS.items()}
ADAPTERS = {bank["bank"]: bank["adapter"] for bank in REGISTERED}
CREDENTIALS = {
    bank: Credentials(public_keys=tuple(public)) if public else Credentials(secrets=(key,))
    for bank, (key, public) in KEYS.items()
} | {"monzo": Credentials(secrets=(path_secrets.hashed(SIGN_WITH["monzo"]),))}
FUNCTIONS = {"bank_webhook", "retailer_receipt", "consent_update", "merchant_api", "delivery_status"}

Answer = tuple[int, set[str], list[str]]


@pytest.fixture(scope="module")
def retailers() -> dict[str, Merchant]:
    text = (event_files.EVENTS.parent / "infra/sandbox/merchants.json").read_text()
    return {merchant.retailer: merchant for merchant in registration.parse_merchants(text)}


def answer(event: event_files.Event, merchant: Merchant) -> Answer:
    try:
        webhooks.verify(event.signed(SECRETS, NOW), event.body, [SECRETS[merchant.retailer]], NOW)
        batch = till.parse_receipts(strict_json.loads(event.body))
    except (Unauthenticated, BadRequest) as error:
        return error.status, set(), []
    refused = dict(batch.refused)
    for index, receipt in batch.receipts.items():
        if foreign := foreign_fields(receipt, merchant):
            refused[index] = foreign
    taken = [receipt.receipt_id for index, receipt in batch.receipts.items() if index not in refused]
    return (422 if batch.single and refused else 202), told_fields(refused, batch.single), taken


def foreign_fields(receipt: Receipt, merchant: Merchant) -> tuple[Problem, ...]:
    merchant_ids = {merchant_id for store in merchant.stores for merchant_id in store.merchant_ids}
    fields = [] if receipt.store_id in {store.store_id for store in merchant.stores} else ["store_id"]
    fields += [
        f"tenders[{index}].merchant_id"
        for index, tender in enumerate(receipt.tenders)
        if tender.merchant_id is not None and tender.merchant_id not in merchant_ids
    ]
    return tuple(Problem(field, "is another's") for field in fields)


def told_fields(refused: dict[int, tuple[Problem, ...]], single: bool) -> set[str]:
    return {
        problem.field if single else f"refused[{index}].{problem.field}"
        for index, problems in refused.items()
        for problem in problems
    }


@pytest.mark.parametrize("name", event_files.names("retailer_receipt"))
def test_a_receipt_gets_the_documented_answer(name: str, retailers: dict[str, Merchant]) -> None:
    event = event_files.load(name, NOW)
    expect = event.expect
    status, fields, taken = answer(event, retailers[event.path.split("/")[3]])
    assert status == expect["status"]
    assert fields == set(expect.get("fields", []))
    assert taken == expect.get("accepted", [])


@pytest.mark.parametrize("name", event_files.played("bank_webhook"))
def test_a_banks_proof_is_as_the_file_says(name: str) -> None:
    event = event_files.load(name, NOW)
    adapter = adapter_named(ADAPTERS[event.bank])
    path = event.address(SIGN_WITH)
    secret = path.rpartition("/")[2] if "{secret}" in event.path else ""
    arrival = Arrival(event.method, path, event.signed(SIGN_WITH, NOW), event.body, secret)
    if event.expect["status"] == 401:
        with pytest.raises(Unauthenticated):
            adapter.proof.verify(arrival, CREDENTIALS[event.bank], NOW)
    else:
        adapter.proof.verify(arrival, CREDENTIALS[event.bank], NOW)


def test_times_move_to_the_present() -> None:
    event = event_files.load("retailer_receipt.sale", NOW)
    assert b'"issued_at": "2027-03-01T11:59:03Z"' in event.body
    assert b"2026-11-21" not in event.body


def test_the_pairs_of_a_payment_and_its_receipt_agree() -> None:
    pairs = {
        "authorised": "sale",
        "refunded": "refund",
        "equal_coffee_one": "equal_coffee_one",
        "equal_coffee_two": "equal_coffee_two",
        "split_card_one": "split_tender",
        "cleared_with_tip": "discounts_service_tip",
        "authorised_harbourbank": "weighed_goods",
        "basket_harbourbank": "basket_of_30",
    }
    for payment, receipt in pairs.items():
        paid = strict_json.loads(event_files.load(f"bank_webhook.{payment}", NOW).body)["data"]  # type: ignore[index]
        sold = receipts.parse(strict_json.loads(event_files.load(f"retailer_receipt.{receipt}", NOW).body))
        tender = sold.tenders[0]
        assert (paid["amount"], paid["auth_code"], paid["rrn"]) == (
            tender.amount,
            tender.auth_code,
            tender.rrn,
        )
        assert paid["merchant"]["merchant_id"] == tender.merchant_id
        apart = datetime.fromisoformat(paid["authorised_at"]) - sold.issued_at
        assert 0 <= apart.total_seconds() <= 5


def test_every_function_that_is_called_from_outside_has_events() -> None:
    assert {name.split(".")[0] for name in event_files.names()} >= FUNCTIONS
