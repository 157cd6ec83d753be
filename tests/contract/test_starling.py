"""Starling's feed items in canonical terms: each status, what is no card payment, and bodies as publicly seen."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from counterfoil.banks import starling
from counterfoil.domain.facts import Fact
from counterfoil.errors import Invalid
from infra.sandbox import event_files

AT = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)


def body(**content: Any) -> dict[str, Any]:
    told = json.loads(event_files.load("bank_webhook.starling", AT).body)
    told["content"] |= content
    return told


@pytest.mark.parametrize(
    ("direction", "status", "kind"),
    [
        ("OUT", "PENDING", "authorised"),
        ("OUT", "SETTLED", "cleared"),
        ("OUT", "REVERSED", "reversed"),
        ("OUT", "REFUNDED", None),
        ("OUT", "DECLINED", None),
        ("OUT", "ACCOUNT_CHECK", None),
        ("OUT", "UPCOMING", None),
        ("OUT", "UPCOMING_CANCELLED", None),
        ("OUT", "RETRYING", None),
        ("OUT", "SOMETHING_NEW", None),
        ("IN", "PENDING", "authorised"),
        ("IN", "SETTLED", "refunded"),
        ("IN", "REFUNDED", "refunded"),
        ("IN", "REVERSED", "reversed"),
        ("IN", "DECLINED", None),
    ],
)
def test_each_status_is_a_fact_or_no_payment(direction: str, status: str, kind: str | None) -> None:
    event = starling.parse(body(direction=direction, status=status))
    assert (event and event.fact.kind) == kind
    if event is not None:
        assert event.type == f"transaction.{kind}"
        assert event.data.status == kind
        assert event.data.direction == ("debit" if direction == "OUT" else "credit")


@pytest.mark.parametrize(
    "source",
    ["FASTER_PAYMENTS_IN", "DIRECT_DEBIT", "CASH_WITHDRAWAL", "MASTERCARD_MONEYSEND", "MASTERCARD_CHARGEBACK", "NEW"],
)
def test_only_card_payments_are_read(source: str) -> None:
    told = body(source=source)
    for name in ("amount", "transactionTime", "counterPartySubEntityUid", "feedItemUid"):
        del told["content"][name]
    assert starling.parse(told) is None


@pytest.mark.parametrize("kind", ["STANDING_ORDER", "STANDING_ORDER_PAYMENT"])
def test_other_webhooks_are_none_of_our_business(kind: str) -> None:
    assert starling.parse({"webhookType": kind, "content": {"paymentOrder": {}, "success": True}}) is None


def test_every_field_is_where_it_belongs() -> None:
    event = starling.parse(body())
    assert event is not None
    assert event.model_dump(mode="json", exclude_none=True) == {
        "type": "transaction.authorised",
        "timestamp": "2026-11-21T09:10:43Z",
        "data": {
            "transaction_id": "75bdb29d-9866-49bc-ab98-5b6fc7bdc903",
            "customer_id": "84d3a4a4-4f0c-4f0e-9d0a-2f1f6f5f0b11",
            "account_id": "0f3ad7e5-6a29-4c37-8d3a-8f6f7be4a1c2",
            "card": {"last4": "1234", "scheme": "mastercard"},
            "direction": "debit",
            "amount": 338,
            "currency": "GBP",
            "authorised_at": "2026-11-21T09:10:42Z",
            "status": "authorised",
            "merchant": {
                "merchant_id": "a0c32d1d-0685-4f9e-a288-05169caac5b1",
                "mcc": "5814",
                "name": "Kite Coffee Soho",
            },
            "auth_code": "Q7T2LM",
        },
    }


def test_a_clearing_keeps_its_time_however_often_it_is_told() -> None:
    """Its owner writes a note on a settled payment: Starling tells of it anew, and it is still one clearing."""
    settled = json.loads(event_files.load("bank_webhook.starling_settled", AT).body)
    noted = copy.deepcopy(settled) | {"eventTimestamp": "2026-11-23T20:00:00.000Z", "webhookEventUid": "another"}
    noted["content"] |= {"updatedAt": "2026-11-23T20:00:00.000Z", "userNote": "lunch"}
    told = [starling.parse(one) for one in (settled, noted)]
    facts = {event.fact for event in told if event is not None}
    assert facts == {Fact(datetime(2026, 11, 21, 9, 14, 43, tzinfo=UTC), "cleared", 338)}


def test_figures_of_a_public_feed_item() -> None:
    """Chip and PIN, settled at once, no details of the card: as seen in a public test of Starling's feed."""
    content = {
        "feedItemUid": "75bdb29d-9866-49bc-ab98-5b6fc7bdc903",
        "categoryUid": "6e7e4af5-6731-47bc-a8ef-01f941fcf506",
        "amount": {"currency": "GBP", "minorUnits": 338},
        "sourceAmount": {"currency": "GBP", "minorUnits": 338},
        "direction": "OUT",
        "updatedAt": "2023-05-22T16:29:43.309Z",
        "transactionTime": "2023-05-22T16:29:42.000Z",
        "settlementTime": "2023-05-22T16:29:43.243Z",
        "source": "MASTER_CARD",
        "sourceSubType": "CHIP_AND_PIN",
        "status": "SETTLED",
        "transactingApplicationUserUid": "6e7d6c34-0465-4c6c-bd69-3ecdb721aa1e",
        "counterPartyType": "MERCHANT",
        "counterPartyUid": "66ee126e-be32-4fd6-a779-218ee9275bfe",
        "counterPartySubEntityUid": "a0c32d1d-0685-4f9e-a288-05169caac5b1",
        "country": "GB",
        "spendingCategory": "EATING_OUT",
        "hasAttachment": False,
        "hasReceipt": False,
        "batchPaymentDetails": None,
    }
    event = starling.parse(
        {
            "webhookEventUid": "x",
            "eventTimestamp": "2023-05-22T16:29:43.500Z",
            "accountHolderUid": "h",
            "content": content,
        }
    )
    assert event is not None
    assert (event.type, event.data.amount, event.data.auth_code) == ("transaction.cleared", 338, None)
    assert event.happened_at == datetime(2023, 5, 22, 16, 29, 43, 243000, tzinfo=UTC)


@pytest.mark.parametrize(
    "details",
    [
        None,
        {},
        {"cardLast4": "1234", "mcc": 12, "posTimestamp": {"hour": 1, "minute": 2, "second": 3, "nano": 0}},
        {"authorisationCode": "", "posTimestamp": "09:10:42"},
        {"merchantIdentifier": "MID", "somethingNew": [1]},
    ],
)
def test_details_of_the_card_in_every_documented_shape(details: Any) -> None:
    event = starling.parse(body(masterCardFeedDetails=details))
    assert event is not None
    assert event.data.auth_code is None
    assert event.data.merchant.mcc in (None, "0012")


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"amount": {"currency": "GBP", "minorUnits": -1}}, "content.amount.minorUnits"),
        ({"amount": {"currency": "GBP", "minorUnits": 3.38}}, "content.amount.minorUnits"),
        ({"amount": {"currency": "UNDEFINED", "minorUnits": 338}}, "content.amount.currency"),
        ({"direction": "SIDEWAYS"}, "content.direction"),
        ({"counterPartySubEntityUid": None}, "content.counterPartySubEntityUid"),
        ({"masterCardFeedDetails": {"cardLast4": "12345"}}, "content.masterCardFeedDetails.cardLast4"),
    ],
)
def test_what_cannot_be_taken_is_named_as_starling_names_it(content: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        starling.parse(body(**content))
    assert [problem.field for problem in refused.value.problems] == [field]
