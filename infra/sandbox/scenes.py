"""The scenes of the demo, in the order in which they are played. Each plays files of events/ and compares."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from infra.sandbox.bank import Trouble
from infra.sandbox.monzo_scene import linked_account
from infra.sandbox.scenes_of_life import LIFE
from infra.sandbox.stage import STRANGER, Stage

OPEN, HARBOUR = "openbank", "harbourbank"
A_LITTLE = timedelta(seconds=2)


def play(stage: Stage) -> list[str]:
    """Play every scene. Returns what was not as expected."""
    for number, scene in enumerate(SCENES, start=1):
        stage.begin(number, str(scene.__doc__))
        try:
            scene(stage)
        except httpx.HTTPError as error:
            stage.compare("every call is answered", type(error).__name__, "an answer")
    stage.begin(len(SCENES) + 1, "What must not have happened")
    stage.at_the_end(lambda: _sent_once(stage))
    stage.end()
    return stage.failures


def consents(stage: Stage) -> None:
    """Three customers turn receipts on"""
    for bank, customer in ((OPEN, "cust_42"), (OPEN, "cust_43"), (HARBOUR, "H-1001")):
        answer = stage.consent(bank, customer, granted=True)
        stage.compare(f"{customer} has receipts on", answer["granted"], True)


def transaction_first(stage: Stage) -> None:
    """The payment is reported first, the receipt follows"""
    payment = stage.event("bank_webhook.authorised")
    stage.compare("payment taken", stage.pay(OPEN, payment).status_code, 202)
    stage.compare("receipt taken", stage.print_receipt("kite", stage.event("retailer_receipt.sale")).status_code, 202)
    shown = stage.shown(OPEN, payment)
    stage.compare("the customer sees two lines", _lines(shown), ["Flat white", "Porridge"])
    stage.compare("the shop's VAT number is on it", _part(shown, "retailer", "vat_number"), "GB123456782")
    if shown:
        stage.terminal.receipt(shown["receipt"])


def correction(stage: Stage) -> None:
    """The till corrects the receipt"""
    payment = stage.event("bank_webhook.authorised")
    stage.print_receipt("kite", stage.event("retailer_receipt.correction"))
    shown = stage.shown(OPEN, payment, "corrected")
    stage.compare("a second version is shown", shown.get("version"), 2)
    stage.compare("with what was corrected", _lines(shown)[1:], ["Porridge with honey"])


def receipt_first(stage: Stage) -> None:
    """The receipt comes first, the payment follows: another bank, goods by weight"""
    payment = stage.event("bank_webhook.authorised_harbourbank")
    stage.print_receipt("fern", stage.event("retailer_receipt.weighed_goods"))
    stage.pay(HARBOUR, payment)
    shown = stage.shown(HARBOUR, payment)
    stage.compare("it is the store in Hove", _part(shown, "store", "name"), "Fern & Field Hove")


def refund(stage: Stage) -> None:
    """A coffee is given back"""
    payment = stage.event("bank_webhook.refunded")
    stage.pay(OPEN, payment)
    receipt = stage.event("retailer_receipt.refund")
    stage.print_receipt("kite", receipt)
    shown = stage.shown(OPEN, payment)
    stage.compare("the credit has a refund's receipt", _body(shown).get("kind"), "refund")
    stage.compare("which names the first", _body(shown).get("original_receipt_id"), receipt["original_receipt_id"])


def split_tender(stage: Stage) -> None:
    """A table pays with two cards and cash"""
    payment = stage.event("bank_webhook.split_card_one")
    stage.pay(OPEN, payment)
    stage.print_receipt("kite", stage.event("retailer_receipt.split_tender"))
    tenders = _body(stage.shown(OPEN, payment)).get("tenders", [])
    stage.compare("only one's own card is shown", [each.get("last4") for each in tenders], ["4242", None, None])
    told = sorted({name for other in tenders[1:] for name in other})
    stage.compare("of the others type and amount", told, ["amount", "type"])


def equal_coffees(stage: Stage) -> None:
    """Two equal coffees within a minute, with authorisation codes: both right"""
    cases = ("one", "two")
    payments = [stage.event(f"bank_webhook.equal_coffee_{case}") for case in cases]
    receipts = [stage.event(f"retailer_receipt.equal_coffee_{case}") for case in cases]
    stage.pay(OPEN, payments[1])
    stage.print_receipt("kite", *receipts)
    stage.pay(OPEN, payments[0])
    seen = [_body(stage.shown(OPEN, payment)).get("receipt_id") for payment in payments]
    stage.compare("each has its own", seen, [receipt["receipt_id"] for receipt in receipts])


def equal_coffees_without_codes(stage: Stage) -> None:
    """Two equal coffees at once, without any code: abstain rather than guess"""
    cases = ("one", "two")
    receipts = [_at_till_04(stage.event(f"retailer_receipt.equal_coffee_{case}", "bare")) for case in cases]
    payments = [_without_codes(stage.event(f"bank_webhook.equal_coffee_{case}", "bare")) for case in cases]
    receipts[1]["issued_at"] = receipts[0]["issued_at"]
    payments[1]["data"]["authorised_at"] = payments[0]["data"]["authorised_at"]
    for payment in payments:
        stage.pay(OPEN, payment)
    stage.print_receipt("kite", *receipts)
    _never_told(stage, OPEN, payments, "neither coffee's receipt was guessed")


def forged(stage: Stage) -> None:
    """Forged signatures"""
    payment = stage.event("bank_webhook.forged", "forged")
    stage.compare("payment refused", stage.pay(OPEN, payment, secret=STRANGER).status_code, 401)
    receipt = stage.event("retailer_receipt.forged", "forged")
    answer = stage.print_receipt("kite", receipt, secret=STRANGER)
    stage.compare("receipt refused", answer.status_code, 401)
    _never_told(stage, OPEN, [payment], "nothing forged was delivered")


def no_consent(stage: Stage) -> None:
    """A customer who granted nothing, and a shop that does not take part"""
    payment = stage.event("bank_webhook.without_consent")
    elsewhere = stage.event("bank_webhook.merchant_not_live")
    receipt = stage.event("retailer_receipt.sale", "none")
    for name in ("auth_code", "rrn"):
        receipt["tenders"][0][name] = payment["data"][name]
    stage.compare("payment taken, and not kept", stage.pay(OPEN, payment).status_code, 202)
    stage.compare("the shop's receipt taken", stage.print_receipt("kite", receipt).status_code, 202)
    stage.compare("payment elsewhere taken, and not kept", stage.pay(OPEN, elsewhere).status_code, 202)
    _never_told(stage, OPEN, [payment, elsewhere], "no receipt without consent, or from elsewhere")


def poison(stage: Stage) -> None:
    """A poison message in the match queue, and a payment behind it"""
    deployment = stage.deployment
    sqs = deployment.engine.client("sqs")
    policy = sqs.get_queue_attributes(QueueUrl=deployment.match_queue_url, AttributeNames=["RedrivePolicy"])
    arn = json.loads(policy["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
    dead_letters = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]

    def buried() -> int:
        depth = "ApproximateNumberOfMessages"
        counts = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=[depth])
        return int(counts["Attributes"][depth])

    before = buried()
    for body in ("not JSON", json.dumps({"id": "x", "transaction": {"key": 7}})):
        sqs.send_message(QueueUrl=deployment.match_queue_url, MessageBody=body)
    stage.terminal.flow("somebody", "match queue", "two messages that cannot be read", "sent")
    payment = stage.event("bank_webhook.authorised", "poison")
    stage.pay(OPEN, payment)
    stage.print_receipt("kite", stage.event("retailer_receipt.sale", "poison"))
    stage.compare("the payment behind it got its receipt", _lines(stage.shown(OPEN, payment))[:1], ["Flat white"])

    stage.at_the_end(lambda: stage.compare("both poison messages lie in the dead letters", buried() - before, 2))


def failing_bank(stage: Stage) -> None:
    """A bank fails and recovers; the other's customers notice nothing"""
    stage.bank(HARBOUR).behave(Trouble(500, times=2))
    stage.terminal.say("    harbourbank answers 500 to the next two requests")
    basket = stage.event("bank_webhook.basket_harbourbank")
    stage.pay(HARBOUR, basket)
    stage.print_receipt("fern", stage.event("retailer_receipt.basket_of_30"))
    breakfast = stage.event("bank_webhook.authorised", "calm")
    stage.pay(OPEN, breakfast)
    stage.print_receipt("kite", stage.event("retailer_receipt.sale", "calm"))
    stage.compare("openbank's receipt came meanwhile", stage.shown(OPEN, breakfast).get("state"), "matched")
    stage.compare("harbourbank got all thirty lines", len(_lines(stage.shown(HARBOUR, basket))), 30)
    tries = stage.attempts(HARBOUR, basket)
    stage.compare("at the third try", [attempt.status for attempt in tries], [500, 500, 204])
    stage.compare("one delivery id, one body", len({(attempt.delivery_id, attempt.body) for attempt in tries}), 1)


