"""One card payment, as its issuer tells it and as the till prints it."""

import json
from dataclasses import dataclass
from random import Random
from typing import Literal

from infra.retail.files import millisecond, whole_second
from infra.retail.people import Customer, Issuer
from infra.retail.recipe import Recipe
from infra.retail.shops import Store
from infra.retail.tills import Till

What = Literal["authorised", "cleared", "reversed", "refunded"]


@dataclass(slots=True)
class CardPayment:
    """`shown`: the last four digits that the till saw. `amount`: pence, as authorised or refunded.

    `told`: when the first of its events was here, none where its customer is a stranger.
    """

    transaction_id: str
    store: Store
    till: Till
    customer: Customer
    shown: str
    amount: int
    at: float
    auth: str
    rrn: str
    original: str | None = None
    told: float | None = None

    @property
    def by_phone(self) -> bool:
        return self.shown != self.customer.last4

    def event(self, issuer: Issuer, what: What, at: float, amount: int, arrival: float) -> str:
        """A line of `transactions.jsonl`, with its end."""
        customer, store = self.customer, self.store
        told = {
            "last4": (self.shown if issuer.tells_device else customer.last4) if issuer.tells_last4 else None,
            "token": f"tok_{customer.number}_{self.shown}" if self.by_phone and issuer.tells_token else None,
        }
        card = {"card_id": f"card_{customer.number}", "scheme": customer.scheme, **_given(told)}
        merchant = {"merchant_id": store.merchant_id, "mcc": store.kind.mcc, "name": store.label}
        if issuer.tells_terminal:
            merchant["terminal_id"] = self.till.terminal_id
        codes = {
            "auth_code": self.auth if issuer.tells_auth else None,
            "rrn": self.rrn if issuer.tells_rrn else None,
            "original_transaction_id": self.original,
        }
        data = {
            "transaction_id": self.transaction_id, "customer_id": f"cust_{customer.number}", "card": card,
            "direction": "credit" if what == "refunded" else "debit", "amount": amount, "currency": "GBP",
            "authorised_at": whole_second(self.at), "status": what, "merchant": merchant, **_given(codes),
        }  # fmt: skip
        body = {"type": f"transaction.{what}", "timestamp": whole_second(at), "data": data}
        line = {"at": millisecond(arrival), "bank": issuer.bank, "body": body}
        return json.dumps(line, separators=(",", ":")) + "\n"

    def tender(self, recipe: Recipe, random: Random, amount: int) -> str:
        """The card tender on the receipt, as JSON."""
        store = self.store
        auth = self.auth if store.tells_auth else None
        if auth and random.random() < recipe.auth_garbled:
            auth = f"{random.randrange(10**6):06}"
        told = {
            "last4": self.shown if store.tells_last4 else None,
            "scheme": self.customer.scheme,
            "auth_code": auth,
            "rrn": self.rrn if store.tells_rrn else None,
            "merchant_id": store.merchant_id if store.tells_merchant else None,
            "terminal_id": self.till.terminal_id if store.tells_terminal else None,
        }
        given = "".join(f',"{name}":"{value}"' for name, value in told.items() if value)
        return f'{{"type":"card","amount":{amount}{given}}}'


def _given(told: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in told.items() if value is not None}
