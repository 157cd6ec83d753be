"""A customer withdraws while a receipt is queued for a bank that fails."""

from datetime import UTC, datetime, timedelta

from infra.sandbox.bank import Trouble
from tests.sandbox.engine_parts import eventually
from tests.sandbox.live import Live

AT_MOST_AHEAD = timedelta(seconds=20)


def test_nothing_is_sent_after_a_withdrawal_takes_effect(live: Live) -> None:
    live.consent("gone_1", "stays_1")
    bank = live.stage.bank("openbank")
    bank.behave(Trouble(503))
    leaves, stays = live.sale("gone", "gone_1"), live.sale("stays", "stays_1")
    for payment, receipt in (leaves, stays):
        live.stage.pay("openbank", payment)
        live.stage.print_receipt("kite", receipt)
        assert bank.wait_for(lambda paid=payment: bool(live.stage.attempts("openbank", paid)), 20)

    told_at = datetime.now(UTC)
    answer = live.stage.consent("openbank", "gone_1", granted=False)
    effective_at = datetime.fromisoformat(answer["effective_at"])
    bank.behave(None)

    assert effective_at - told_at <= AT_MOST_AHEAD + timedelta(seconds=1)
    assert live.stage.shown("openbank", stays[0])["state"] == "matched", "the other customer's receipt comes"
    delivery_id = live.stage.attempts("openbank", leaves[0])[0].delivery_id
    eventually(lambda: bank.api.delivery(delivery_id)["state"] == "suppressed", 40)
    eventually(lambda: datetime.now(UTC) > effective_at, 25)
    live.settle()
    sent = live.stage.attempts("openbank", leaves[0])
    assert [attempt.type for attempt in sent if attempt.at > effective_at and attempt.type != "receipt.withdrawn"] == []
    assert [attempt.status for attempt in sent if attempt.type != "receipt.withdrawn"] == [503] * len(sent)
    assert "receipt" not in (bank.receipt(leaves[0]["data"]["transaction_id"]) or {})


def test_a_later_payment_of_that_customer_is_not_kept(live: Live) -> None:
    live.consent("gone_2")
    live.stage.consent("openbank", "gone_2", granted=False)
    payment, receipt = live.sale("later", "gone_2")
    live.settle()
    before = live.kept()
    assert live.stage.pay("openbank", payment).status_code == 202
    live.settle()
    assert live.kept() == before
    live.stage.print_receipt("kite", receipt)
    live.settle()
    assert live.stage.attempts("openbank", payment) == []
