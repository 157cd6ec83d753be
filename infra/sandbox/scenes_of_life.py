"""Scenes of what becomes of a payment: charged at another amount, gathered, printed twice, charged back."""

from infra.sandbox.stage import Stage

BANK = "openbank"


def fuel(stage: Stage) -> None:
    """A pump reserves £100, and £45.23 is what was pumped"""
    stage.pay(BANK, stage.event("bank_webhook.fuel_authorised"))
    stage.print_receipt("fern", stage.event("retailer_receipt.fuel"))
    cleared = stage.event("bank_webhook.fuel_cleared")
    stage.pay(BANK, cleared)
    shown = stage.shown(BANK, cleared).get("receipt", {})
    stage.compare("the receipt is found at the amount charged", shown.get("total"), 4523)


def journeys(stage: Stage) -> None:
    """A day's journeys: ten pence at the first tap, one charge in the night, one receipt"""
    stage.pay(BANK, stage.event("bank_webhook.journeys_authorised"))
    stage.print_receipt("tern", stage.event("retailer_receipt.journeys"))
    cleared = stage.event("bank_webhook.journeys_cleared")
    stage.pay(BANK, cleared)
    shown = stage.shown(BANK, cleared).get("receipt", {})
    stage.compare("it lists every tap", [line["amount"] for line in shown.get("lines", [])], [175, 175, 175])


def charged_back(stage: Stage) -> None:
    """A receipt is printed twice, and then the payment is charged back"""
    payment = stage.event("bank_webhook.authorised", "back")
    stage.pay(BANK, payment)
    stage.print_receipt("kite", stage.event("retailer_receipt.sale", "back"))
    stage.compare("the receipt is there", stage.shown(BANK, payment).get("state"), "matched")
    again = stage.print_receipt("kite", stage.event("retailer_receipt.reprint", "back"))
    stage.compare("a reprint is taken", again.status_code, 202)
    stage.pay(BANK, stage.event("bank_webhook.charged_back", "back"))
    stage.compare("the receipt is taken back", stage.shown(BANK, payment, "withdrawn").get("state"), "withdrawn")

    def told_twice() -> None:
        told = [attempt.type for attempt in stage.attempts(BANK, payment)]
        stage.compare("the reprint told the bank nothing", told, ["receipt.matched", "receipt.withdrawn"])

    stage.at_the_end(told_twice)


LIFE = (fuel, journeys, charged_back)
