"""A card payment becomes a receipt in the bank's app."""

from tests.world import World


def test_a_payment_and_its_receipt_become_one_delivery(counterfoil: World) -> None:
    assert counterfoil.consent()["statusCode"] == 200
    assert counterfoil.play("bank_webhook.authorised")["statusCode"] == 202
    counterfoil.run(0)
    assert counterfoil.play("retailer_receipt.sale")["statusCode"] == 202
    counterfoil.run(0)
    [notice] = counterfoil.notices()
    assert notice["type"] == "receipt.matched"
    assert notice["data"]["transaction_id"] == "tx_0001"
    assert notice["data"]["receipt"]["store"]["name"] == "Kite Coffee Soho"
    assert counterfoil.items("rendezvous") == []
