"""A customer's cards and receipts, as their bank asks for them."""

import json
import os
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from counterfoil.flows.intake import PERSONAL_WORDS
from counterfoil.runtime import secrets
from counterfoil.sealing import leave_in_letterbox, seal
from counterfoil.store import cards, customers, table, transactions
from tests.account import stored
from tests.audit import kept
from tests.flows.scenarios import (
    SECOND_CARD,
    Body,
    know_the_clock,
    payment,
    receipt,
    reversed_payment,
    tell,
    two_tenders,
    with_lines,
)
from tests.flows.scenarios import at as told_at
from tests.world import World

CUSTOMER = "/v1/banks/openbank/customers/{}"
ANOTHERS = {"auth_code": "Z9Y8X7", "rrn": "632500000999"}


@pytest.fixture
def shop(counterfoil: World) -> World:
    counterfoil.consent()
    return counterfoil


def ask(world: World, what: str, customer: str = "cust_42", method: str = "GET", body: Any = None,
        accept: str | None = None, **query: str) -> Any:  # fmt: skip
    path = f"{CUSTOMER.format(customer)}/{what}" + (f"?{urlencode(query)}" if query else "")
    raw = json.dumps(body).encode() if body is not None else b""
    headers = {"accept": accept} if accept is not None else {}
    return world.request(method, path, raw, headers, "counterfoil/openbank.customers")


def card(world: World, card_id: str, customer: str = "cust_42", **told: Any) -> Any:
    return ask(world, f"cards/{card_id}", customer, "PUT", told)


def receipts(world: World, customer: str = "cust_42", **query: str) -> list[dict[str, Any]]:
    answer = ask(world, "receipts", customer, **query)
    assert answer["statusCode"] == 200, answer
    listed: list[dict[str, Any]] = answer["json"]["receipts"]
    return listed


def ids(listed: list[dict[str, Any]]) -> list[str]:
    return [one["receipt"]["receipt_id"] for one in listed]


def another_sale(world: World, number: int, **paid: Any) -> tuple[Body, Body]:
    """A payment and its receipt, later than the first and with codes of their own."""
    codes = {"auth_code": f"B{number:05}", "rrn": f"{700_000_000_000 + number}"}
    sold = receipt(world, f"soho-03-{number:06}")
    sold["tenders"][0] |= codes
    sold["barcode"]["value"] = f"SOHO03{number:06}"
    return payment(world, f"tx_{number}", **codes, **paid), sold


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


# Many


COUNT = int(os.environ.get("RECEIPTS_OF_ONE_CUSTOMER", "80"))
BATCH = "dynamodb.BatchGetItem"


def matched_often(world: World, count: int) -> None:
    """One matched payment as `count` of them, an hour apart, each in its own letterbox."""
    sealer = secrets.sealer()
    [known] = kept()[0].values()
    _, salt = customers.with_salt(known.subject)
    assert salt is not None
    assert known.match is not None
    keys, receipt_key = sealer.customer(salt), known.match.tender_key.rpartition(".")[0]
    body_key = keys.open_letterbox(known.key, known.match.letter, bound_to=receipt_key)
    for number in range(count):
        key = keys.transaction_key("openbank", f"tx_{number}")
        sealed = seal(
            keys.seal_key, transactions.deflate(b'{"transaction_id":"tx_%d"}' % number, PERSONAL_WORDS), bound_to=key
        )
        letter = leave_in_letterbox(keys.address(key), body_key, bound_to=receipt_key)
        one = transactions.replace(
            known,
            key=key,
            at=known.at - timedelta(hours=number + 1),
            address=keys.address(key),
            sealed=sealed,
            match=transactions.replace(known.match, letter=letter),
        )
        transactions.put(one, table.nothing_there())


