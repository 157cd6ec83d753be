"""A bank that reports as Starling does: feed items in place of canonical events."""

from collections.abc import Mapping
from typing import Any

from infra.sandbox.bank import Bank, Payment

DIRECTIONS = {"OUT": "debit", "IN": "credit"}


class StarlingBank(Bank):
    """It takes its receipts at its callback, as every bank that has no interface of its own for them."""

    def record(self, event: Mapping[str, Any]) -> Payment:
        """Enter a feed item in the customer's feed."""
        item = event["content"]
        data = {
            "transaction_id": item["feedItemUid"],
            "customer_id": event["accountHolderUid"],
            "merchant": {"name": item["counterPartyName"]},
            "amount": item["amount"]["minorUnits"],
            "currency": item["amount"]["currency"],
            "direction": DIRECTIONS[item["direction"]],
            "authorised_at": item["transactionTime"],
            "status": item["status"].lower(),
        }
        return super().record({"data": data})
