"""What Monzo says, as one event of ours. Figures are of its documentation and of bodies that others saw."""

from typing import Any

import pytest

from counterfoil.banks import monzo
from counterfoil.banks.adapter import Arrival, Credentials
from counterfoil.domain import path_secrets
from counterfoil.domain.facts import contradict, faces, together
from counterfoil.errors import Invalid, Unauthenticated
from tests.banks.test_monzo_receipts import NOW


def told(kind: str = "transaction.created", **data: Any) -> dict[str, Any]:
    """A contactless payment of 24.95, authorised."""
    merchant = {"id": "merch_0000A", "group_id": "grp_00009", "name": "Tesco", "online": False, "emoji": "🍏"}
    metadata = {
        "mcc": "5411", "mastercard_card_id": "mccard_0000A", "token_unique_reference": "DSHRMC",
        "ledger_insertion_id": "entryset_0000B", "mastercard_auth_message_id": "mcauthmsg_0000B",
    }  # fmt: skip
    payment = {
        "id": "tx_0000B", "account_id": "acc_0000A", "created": "2026-01-04T14:38:34.453Z",
        "updated": "2026-01-04T14:38:35.133Z", "settled": "", "amount": -2495, "currency": "GBP", "local_amount": -2495,
        "local_currency": "GBP", "merchant": merchant, "metadata": metadata, "scheme": "mastercard", "is_load": False,
        "latitude": 52.0, "categories": {"groceries": -2495},
    }  # fmt: skip
    return {"type": kind, "data": payment | data}


def parsed(kind: str = "transaction.created", **data: Any) -> Any:
    event = monzo.parse(told(kind, **data))
    assert event is not None
    return event


def test_a_contactless_payment() -> None:
    event = parsed()
    assert event.type == "transaction.authorised"
    assert event.happened_at.isoformat() == "2026-01-04T14:38:34.453000+00:00"
    assert event.data.model_dump(exclude_none=True) == {
        "transaction_id": "tx_0000B",
        "customer_id": "acc_0000A",
        "account_id": "acc_0000A",
        "card": {"card_id": "mccard_0000A", "scheme": "mastercard", "token": "DSHRMC"},
        "direction": "debit",
        "amount": 2495,
        "currency": "GBP",
        "authorised_at": event.happened_at,
        "status": "authorised",
        "merchant": {"merchant_id": "merch_0000A", "mcc": "5411", "name": "Tesco"},
    }


def test_created_and_updated_of_one_state_are_one_fact() -> None:
    created, updated = parsed("transaction.created"), parsed("transaction.updated")
    assert updated.data == created.data
    assert together([created.fact], [updated.fact]) == (created.fact,)


def test_an_update_before_settlement_takes_the_place_of_what_was_authorised() -> None:
    created = parsed("transaction.created", amount=-9900)
    updated = parsed("transaction.updated", amount=-4523, updated="2026-01-04T14:44:00Z")
    assert not contradict([created.fact], [updated.fact])
    looked_for = faces(together([created.fact], [updated.fact]), created.data.authorised_at)
    assert [face.amount for face in looked_for] == [4523, 9900]


def test_settled_is_a_clearing_at_the_amount_it_has_then() -> None:
    event = parsed("transaction.updated", settled="2026-01-09T05:37:55.283Z", amount=-3607)
    assert (event.type, event.data.amount) == ("transaction.cleared", 3607)
    assert event.happened_at.isoformat() == "2026-01-09T05:37:55.283000+00:00"
    assert event.data.authorised_at.isoformat() == "2026-01-04T14:38:34.453000+00:00"


def test_a_fuel_pumps_reserve_is_not_what_was_sold() -> None:
    event = parsed(amount=-3607, local_amount=-12000, amount_is_pending=True)
    assert (event.data.amount, event.data.currency) == (3607, "GBP")


def test_of_a_foreign_payment_the_till_has_the_local_amount() -> None:
    event = parsed(amount=-8438, local_amount=-382685, local_currency="THB")
    assert (event.data.amount, event.data.currency) == (382685, "THB")


def test_a_credit_at_a_merchant_is_a_refund_settled_or_not() -> None:
    for settled in ("", "2026-01-09T05:37:55.283Z"):
        event = parsed(amount=2495, settled=settled)
        assert (event.type, event.data.direction, event.data.amount) == ("transaction.refunded", "credit", 2495)
    named = parsed(amount=2495, metadata={"original_transaction_id": "tx_0000A"})
    assert named.data.original_transaction_id == "tx_0000A"