def test_many_receipts_are_read_in_pages_that_cost_what_they_show(shop: World) -> None:
    tell(shop, payment(shop), receipt(shop))
    shop.run(0)
    matched_often(shop, COUNT)
    seen: list[str] = []
    times: list[str] = []
    query = {"limit": "30"}
    pages = 0
    while True:
        shop.calls.clear()
        answer = ask(shop, "receipts", **query)["json"]
        # The customer and their salt; the index; thirty payments; the bodies of their receipts.
        assert shop.calls[:4] == [BATCH, "dynamodb.Query", BATCH, BATCH][: len(shop.calls)]
        assert set(shop.calls[4:]) <= {"dynamodb.GetItem"}, "no more than a registration that is read anew"
        seen += [one["transaction_id"] for one in answer["receipts"]]
        times += [one["paid_at"] for one in answer["receipts"]]
        pages += 1
        if answer["next"] is None:
            break
        query["cursor"] = answer["next"]
    assert seen == ["tx_0001", *(f"tx_{number}" for number in range(COUNT))]
    assert times == sorted(times, reverse=True)
    assert pages == -(-(COUNT + 1) // 30)
    days = sorted({datetime.fromisoformat(one).date() for one in times})[1:3]
    within = receipts(shop, **{"from": str(days[0]), "to": str(days[-1]), "limit": "100"})
    assert len(within) == 2 * 24
    assert {datetime.fromisoformat(one["paid_at"]).date() for one in within} == set(days)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "101"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"from": "2026-02-30"}, "from"),
        ({"to": "today"}, "to"),
        ({"from": "2026-11-22", "to": "2026-11-21"}, ""),
        ({"cursor": "AAAA"}, "cursor"),
        ({"cursor": "!"}, "cursor"),
        ({"barcode": "é"}, "barcode"),
        ({"name": "x"}, "name"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused_by_field(shop: World, query: dict[str, str], field: str) -> None:
    answer = ask(shop, "receipts", **query)
    assert answer["statusCode"] == 422
    assert [problem["field"] for problem in answer["json"]["errors"]] == [field]


def test_a_cursor_is_of_use_for_its_own_customer_alone(shop: World) -> None:
    shop.consent("cust_43")
    tell(shop, *another_sale(shop, 1), *another_sale(shop, 2))
    shop.run()
    cursor = ask(shop, "receipts", limit="1")["json"]["next"]
    assert len(receipts(shop, limit="1", cursor=cursor)) == 1
    assert ask(shop, "receipts", "cust_43", cursor=cursor)["statusCode"] == 422


# Documents


def test_a_receipt_is_a_pdf_or_a_table_as_accept_wants(shop: World) -> None:
    tell(shop, payment(shop), receipt(shop))
    shop.run(0)
    [listed] = receipts(shop)
    one = f"receipts/{listed['match_id']}"
    document, table = ask(shop, one, accept="application/pdf"), ask(shop, one, accept="text/csv")
    assert document["headers"]["content-type"] == "application/pdf"
    assert document["headers"]["content-disposition"] == f'attachment; filename="{listed["match_id"]}.pdf"'
    assert document["headers"]["cache-control"] == "no-store"
    assert document["bytes"].startswith(b"%PDF-")
    assert table["bytes"].decode("utf-8-sig").splitlines()[1].startswith("2026-11-21,Kite Coffee Ltd,GB123456782")


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/*", "text/csv; charset=utf-8"),
        ("application/*;q=0.5, TEXT/CSV", "text/csv; charset=utf-8"),
        ("application/pdf;q=0.9, text/csv;q=0.8", "application/pdf"),
        ("application/json;q=0, */*", "application/pdf"),
        ("image/png", "application/problem+json"),
        ("application/pdf;q=0", "application/problem+json"),
    ],
)
def test_accept_is_read_as_rfc_9110_says(shop: World, accept: str | None, answered: str) -> None:
    tell(shop, payment(shop), receipt(shop))
    [listed] = receipts(shop)
    answer = ask(shop, f"receipts/{listed['match_id']}", accept=accept)
    assert answer["headers"]["content-type"] == answered
    if "problem" in answered:
        assert answer["statusCode"] == 422
        assert [problem["field"] for problem in answer["json"]["errors"]] == ["Accept"]


def test_the_expenses_of_a_period_go_on_where_a_page_ends(shop: World) -> None:
    for number in (1, 2, 3):
        tell(shop, *another_sale(shop, number))
    shop.run()
    asked = {"from": "2026-11-01", "to": "2026-11-30", "limit": "2"}
    first = ask(shop, "receipts", accept="text/csv", **asked)
    assert first["headers"]["content-disposition"] == 'attachment; filename="receipts.csv"'
    link = first["headers"]["link"]
    assert link.startswith("<?")
    assert link.endswith('>; rel="next"')
    query = dict(parse_qsl(link[2:].partition(">")[0]))
    assert {name: query[name] for name in asked} == asked
    last = ask(shop, "receipts", accept="text/csv", **query)
    assert "link" not in last["headers"]
    rows = [line.split(",")[-2] for answer in (first, last) for line in answer["bytes"].decode().splitlines()[1:]]
    assert sorted(rows) == ["tx_1", "tx_2", "tx_3"]
    outside = ask(shop, "receipts", accept="text/csv", **{"from": "2026-12-01"})
    assert len(outside["bytes"].decode().splitlines()) == 1
    assert ask(shop, "receipts", accept="application/pdf")["statusCode"] == 422
