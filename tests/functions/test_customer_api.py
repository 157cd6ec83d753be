"""A customer's cards and receipts, as their bank asks for them."""

from counterfoil.runtime import secrets
from counterfoil.store import cards, table
from tests.account import stored
from tests.audit import kept
from tests.flows.scenarios import (
    SECOND_CARD,
    know_the_clock,
    payment,
    receipt,
    reversed_payment,
    tell,
    two_tenders,
    with_lines,
)
from tests.flows.scenarios import at as told_at
from tests.functions.customer_api import CUSTOMER, another_sale, ask, card, ids, receipts
from tests.world import World

# Cards


def test_a_card_is_kept_and_listed(shop: World) -> None:
    first = card(shop, "card_8", last4="1111", scheme="mastercard")
    second = card(shop, "card_9", last4="4242", tokens=["tok_applepay_1"], replaces="card_8")
    assert (first["statusCode"], second["statusCode"]) == (200, 200)
    listed = ask(shop, "cards")["json"]["cards"]
    assert listed == [first["json"], second["json"]]
    assert listed[0]["lineage"] == listed[1]["lineage"] != card(shop, "card_10")["json"]["lineage"]


def test_nothing_of_a_card_stands_in_the_clear(shop: World) -> None:
    card(shop, "card_8", scheme="mastercard", tokens=["tok_applepay_1"])
    text = repr([stored("ledger"), stored("salts")])
    assert not [word for word in ("card_8", "mastercard", "tok_applepay_1") if word in text]


def test_the_same_card_again_writes_nothing(shop: World) -> None:
    card(shop, "card_9", last4="4242")
    before = stored("ledger")
    assert card(shop, "card_9", last4="4242")["statusCode"] == 200
    assert stored("ledger") == before


def test_a_card_that_cannot_be_is_refused_with_its_reason(shop: World) -> None:
    shop.consent("cust_43")
    card(shop, "card_8")
    card(shop, "card_7", "cust_43")
    refused = {
        "none granted": card(shop, "card_9", "cust_44"),
        "another's card": card(shop, "card_8", "cust_43"),
        "another's predecessor": card(shop, "card_9", replaces="card_7"),
        "no such predecessor": card(shop, "card_9", replaces="card_none"),
        "itself": card(shop, "card_9", replaces="card_9"),
        "a card number": card(shop, "4111111111111111"),
    }
    assert {name: answer["statusCode"] for name, answer in refused.items()} == {
        "none granted": 409,
        "another's card": 409,
        "another's predecessor": 422,
        "no such predecessor": 422,
        "itself": 422,
        "a card number": 422,
    }
    assert "granted no purpose" in refused["none granted"]["json"]["detail"]
    assert "another customer's name" in refused["another's card"]["json"]["detail"]
    assert refused["another's predecessor"]["json"] == refused["no such predecessor"]["json"]
    assert len(ask(shop, "cards")["json"]["cards"]) == 1


def test_after_a_withdrawal_no_card_is_taken_and_all_are_read(shop: World) -> None:
    card(shop, "card_8")
    shop.consent(granted=False)
    assert card(shop, "card_9")["statusCode"] == 409
    assert [one["card_id"] for one in ask(shop, "cards")["json"]["cards"]] == ["card_8"]


def test_who_is_not_known_has_no_cards(shop: World) -> None:
    assert ask(shop, "cards", "cust_44")["statusCode"] == 404
    assert shop.request("GET", f"{CUSTOMER.format('cust_42')}/cards", scope="counterfoil/harbourbank.customers")[
        "statusCode"
    ] == 403  # fmt: skip


def test_forgotten_cards_leave_nothing(shop: World) -> None:
    before = stored("salts")
    card(shop, "card_8")
    card(shop, "card_9", replaces="card_8")
    cards.forget(secrets.sealer().subject("openbank", "cust_42"))
    assert stored("salts") == before
    assert not [item for item in stored("ledger") if item["sk"] == "K"]


def test_each_holder_of_a_joint_account_has_the_receipts_of_their_own_card(shop: World) -> None:
    shop.consent("cust_43")
    card(shop, "card_9", "cust_43", last4="4242")
    tell(shop, *another_sale(shop, 1), *another_sale(shop, 2, card={"card_id": "card_1", "last4": "4242"}))
    shop.run()
    assert ids(receipts(shop)) == ["soho-03-000002"]
    assert ids(receipts(shop, "cust_43")) == ["soho-03-000001"]


