"""Monzo, as its documentation tells it: OAuth 2.0, accounts, webhooks, transactions and receipts. No I/O of its own.

Everything lives in memory. `post(url, body)` sends a webhook; methods may be called from any thread.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Condition
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from infra.sandbox.monzo_rules import problems
from infra.sandbox.monzo_wire import decoded, rfc3339, webhook_body

ACCESS_TOKEN_ENDS = timedelta(hours=6)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
MOST_LISTED = 100
Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client, registered with the one address to which customers come back."""

    client_id: str
    secret: str
    redirect_url: str


@dataclass(slots=True)
class Grant:
    """What a customer allowed a client: one access token at a time, and a refresh token that is good once."""

    account_id: str
    access: str = ""
    refresh: str = ""
    ends: datetime = LONG_AGO


@dataclass
class Monzo:
    """`unconfirmed`: accounts whose customer has not confirmed in the app what they allowed on the page."""

    client: Client
    accounts: dict[str, str] = field(default_factory=dict)  # id to description
    post: Callable[[str, bytes], object] = lambda _url, _body: None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    webhooks: dict[str, dict[str, str]] = field(default_factory=dict)
    transactions: dict[str, dict[str, Any]] = field(default_factory=dict)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    unconfirmed: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    _codes: dict[str, str] = field(default_factory=dict)
    _grants: list[Grant] = field(default_factory=list)
    _changed: Condition = field(default_factory=Condition)

    # The customer

    def allow(self, account_id: str, client_id: str, redirect_url: str) -> str | None:
        """The code with which the customer is sent back; None for an unknown client, address or account."""
        known = (client_id, redirect_url) == (self.client.client_id, self.client.redirect_url)
        if not known or account_id not in self.accounts:
            return None
        code = secrets.token_urlsafe(24)
        with self._changed:
            self._codes[code] = account_id
        return code

    def pay(self, account_id: str, amount: int, merchant: str, **more: Any) -> dict[str, Any]:
        """A card payment (minor units), at a merchant of Monzo's (`merch_…`), told to every webhook."""
        transaction = self._new_transaction(account_id, -amount, merchant, more)
        self._tell("transaction.updated", transaction)
        self._tell("transaction.created", transaction)
        return transaction

    def refund(self, account_id: str, amount: int, merchant: str, **more: Any) -> dict[str, Any]:
        transaction = self._new_transaction(account_id, amount, merchant, more)
        self._tell("transaction.created", transaction)
        return transaction

    def change(self, transaction_id: str, **changes: Any) -> dict[str, Any]:
        """A transaction changes, as when it is settled (`settled`) or given back (`amount=0`)."""
        now = self.clock()
        with self._changed:
            self.transactions[transaction_id] |= changes | {"updated": rfc3339(now)}
        self._tell("transaction.updated", self.transactions[transaction_id])
        return self.transactions[transaction_id]

    def receipt_of(self, transaction_id: str) -> dict[str, Any] | None:
        """What the app shows beside a transaction."""
        with self._changed:
            found = [each for each in self.receipts.values() if each["transaction_id"] == transaction_id]
        return found[-1] if found else None

    def wait_for(self, seen: Callable[[], Any], seconds: float) -> bool:
        """Wait until `seen()` holds after some request; False when it does not within `seconds`."""
        with self._changed:
            return bool(self._changed.wait_for(seen, timeout=seconds))

    # The API

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Any request but those of the customer's own page."""
        target = urlsplit(url)
        arguments = dict(parse_qsl(target.query)) | decoded(headers, body)
        route, _, last = target.path.removeprefix("/").rpartition("/")
        found = _ROUTES.get((method, target.path)) or _ROUTES.get((method, f"/{route}/"))
        with self._changed:
            self.requests.append(f"{method} {target.path}")
            try:
                answer = (404, {"code": "not_found"}) if found is None else found(self, headers, arguments, last)
            finally:
                self._changed.notify_all()
        return answer

    def _token(self, _headers: Mapping[str, str], asked: dict[str, Any], _: str) -> Answer:
        if (asked.get("client_id"), asked.get("client_secret")) != (self.client.client_id, self.client.secret):
            return 401, {"error": "invalid_client"}
        if asked.get("grant_type") == "authorization_code" and asked.get("redirect_uri") == self.client.redirect_url:
            account_id = self._codes.pop(asked.get("code", ""), None)
            grant = Grant(account_id) if account_id else None
            if grant:
                self._grants.append(grant)
        else:
            used = asked.get("refresh_token")
            grant = next((each for each in self._grants if used and each.refresh == used), None)
        if grant is None:
            return 400, {"error": "invalid_grant"}
        # Acquiring a new access token ends every other of this customer.
        self._grants = [each for each in self._grants if each is grant or each.account_id != grant.account_id]
        grant.access, grant.refresh = secrets.token_urlsafe(40), secrets.token_urlsafe(40)
        grant.ends = self.clock() + ACCESS_TOKEN_ENDS
        told = {"access_token": grant.access, "refresh_token": grant.refresh, "token_type": "Bearer"}
        seconds = int(ACCESS_TOKEN_ENDS.total_seconds())
        return 200, told | {"expires_in": seconds, "client_id": self.client.client_id, "user_id": "user_0001"}

    def _grant(self, headers: Mapping[str, str]) -> Grant | None:
        token = {name.lower(): value for name, value in headers.items()}.get("authorization", "").removeprefix(
            "Bearer "
        )
        return next(
            (each for each in self._grants if token and each.access == token and each.ends > self.clock()), None
        )

    def _log_out(self, grant: Grant, _asked: dict[str, Any], _: str) -> Answer:
        self._grants.remove(grant)
        return 200, {}

    def _who_am_i(self, _grant: Grant, _asked: dict[str, Any], _: str) -> Answer:
        return 200, {"authenticated": True, "client_id": self.client.client_id, "user_id": "user_0001"}

    def _accounts(self, grant: Grant, _asked: dict[str, Any], _: str) -> Answer:
        account = {"id": grant.account_id, "description": self.accounts[grant.account_id], "closed": False}
        return 200, {"accounts": [account | {"created": "2015-11-13T12:17:42Z"}]}

    def _list_webhooks(self, grant: Grant, _asked: dict[str, Any], _: str) -> Answer:
        return 200, {"webhooks": [each for each in self.webhooks.values() if each["account_id"] == grant.account_id]}

    def _register_webhook(self, grant: Grant, asked: dict[str, Any], _: str) -> Answer:
        webhook = {"id": f"webhook_{secrets.token_hex(8)}", "account_id": grant.account_id, "url": asked["url"]}
        self.webhooks[webhook["id"]] = webhook
        return 200, {"webhook": webhook}

    def _delete_webhook(self, grant: Grant, _asked: dict[str, Any], webhook_id: str) -> Answer:
        if self.webhooks.get(webhook_id, {}).get("account_id") != grant.account_id:
            return 404, {"code": "not_found"}
        del self.webhooks[webhook_id]
        return 200, {}

    def _list_transactions(self, grant: Grant, asked: dict[str, Any], _: str) -> Answer:
        limit = min(int(asked.get("limit", MOST_LISTED)), MOST_LISTED)
        since, before = asked.get("since", "1970-01-01T00:00:00Z"), asked.get("before", "2999-01-01T00:00:00Z")
        between = (datetime.fromisoformat(since), datetime.fromisoformat(before))
        mine = [each for each in self.transactions.values() if each["account_id"] == grant.account_id]
        found = [each for each in mine if between[0] <= datetime.fromisoformat(each["created"]) < between[1]]
        found.sort(key=lambda each: datetime.fromisoformat(each["created"]))
        return 200, {"transactions": found[:limit]}

    def _put_receipt(self, grant: Grant, asked: dict[str, Any], _: str) -> Answer:
        wrong = problems(asked)
        if wrong:
            return 400, {"code": "bad_request", "message": "; ".join(wrong[:5])}
        if self.transactions.get(asked["transaction_id"], {}).get("account_id") != grant.account_id:
            return 403, {"code": "forbidden.insufficient_permissions"}
        self.receipts[asked["external_id"]] = asked
        return 200, {}

    def _get_receipt(self, _grant: Grant, asked: dict[str, Any], _: str) -> Answer:
        found = self.receipts.get(asked.get("external_id", ""))
        return (200, {"receipt": found}) if found else (404, {"code": "not_found"})

    def _delete_receipt(self, _grant: Grant, asked: dict[str, Any], _: str) -> Answer:
        found = self.receipts.pop(asked.get("external_id", ""), None)
        return (200, {}) if found else (404, {"code": "not_found"})

    def _new_transaction(self, account_id: str, amount: int, merchant: str, more: Mapping[str, Any]) -> dict[str, Any]:
        now = rfc3339(self.clock())
        transaction = {
            "id": f"tx_{secrets.token_hex(11)}",
            "created": now,
            "updated": now,
            "settled": "",
            "amount": amount,
            "currency": "GBP",
            "local_amount": amount,
            "local_currency": "GBP",
            "account_id": account_id,
            "merchant": {"id": merchant, "group_id": "grp_0001", "name": "Kite Coffee", "online": False, "atm": False},
            "metadata": {"mcc": "5814", "mastercard_card_id": "mccard_0001", "ledger_insertion_id": "entryset_0001"},
            "scheme": "mastercard",
            "is_load": False,
            "amount_is_pending": False,
        } | dict(more)
        with self._changed:
            self.transactions[transaction["id"]] = transaction
        return transaction

    def _tell(self, kind: str, transaction: Mapping[str, Any]) -> None:
        for webhook in list(self.webhooks.values()):
            if webhook["account_id"] == transaction["account_id"]:
                self.post(webhook["url"], webhook_body(kind, transaction))


