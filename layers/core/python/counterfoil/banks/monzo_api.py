"""Monzo's API for a linked account: the calls, and what their answers say (docs.monzo.com). No I/O.

Every call but the two for tokens carries the account's access token. Requests are form-encoded, answers JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from pydantic import ConfigDict, Field

from counterfoil.banks.adapter import Call
from counterfoil.domain import strict_json
from counterfoil.domain.fields import Id, Wire, validated
from counterfoil.domain.times import rfc3339

PAGE = 100
"""The most transactions that Monzo lists at once."""


class _Part(Wire):
    model_config = ConfigDict(extra="ignore")


class _Account(_Part):
    id: Id
    closed: bool = False


class Webhook(_Part):
    """A webhook as Monzo lists it."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    url: str


class _Accounts(_Part):
    accounts: Annotated[tuple[_Account, ...], Field(max_length=100, strict=False)]


class _Webhooks(_Part):
    webhooks: Annotated[tuple[Webhook, ...], Field(max_length=1000, strict=False)]


class _Transactions(_Part):
    transactions: Annotated[tuple[dict[str, Any], ...], Field(max_length=1000, strict=False)]


def open_accounts(body: bytes) -> list[str]:
    """The ids of the accounts in an answer to `accounts`. Raises Refused for what is no such answer."""
    return [account.id for account in validated(_Accounts, strict_json.loads(body)).accounts if not account.closed]


def webhooks_in(body: bytes) -> tuple[Webhook, ...]:
    """Raises Refused for what is no answer to `webhooks`."""
    return validated(_Webhooks, strict_json.loads(body)).webhooks


def transactions_in(body: bytes) -> tuple[dict[str, Any], ...]:
    """Raises Refused for what is no answer to `transactions`."""
    return validated(_Transactions, strict_json.loads(body)).transactions


@dataclass(frozen=True, slots=True, repr=False)
class MonzoApi:
    """The calls at `address`, for the account whose access token this is."""

    address: str
    token: str

    def accounts(self) -> Call:
        return self._call("GET", "/accounts")

    def webhooks(self, account_id: str) -> Call:
        return self._call("GET", "/webhooks", {"account_id": account_id})

    def register_webhook(self, account_id: str, url: str) -> Call:
        return self._call("POST", "/webhooks", form={"account_id": account_id, "url": url})

    def delete_webhook(self, webhook_id: str) -> Call:
        return self._call("DELETE", f"/webhooks/{quote(webhook_id, safe='')}")

    def transactions(self, account_id: str, since: str, before: datetime) -> Call:
        """`since`: a time (RFC 3339), or the id of the last transaction of the page before."""
        asked = {"account_id": account_id, "since": since, "before": rfc3339(before), "limit": str(PAGE)}
        return self._call("GET", "/transactions", asked | {"expand[]": "merchant"})

    def log_out(self) -> Call:
        """Ends the access token and its refresh token."""
        return self._call("POST", "/oauth2/logout")

    def _call(
        self, method: Any, path: str, query: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> Call:
        url = self.address.rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
        headers = {"authorization": f"Bearer {self.token}", "accept": "application/json"}
        if form is None:
            return Call(method, url, headers)
        return Call(
            method, url, headers | {"content-type": "application/x-www-form-urlencoded"}, urlencode(form).encode()
        )
