"""Monzo: webhooks at a secret path of each linked account, receipts by its receipts API.

After its public documentation (docs.monzo.com) and bodies seen by others (crate monzo-webhook). What was seen:

- `transaction.updated` often comes before `transaction.created`, and both carry the transaction as it stands.
- `amount` is what the account moves. Where the card was charged in another currency, `local_amount` is what the till
  has. A fuel pump's authorisation has a `local_amount` in the same currency that was never sold: it is not used.
- A declined payment has its `decline_reason` from the first word on: nothing was paid.
- A check of a card is an amount of 0 that never was in the ledger (`ledger_insertion_id`). An update to 0 of what was
  there is an authorisation given back.
- The oldest example has `settled: true` in place of the time.
"""

import json
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from counterfoil.banks.adapter import Arrival, BankAdapter, Call, Credentials, Proof
from counterfoil.banks.monzo_receipts import receipt_of
from counterfoil.domain import path_secrets
from counterfoil.domain.deliveries import Notice
from counterfoil.domain.fields import Currency, Id, Instant, Wire, validated
from counterfoil.domain.merchants import Bank
from counterfoil.domain.times import rfc3339
from counterfoil.domain.transactions import Code, TransactionEvent
from counterfoil.errors import Invalid, Problem

MOST = 999_999_999_999
_CARD_SCHEME = "mastercard"
_TYPES = ("transaction.created", "transaction.updated")


class _Part(Wire):
    # Monzo's transactions carry much that is none of our business: it is not even read.
    model_config = ConfigDict(extra="ignore")


class _Merchant(_Part):
    id: Code
    name: Annotated[str, Field(max_length=200)] | None = None


class _Metadata(_Part):
    mcc: Code | None = None
    mastercard_card_id: Id | None = None
    token_unique_reference: Code | None = None
    original_transaction_id: Id | None = None
    ledger_insertion_id: str | None = None


Minor = Annotated[int, Field(ge=-MOST, le=MOST)]
NoneIfEmpty = BeforeValidator(lambda value: value or None)


class _Transaction(_Part):
    """What is read of Monzo's transaction. `amount` is negative for a debit; `settled` is empty until it is."""

    id: Id
    account_id: Id
    amount: Minor
    currency: Currency
    local_amount: Minor | None = None
    local_currency: Annotated[Currency | None, NoneIfEmpty] = None
    created: Instant
    updated: Annotated[Instant | None, NoneIfEmpty] = None
    settled: Annotated[Instant | None, NoneIfEmpty] = None
    merchant: Annotated[_Merchant, BeforeValidator(lambda value: {"id": value} if isinstance(value, str) else value)]
    metadata: Annotated[_Metadata, BeforeValidator(lambda value: {} if value is None else value)] = _Metadata()

    @model_validator(mode="before")
    @classmethod
    def _settled_at_some_time(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("settled") is True:
            return value | {"settled": value.get("updated") or value.get("created")}
        return value


class _Envelope(_Part):
    type: Annotated[str, Field(max_length=100)]
    data: dict[str, Any]


class _Webhook(_Part):
    type: str
    data: _Transaction


def parse(value: object) -> TransactionEvent | None:
    """The event, or None for what is no card payment: transfers, pots, declined payments, no merchant."""
    envelope = validated(_Envelope, value)
    data = envelope.data
    by_card = data.get("scheme", _CARD_SCHEME) == _CARD_SCHEME and data.get("merchant") and not data.get("is_load")
    if envelope.type not in _TYPES or not by_card or data.get("decline_reason"):
        return None
    return _canonical(validated(_Webhook, value).data, envelope.type == "transaction.updated")


def _canonical(told: _Transaction, is_update: bool) -> TransactionEvent:
    if (told.local_amount is None) is not (told.local_currency is None):
        raise Invalid([Problem("data.local_currency", "must come with local_amount, and that with it")])
    foreign = told.local_currency not in (None, told.currency)
    amount, currency = (told.local_amount, told.local_currency) if foreign else (told.amount, told.currency)
    fact, at = _fact(told, is_update)
    data = {
        "transaction_id": told.id,
        "customer_id": told.account_id,
        "account_id": told.account_id,
        "card": {
            "card_id": told.metadata.mastercard_card_id,
            "scheme": _CARD_SCHEME,
            "token": told.metadata.token_unique_reference,
        },
        "direction": "credit" if fact == "refunded" else "debit",
        # How much was given back is not told: all of it.
        "amount": MOST if fact == "reversed" else abs(amount or 0),
        "currency": currency,
        "authorised_at": rfc3339(told.created),
        "status": fact,
        "merchant": {"merchant_id": told.merchant.id, "mcc": told.metadata.mcc, "name": told.merchant.name},
        "original_transaction_id": told.metadata.original_transaction_id,
    }
    return validated(TransactionEvent, {"type": f"transaction.{fact}", "timestamp": rfc3339(at), "data": data})


def _fact(told: _Transaction, is_update: bool) -> tuple[str, datetime]:
    """What the present state says happened, and when."""
    if told.amount > 0:
        return "refunded", told.created
    if told.amount == 0 and is_update and told.metadata.ledger_insertion_id:
        return "reversed", told.updated or told.created
    if told.settled:
        return "cleared", told.settled
    return "authorised", (told.updated if is_update else None) or told.created


def render(notice: Notice, bank: Bank, credentials: Credentials, now: datetime) -> Call:  # noqa: ARG001 - as every bank
    """To the receipts API of the linked account; the same `external_id` again replaces the receipt."""
    url = f"{bank.callback_url.rstrip('/')}/transaction-receipts"
    headers = {"authorization": f"Bearer {credentials.token}"}
    if notice.receipt is None:
        return Call("DELETE", f"{url}?{urlencode({'external_id': notice.match_id})}", headers)
    body = {
        "external_id": notice.match_id,
        "transaction_id": notice.transaction_id,
        **receipt_of(notice.receipt),
    }
    encoded = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Call("PUT", url, headers | {"content-type": "application/json"}, encoded)


def _verify(arrival: Arrival, credentials: Credentials, now: datetime) -> None:  # noqa: ARG001 - an old call is a repeat
    path_secrets.verify(arrival.secret, credentials.secrets)


def _sign(arrival: Arrival, key: str, now: datetime) -> Arrival:  # noqa: ARG001
    return replace(arrival, path=f"{arrival.path}/{key}", secret=key)


def _new_keys() -> tuple[str, Credentials]:
    secret = path_secrets.new_secret()
    return secret, Credentials(secrets=(path_secrets.hashed(secret),))


SECRET_PATH = Proof(_verify, _sign, _new_keys, timed=False)

ADAPTER = BankAdapter(
    name="monzo",
    proof=SECRET_PATH,
    parse=parse,
    render=render,
    own_merchant_ids=True,
    requires=("oauth",),
    takes=(_Webhook, _Envelope),
)