def _with_token(
    handle: Callable[[Monzo, Grant, dict[str, Any], str], Answer],
) -> Callable[[Monzo, Mapping[str, str], dict[str, Any], str], Answer]:
    """401 without a good access token, 403 until the customer has confirmed in the app."""

    def guarded(monzo: Monzo, headers: Mapping[str, str], asked: dict[str, Any], last: str) -> Answer:
        grant = monzo._grant(headers)
        if grant is None:
            return 401, {"error": "invalid_token"}
        if grant.account_id in monzo.unconfirmed:
            return 403, {"code": "forbidden.insufficient_permissions"}
        return handle(monzo, grant, asked, last)

    return guarded


_ROUTES = {
    ("POST", "/oauth2/token"): Monzo._token,
    ("POST", "/oauth2/logout"): _with_token(Monzo._log_out),
    ("GET", "/ping/whoami"): _with_token(Monzo._who_am_i),
    ("GET", "/accounts"): _with_token(Monzo._accounts),
    ("GET", "/webhooks"): _with_token(Monzo._list_webhooks),
    ("POST", "/webhooks"): _with_token(Monzo._register_webhook),
    ("DELETE", "/webhooks/"): _with_token(Monzo._delete_webhook),
    ("GET", "/transactions"): _with_token(Monzo._list_transactions),
    ("PUT", "/transaction-receipts"): _with_token(Monzo._put_receipt),
    ("GET", "/transaction-receipts"): _with_token(Monzo._get_receipt),
    ("DELETE", "/transaction-receipts"): _with_token(Monzo._delete_receipt),
}