def withdrawal_in_flight(stage: Stage) -> None:
    """A customer turns receipts off while a receipt is on its way"""
    bank = stage.bank(OPEN)
    bank.behave(Trouble(503))
    stage.terminal.say("    openbank answers 503 until the customer has decided")
    payment = stage.event("bank_webhook.equal_coffee_two", "flight")
    stage.pay(OPEN, payment)
    stage.print_receipt("kite", stage.event("retailer_receipt.equal_coffee_two", "flight"))
    transaction_id = payment["data"]["transaction_id"]
    under_way = bank.wait_for(lambda: bool(bank.received(transaction_id)), 30)
    stage.compare("the delivery is under way", under_way, True)
    answer = stage.consent(OPEN, "cust_43", granted=False)
    bank.behave(None)
    effective_at = datetime.fromisoformat(answer["effective_at"])

    def nothing_came() -> None:
        late = [
            each for each in stage.attempts(OPEN, payment) if each.at > effective_at and each.type == "receipt.matched"
        ]
        stage.compare("no receipt was sent after effective_at", len(late), 0)
        stage.compare("the customer is shown none", _body(bank.receipt(transaction_id) or {}).get("receipt_id"), None)

    stage.at_the_end(nothing_came, not_before=effective_at + A_LITTLE)


SCENES: tuple[Callable[[Stage], None], ...] = (
    consents,
    transaction_first,
    correction,
    receipt_first,
    refund,
    split_tender,
    *LIFE,
    equal_coffees,
    linked_account,
    equal_coffees_without_codes,
    forged,
    no_consent,
    poison,
    failing_bank,
    withdrawal_in_flight,
)


