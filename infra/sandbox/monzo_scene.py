"""The demo's scene of an account that its customer links."""

from datetime import UTC, datetime, timedelta

import httpx

from infra.sandbox.stage import PATIENCE, Stage
from infra.sandbox.terminal import money
from infra.sandbox.visitor import Visitor

CUSTOMER = "acc_0000B2wNq8yTr6dKs4HeVm"
AMOUNT = 611
TAKEN_DOWN = timedelta(seconds=40)  # what is recalled needs the account, which is let go after that


def linked_account(stage: Stage) -> None:
    """A customer of Monzo's connects the account, pays, sees the receipt in Monzo, and disconnects"""
    monzo, api = stage.partners.monzo, stage.deployment.api_url
    with httpx.Client(timeout=30) as http:
        visitor = Visitor(http, api, CUSTOMER)
        stage.compare("connected", "Monzo is connected" in visitor.connect().text, True)
        stage.terminal.flow("customer", "monzo", "allows Counterfoil to see the account", "connected")
        stage.compare("Monzo has our webhook", monzo.wait_for(lambda: len(_webhooks(stage)) == 1, PATIENCE), True)
        paid = monzo.pay(CUSTOMER, AMOUNT, "merch_0001")
        stage.terminal.flow("monzo", "counterfoil", f"transaction.created  {money(AMOUNT, 'GBP')}", "sent")
        receipt = stage.event("retailer_receipt.sale", "monzo") | {
            "issued_at": paid["created"],
            "total": AMOUNT,
            "lines": [{"description": "Flat white and a bun", "quantity": "1", "amount": AMOUNT, "vat_rate": "20"}],
            "tenders": [{"type": "card", "amount": AMOUNT, "last4": "0190"}],
            "vat": [],
        }
        stage.print_receipt("kite", receipt)
        monzo.wait_for(lambda: monzo.receipt_of(paid["id"]), PATIENCE)
        shown = monzo.receipt_of(paid["id"]) or {"items": []}
        seen = [item["description"] for item in shown["items"]]
        stage.compare("the receipt is in Monzo", seen, ["Flat white and a bun"])
        stage.compare("disconnected", "is disconnected" in visitor.disconnect().text, True)
    stage.at_the_end(
        lambda: stage.compare("Monzo has no webhook of ours any more", len(_webhooks(stage)), 0),
        not_before=datetime.now(UTC) + TAKEN_DOWN,
    )


def _webhooks(stage: Stage) -> list[str]:
    webhooks = list(stage.partners.monzo.webhooks.values())
    return [webhook["url"] for webhook in webhooks if webhook["account_id"] == CUSTOMER]