def test_an_authorisation_given_back_reverses_all_of_it() -> None:
    event = parsed("transaction.updated", amount=0, local_amount=0)
    assert (event.type, event.data.amount) == ("transaction.reversed", monzo.MOST)
    assert event.happened_at.isoformat() == "2026-01-04T14:38:35.133000+00:00"


def test_a_check_of_a_card_is_an_authorisation_of_nothing() -> None:
    for kind in ("transaction.created", "transaction.updated"):
        event = parsed(kind, amount=0, local_amount=0, metadata={"mcc": "5812"})
        assert (event.type, event.data.amount) == ("transaction.authorised", 0)


def test_a_merchant_may_be_an_id_alone() -> None:
    assert parsed(merchant="merch_00009dJsgV0VotW3KBPyC1").data.merchant.merchant_id == "merch_00009dJsgV0VotW3KBPyC1"


def test_the_oldest_documented_form_is_taken() -> None:
    """No scheme, no metadata, no local amount, and `settled` is a flag."""
    body = told(settled=True)
    for name in ("scheme", "metadata", "local_amount", "local_currency", "updated"):
        del body["data"][name]
    event = monzo.parse(body)
    assert event is not None
    assert event.type == "transaction.cleared"
    assert event.happened_at == event.data.authorised_at


@pytest.mark.parametrize(
    "data",
    [
        {"merchant": None},
        {"decline_reason": "INSUFFICIENT_FUNDS"},
        {"scheme": "uk_retail_pot"},
        {"scheme": "payport_faster_payments", "merchant": None},
        {"scheme": "monzo_flex", "merchant": "tx_0000B"},
        {"is_load": True},
        {"scheme": "uk_retail_pot", "currency": "no currency", "amount": None},
    ],
)
def test_what_is_no_card_payment_is_nothing(data: dict[str, Any]) -> None:
    assert monzo.parse(told(**data)) is None


def test_another_kind_of_event_is_nothing() -> None:
    assert monzo.parse({"type": "account.closed", "data": {}}) is None


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"amount": -24.95}, "data.amount"),
        ({"amount": True}, "data.amount"),
        ({"currency": "GBPS"}, "data.currency"),
        ({"created": "yesterday"}, "data.created"),
        ({"settled": "soon"}, "data.settled"),
        ({"account_id": ""}, "data.account_id"),
        ({"merchant": {"name": "Tesco"}}, "data.merchant.id"),
        ({"merchant": 5}, "data.merchant"),
        ({"metadata": "none"}, "data.metadata"),
    ],
)
def test_what_cannot_be_read_is_named(data: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        monzo.parse(told(**data))
    assert [problem.field for problem in refused.value.problems] == [field]


@pytest.mark.parametrize("value", [None, [], {}, {"type": 5, "data": {}}, {"type": "transaction.created", "data": []}])
def test_what_is_no_event_at_all_is_refused(value: object) -> None:
    with pytest.raises(Invalid):
        monzo.parse(value)


def test_the_secret_of_the_path_proves_the_call() -> None:
    key, credentials = monzo.SECRET_PATH.new_keys()
    call = Arrival("POST", "/v1/banks/monzo/transactions", {}, b"{}")
    proved = monzo.SECRET_PATH.sign(call, key, NOW)
    assert proved.path == f"/v1/banks/monzo/transactions/{key}"
    monzo.SECRET_PATH.verify(proved, credentials, NOW)
    assert key not in str(credentials.secrets)
    other = monzo.SECRET_PATH.new_keys()[1]
    for wrong in (other, Credentials(), Credentials(secrets=(key,)), Credentials(secrets=("ü",))):
        with pytest.raises(Unauthenticated):
            monzo.SECRET_PATH.verify(proved, wrong, NOW)


@pytest.mark.parametrize("secret", ["", "x", "\ud800", "a" * 43 + "!", "../" + "a" * 40])
def test_what_is_no_secret_proves_nothing(secret: str) -> None:
    with pytest.raises(Unauthenticated):
        path_secrets.verify(secret, [path_secrets.hashed(secret)])