def _sent_once(stage: Stage) -> None:
    taken = [attempt.delivery_id for attempt in stage.taken()]
    stage.compare(f"none of the {len(taken)} deliveries was taken twice", len(set(taken)), len(taken))


def _never_told(stage: Stage, bank: str, payments: list[dict[str, Any]], expected: str) -> None:
    def check() -> None:
        stage.compare(expected, sum(len(stage.attempts(bank, payment)) for payment in payments), 0)

    stage.at_the_end(check)


def _body(shown: Mapping[str, Any]) -> dict[str, Any]:
    return shown.get("receipt", {})


def _part(shown: Mapping[str, Any], part: str, name: str) -> object:
    return _body(shown).get(part, {}).get(name)


def _lines(shown: Mapping[str, Any]) -> list[str]:
    return [line["description"] for line in _body(shown).get("lines", [])]


def _without_codes(payment: dict[str, Any]) -> dict[str, Any]:
    """As little as a bank may tell of it."""
    data = payment["data"]
    for name in ("auth_code", "rrn", "card"):
        del data[name]
    del data["merchant"]["terminal_id"]
    return payment


def _at_till_04(receipt: dict[str, Any]) -> dict[str, Any]:
    """Printed by a till of whose clock nothing is known, without the card's codes."""
    tender = receipt["tenders"][0]
    receipt["tenders"] = [{"type": "card", "amount": tender["amount"]}]
    return receipt | {"till_id": "04"}