def test_a_payment_by_the_card_of_a_holder_without_consent_is_nobodys(shop: World) -> None:
    shop.consent("cust_43")
    card(shop, "card_9", "cust_43")
    shop.consent("cust_43", granted=False)
    shop.pays(payment(shop))
    assert kept()[0] == {}


# Receipts


def test_a_receipt_is_read_with_its_shop_and_card(shop: World) -> None:
    tell(shop, payment(shop), receipt(shop))
    shop.run(0)
    [listed] = receipts(shop)
    told = shop.notices()[0]["data"]
    assert listed["receipt"] == told["receipt"]
    assert listed["match_id"] == told["match_id"]
    assert (listed["transaction_id"], listed["version"]) == ("tx_0001", 1)
    assert listed["card"] == {"card_id": "card_9", "last4": "4242", "scheme": "mastercard"}
    assert ask(shop, f"receipts/{listed['match_id']}")["json"] == listed


def test_a_corrected_receipt_is_read_as_corrected_and_one_that_was_taken_back_not_at_all(shop: World) -> None:
    tell(shop, payment(shop), receipt(shop), receipt(shop, till_id=None))
    [listed] = receipts(shop)
    assert (listed["version"], "till_id" in listed["receipt"]) == (2, False)
    tell(shop, told_at(reversed_payment(shop), 9))
    assert receipts(shop) == []
    assert ask(shop, f"receipts/{listed['match_id']}")["statusCode"] == 404


def test_a_payer_reads_type_and_amount_of_the_others_tenders(shop: World) -> None:
    know_the_clock(shop)
    shop.consent("cust_43")
    others = payment(shop, "tx_0002", amount=285, customer_id="cust_43", **SECOND_CARD)
    tell(shop, payment(shop, amount=300), others, two_tenders(shop))
    shop.run()
    [mine], [theirs] = receipts(shop), receipts(shop, "cust_43")
    assert mine["receipt"]["tenders"][1] == {"type": "card", "amount": 285}
    assert theirs["receipt"]["tenders"][0] == {"type": "card", "amount": 300}
    assert mine["match_id"] != theirs["match_id"]


def test_a_large_receipt_is_read_too(shop: World) -> None:
    tell(shop, payment(shop), with_lines(receipt(shop), 400))
    [listed] = receipts(shop)
    assert len(listed["receipt"]["lines"]) == 400


def test_nobody_reads_anothers(shop: World) -> None:
    shop.consent("cust_43")
    tell(shop, payment(shop), receipt(shop))
    [listed] = receipts(shop)
    assert receipts(shop, "cust_43") == []
    strangers = f"receipts/{listed['match_id']}"
    for customer in ("cust_43", "cust_none", "..", "%2e%2e"):
        assert ask(shop, strangers, customer)["statusCode"] == 404
    for scope in ("counterfoil/harbourbank.customers", "counterfoil/openbank.consents", ""):
        for path in ("receipts", strangers, "cards"):
            answer = shop.request("GET", f"{CUSTOMER.format('cust_42')}/{path}", scope=scope)
            assert answer["statusCode"] == 403
    for unknown in ("match_unknown", listed["match_id"][:-1] + "!", listed["match_id"][:-9] + "AAAAAAAAA"):
        assert ask(shop, f"receipts/{unknown}")["statusCode"] == 404


def test_what_is_kept_is_read_after_a_withdrawal_and_not_after_the_salt_is_gone(shop: World) -> None:
    tell(shop, payment(shop), receipt(shop))
    shop.run(0)
    shop.consent(granted=False)
    assert len(receipts(shop)) == 1
    salt = {"pk": {"S": f"C#{secrets.sealer().subject('openbank', 'cust_42')}"}}
    shop.original_call(table._client(), "DeleteItem", {"TableName": "salts", "Key": salt})
    assert ask(shop, "receipts")["statusCode"] == 404


def test_a_receipt_is_found_by_its_barcode_by_nobody_but_its_payer(shop: World) -> None:
    shop.consent("cust_43")
    tell(shop, *another_sale(shop, 1), *another_sale(shop, 2, customer_id="cust_43"))
    shop.run()
    assert ids(receipts(shop, barcode="SOHO03000001")) == ["soho-03-000001"]
    assert receipts(shop, barcode="SOHO03000002") == []
    assert ids(receipts(shop, "cust_43", barcode="SOHO03000002")) == ["soho-03-000002"]
