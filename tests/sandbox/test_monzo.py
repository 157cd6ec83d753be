"""A customer links an account at Monzo, over real HTTP and with IAM on: pages, webhooks, receipts, and the end."""

import json

from infra.sandbox import monzo_rules
from infra.sandbox.visitor import Visitor
from tests.sandbox.engine_parts import eventually
from tests.sandbox.live import Live

ACCOUNT = "acc_00009237aqC8c5umZmrRdh"


def test_an_account_is_linked_and_unlinked(live: Live) -> None:
    monzo = live.partners.monzo
    visitor = Visitor(live.http, live.deployment.api_url, ACCOUNT)
    first = visitor.ask("GET", visitor.page)
    assert first.status_code == 200
    assert "default-src 'none'" in first.headers["content-security-policy"]
    # The till's clock is learned from a payment with codes.
    live.consent("monzo_1")
    payment, receipt = live.sale("monzo", "monzo_1")
    live.stage.pay("openbank", payment)
    live.stage.print_receipt("kite", receipt)
    assert live.stage.shown("openbank", payment)["state"] == "matched"
    earlier = monzo.pay(ACCOUNT, 733, "merch_0001")

    assert "Monzo is connected" in visitor.connect().text
    mine = [each for each in monzo.webhooks.values() if each["account_id"] == ACCOUNT] or None
    eventually(lambda: any(each["account_id"] == ACCOUNT for each in monzo.webhooks.values()), 30)
    assert mine is None or len(mine) == 1
    paid = monzo.pay(ACCOUNT, 722, "merch_0001")
    for transaction, amount in ((earlier, 733), (paid, 722)):
        live.stage.print_receipt("kite", printed(live, transaction["created"], amount))
        eventually(lambda told=transaction: monzo.receipt_of(told["id"]), 40)
        shown = monzo.receipt_of(transaction["id"])
        assert shown is not None
        assert monzo_rules.problems(shown) == []
        assert shown["total"] == amount

    assert "is disconnected" in visitor.disconnect().text
    eventually(lambda: not [each for each in monzo.webhooks.values() if each["account_id"] == ACCOUNT], 90)
    eventually(lambda: not [each for each in monzo._grants if each.account_id == ACCOUNT], 20)
    live.settle()
    assert not any(depth for name, depth in live.depths().items() if "DeadLetters" in name and "Links" in name)
    assert ACCOUNT not in json.dumps(live.items())


def printed(live: Live, at: str, amount: int) -> dict[str, object]:
    receipt = live.stage.event("retailer_receipt.sale", f"monzo-{amount}")
    line = {"description": "Tea", "quantity": "1", "amount": amount, "vat_rate": "20"}
    tenders = [{"type": "card", "amount": amount}]
    return receipt | {"issued_at": at, "total": amount, "lines": [line], "tenders": tenders, "vat": []}
