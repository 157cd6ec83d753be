"""A customer's receipts as their bank fetches many of them: page by page, and as documents to keep."""

import os
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from counterfoil.flows.intake import PERSONAL_WORDS
from counterfoil.runtime import secrets
from counterfoil.sealing import leave_in_letterbox, seal
from counterfoil.store import customers, table, transactions
from tests.audit import kept
from tests.flows.scenarios import payment, receipt, tell
from tests.functions.customer_api import another_sale, ask, receipts
from tests.world import World

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
