"""A direct bank, as one that integrates would write it: its customers' payments and the receipts for them.

It reports card transactions in signed webhooks, takes deliveries at its callback, and can be told to misbehave.
Everything lives in memory. Methods may be called from any thread.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from threading import Condition
from typing import TYPE_CHECKING, Any

import httpx

from infra.sandbox.partner_api import PartnerApi
from infra.sandbox.signing import STANDARD_WEBHOOKS, Request, Scheme, is_genuine

if TYPE_CHECKING:
    from infra.sandbox.sign_in import SignIn

Listener = Callable[[str, str], None]  # (customer_id, "payments" or "consent")


@dataclass(slots=True)
class Payment:
    """A row of a customer's feed. `amount` in minor units, `at` RFC 3339, `direction` debit or credit."""

    transaction_id: str
    customer_id: str
    merchant: str
    amount: int
    currency: str
    direction: str
    at: str
    status: str
    original_transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery as it came over the wire. `signed` are its webhook headers; `status` is the bank's answer, 0 where
    it stayed silent."""

    delivery_id: str
    type: str
    transaction_id: str
    body: bytes
    at: datetime
    status: int
    signed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Trouble:
    """How a bank misbehaves: it answers `status`, or with status 0 nothing at all, for the next `times`
    requests (None: until told otherwise)."""

    status: int
    retry_after: int | None = None
    times: int | None = None


@dataclass
class Bank:
    """One bank. Its `secrets` verify what it gets (any of them); `signing_key` signs what it sends, as `scheme` says:
    where none is given, the first secret does. `sign_in`: who its customers are, for other people's pages; until one
    of them paid, the `usual_customers` are offered there."""

    bank: str
    name: str
    secrets: list[str]
    api: PartnerApi
    scheme: Scheme = STANDARD_WEBHOOKS
    signing_key: str = ""
    sign_in: "SignIn | None" = None
    usual_customers: Sequence[str] = ("cust_42",)
    payments: dict[str, Payment] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    trouble: Trouble | None = None
    listeners: set[Listener] = field(default_factory=set)
    on_attempt: "Callable[[Bank, Attempt], None] | None" = None
    _receipts: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    _changed: Condition = field(default_factory=Condition)

    def __post_init__(self) -> None:
        self.signing_key = self.signing_key or self.secrets[0]

    @property
    def own_page(self) -> str | None:
        """Where its customers decide what Counterfoil does, if they sign in there through this bank."""
        return self.sign_in.client.redirect_url.removesuffix("/signed-in") if self.sign_in else None

    # Its own ledger

    def record(self, event: Mapping[str, Any]) -> Payment:
        """Enter a canonical transaction event in the customer's feed: a later fact updates its payment."""
        data = event["data"]
        payment = Payment(
            transaction_id=data["transaction_id"],
            customer_id=data["customer_id"],
            merchant=data["merchant"].get("name") or data["merchant"]["merchant_id"],
            amount=data["amount"],
            currency=data["currency"],
            direction=data["direction"],
            at=data["authorised_at"],
            status=data["status"],
            original_transaction_id=data.get("original_transaction_id"),
        )
        with self._changed:
            self.payments[payment.transaction_id] = payment
        self._tell(payment.customer_id, "payments")
        return payment

    def feed(self, customer_id: str) -> list[dict[str, Any]]:
        """The customer's payments, newest first, each with `receipt`: its latest state or None."""
        with self._changed:
            mine = [p for p in self.payments.values() if p.customer_id == customer_id]
            mine.sort(key=lambda payment: datetime.fromisoformat(payment.at), reverse=True)
            return [asdict(payment) | {"receipt": self._latest(payment.transaction_id)} for payment in mine]

    def customers(self) -> list[str]:
        """Customers with a payment, in the order of their first."""
        with self._changed:
            return list(dict.fromkeys(payment.customer_id for payment in self.payments.values()))

    # To Counterfoil

    def send(self, event: Mapping[str, Any], *, secret: str | None = None) -> httpx.Response:
        """Report a transaction, signed; `secret` replaces the bank's own key (a forger's, for instance)."""
        request = Request("POST", f"/v1/banks/{self.bank}/transactions", json.dumps(event).encode())
        proof = self.scheme.sign(secret or self.signing_key, request, datetime.now(UTC))
        headers = {"content-type": "application/json"} | proof
        return self.api.http.post(f"{self.api.api_url}{request.path}", content=request.body, headers=headers)

    def consent(self, customer_id: str) -> dict[str, Any]:
        """Whether the customer has `receipts` granted, and from when: {granted, effective_at}."""
        return self.api.receipts(customer_id)

    def set_consent(self, customer_id: str, *, granted: bool) -> dict[str, Any]:
        """Pass on the customer's choice."""
        answer = self.api.set_receipts(customer_id, granted=granted)
        self._tell(customer_id, "consent")
        return answer

    # From Counterfoil

    def receive(self, headers: Mapping[str, str], body: bytes) -> tuple[int, int | None]:
        """Take a delivery. Returns the status to answer (0: answer nothing) and a Retry-After in seconds."""
        trouble = self._next_trouble()
        if trouble:
            self._note(headers, body, trouble.status)
            return trouble.status, trouble.retry_after
        if not is_genuine(headers, body, self.secrets):
            self._note(headers, body, 401)
            return 401, None
        self._keep(json.loads(body))
        self._note(headers, body, 204)
        return 204, None

    def behave(self, trouble: Trouble | None) -> None:
        """Misbehave from now on, or (None) recover."""
        with self._changed:
            self.trouble = trouble

    def received(self, transaction_id: str) -> list[Attempt]:
        """Every request that came for a transaction, in order."""
        with self._changed:
            return [attempt for attempt in self.attempts if attempt.transaction_id == transaction_id]

    def receipt(self, transaction_id: str) -> dict[str, Any] | None:
        """What the customer sees for a payment: `state`, `version`, `match`, and `receipt` unless withdrawn."""
        with self._changed:
            return self._latest(transaction_id)

    def wait_for(self, seen: Callable[[], bool], seconds: float) -> bool:
        """Wait until `seen()` holds after some delivery; False when it does not within `seconds`."""
        with self._changed:
            return self._changed.wait_for(seen, timeout=seconds)

    def _next_trouble(self) -> Trouble | None:
        with self._changed:
            trouble = self.trouble
            if trouble and trouble.times is not None:
                left = trouble.times - 1
                self.trouble = Trouble(trouble.status, trouble.retry_after, left) if left else None
            return trouble

    def _keep(self, delivery: dict[str, Any]) -> None:
        """The highest version of a match wins; a withdrawal leaves nothing of the receipt."""
        data = delivery["data"]
        with self._changed:
            matches = self._receipts.setdefault(data["transaction_id"], {})
            known = matches.get(data["match_id"])
            if known and known["version"] >= data["version"]:
                return
            state = delivery["type"].removeprefix("receipt.")
            kept = {"state": state, "version": data["version"]}
            if state != "withdrawn":
                kept |= {"match": data["match"], "receipt": data["receipt"]}
            matches[data["match_id"]] = kept
            payment = self.payments.get(data["transaction_id"])
        if payment:
            self._tell(payment.customer_id, "payments")

    def _latest(self, transaction_id: str) -> dict[str, Any] | None:
        matches = list(self._receipts.get(transaction_id, {}).values())
        valid = [match for match in matches if match["state"] != "withdrawn"]
        shown = valid or matches
        return shown[-1] if shown else None

    def _note(self, headers: Mapping[str, str], body: bytes, status: int) -> None:
        try:
            delivery = json.loads(body)
            kind, transaction_id = delivery["type"], delivery["data"]["transaction_id"]
        except (ValueError, KeyError, TypeError):
            kind, transaction_id = "?", "?"
        signed = {name: value for name, value in headers.items() if name.startswith("webhook-")}
        message_id = headers.get("webhook-id", "?")
        attempt = Attempt(message_id, kind, transaction_id, body, datetime.now(UTC), status, signed)
        if self.on_attempt:
            self.on_attempt(self, attempt)
        with self._changed:
            self.attempts.append(attempt)
            self._changed.notify_all()

    def _tell(self, customer_id: str, what: str) -> None:
        for listener in list(self.listeners):
            listener(customer_id, what)
