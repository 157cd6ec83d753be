"""What a replay writes: a line for each match, as contracts say it, and one for each side left over."""

import json
from itertools import permutations
from pathlib import Path

import pytest

from tests.replay.tape import CARD, MERCHANTS, Tape, held, left, moment, paid_by_card

NO_CODES = {"last4": None, "auth_code": None, "rrn": None, "terminal_id": None}
BARE = {"last4": "4242", "merchant_id": "MID000123"}


def test_a_match_is_told_when_its_second_side_comes(tape: Tape) -> None:
    tape.pays(0)
    tape.sells(2, issued=1)
    [line] = tape.play()
    assert list(line) == [
        *("bank", "transaction_id", "retailer", "receipt_id", "tender"),
        *("method", "confidence", "decided_at", "reasons"),
    ]
    assert (line["bank"], line["transaction_id"], line["retailer"], line["receipt_id"]) == (
        *("openbank", "tx_1"),
        *("kite", "soho-1"),
    )
    assert line["tender"] == 0
    assert line["method"] == "rrn"
    assert 0.99 <= line["confidence"] <= 1
    assert line["decided_at"] == "2026-11-21T09:00:02Z"
    assert "Retrieval reference agrees" in line["reasons"]


def test_what_is_left_over_is_told_in_the_end(tape: Tape) -> None:
    tape.pays(0, "tx_alone")
    tape.sells(1, "soho-alone", amount=700)
    for number in (1, 2):
        tape.pays(number, f"tx_{number}", amount=345, **NO_CODES)
        tape.sells(number + 1, f"soho-{number}", amount=345, card={})
    lines = tape.play()
    assert held(lines) == {}
    ambiguous = dict.fromkeys(("tx_1", "tx_2", "soho-1", "soho-2"), "ambiguous")
    assert left(lines) == {"tx_alone": "unmatched", "soho-alone": "unmatched"} | ambiguous
    [payment] = [line for line in lines if line.get("transaction_id") == "tx_alone"]
    [receipt] = [line for line in lines if line.get("receipt_id") == "soho-alone"]
    assert list(payment) == ["bank", "transaction_id", "outcome", "reasons"]
    assert list(receipt) == ["retailer", "receipt_id", "outcome", "reasons"]
    assert payment["reasons"] == ["No receipt nearby could belong"]


def test_each_card_of_a_split_bill_gets_the_receipt(tape: Tape) -> None:
    cash, one, other = (
        {"type": "cash", "amount": 85},
        paid_by_card(300, **CARD),
        paid_by_card(200, auth_code="Z9Y8X7", last4="1111"),
    )
    tape.pays(0, "tx_1", amount=300)
    tape.sells(1, tenders=[cash, one, other])
    tape.pays(2, "tx_2", amount=200, auth_code="Z9Y8X7", rrn=None, last4="1111")
    assert {line["transaction_id"]: line["tender"] for line in tape.play()} == {"tx_1": 1, "tx_2": 2}


def test_a_tender_left_over_is_named_where_it_is_not_the_first(tape: Tape) -> None:
    other = paid_by_card(285, auth_code="Z9Y8X7", last4="1111")
    tape.pays(0, amount=300)
    tape.sells(1, tenders=[paid_by_card(300, **CARD), other])
    [_, over] = tape.play()
    assert over == {
        "retailer": "kite",
        "receipt_id": "soho-1",
        "tender": 1,
        "outcome": "unmatched",
        "reasons": ["No payment nearby could belong"],
    }


def test_a_refund_finds_the_refunds_receipt_days_later(tape: Tape) -> None:
    tape.pays(0, "tx_1")
    tape.sells(1, "soho-1")
    tape.pays(200_000, "tx_back", kind="refunded", auth_code="R3F0ND", rrn=None, original_transaction_id="tx_1")
    given_back = CARD | {"auth_code": "R3F0ND", "rrn": None}
    tape.sells(300_000, "soho-back", kind="refund", card=given_back, original_receipt_id="soho-1")
    assert held(tape.play()) == {"tx_1": "soho-1", "tx_back": "soho-back"}


def test_the_purchase_tells_a_refund_without_codes(tape: Tape) -> None:
    for number in (1, 2):
        codes = {"auth_code": f"A0000{number}", "rrn": None}
        tape.pays(number, f"tx_{number}", amount=585 + number, **codes)
        tape.sells(number, f"soho-{number}", amount=585 + number, card=CARD | codes)
    for number in (1, 2):
        told = {"original_transaction_id": f"tx_{number}", **NO_CODES}
        tape.pays(90_000 + number, f"tx_back_{number}", amount=500, kind="refunded", **told)
    for number in (1, 2):
        original = f"soho-{number}"
        tape.sells(90_060, f"back-{number}", amount=500, kind="refund", card={}, original_receipt_id=original)
    lines = tape.play()
    found = held(lines)
    assert (found["tx_back_1"], found["tx_back_2"]) == ("back-1", "back-2")
    assert {line["method"] for line in lines if "back" in line["transaction_id"]} == {"original"}


def test_each_bank_speaks_its_own_wire(tape: Tape) -> None:
    tape.knows_the_clock()
    feed_item = {
        "webhookType": "FEED_ITEM",
        "eventTimestamp": moment(1),
        "accountHolderUid": "holder-1",
        "content": {
            "feedItemUid": "feed-1",
            "amount": {"currency": "GBP", "minorUnits": 720},
            "direction": "OUT",
            "source": "MASTER_CARD",
            "status": "PENDING",
            "transactionTime": moment(0),
            "counterPartySubEntityUid": "a0c32d1d-0685-4f9e-a288-05169caac5b1",
            "masterCardFeedDetails": {"cardLast4": "4242"},
        },
    }
    monzo = {"id": "tx_monzo", "account_id": "acc_1", "amount": -610, "currency": "GBP", "created": moment(60)}
    tape.bank_tells(1, feed_item, "starling")
    tape.sells(2, "soho-starling", amount=720, issued=0, card=BARE)
    tape.bank_tells(61, {"type": "transaction.created", "data": monzo | {"merchant": {"id": "merch_0001"}}}, "monzo")
    tape.sells(90, "soho-monzo", amount=610, issued=60, card=BARE)
    tape.pays(120, "tx_own", amount=330, bank="a-bank-of-its-own")
    tape.sells(121, "soho-own", amount=330)
    lines = tape.play()
    assert held(lines) == {"feed-1": "soho-starling", "tx_monzo": "soho-monzo", "tx_own": "soho-own"}
    # A bank's own merchant id is no evidence against the till's.
    assert [line["transaction_id"] for line in lines if "Merchant number agrees" in line["reasons"]] == ["tx_own"]
    assert not [line for line in lines if "Merchant numbers differ" in line["reasons"]]


def test_a_shop_by_code_is_one_partition_a_code(tape: Tape, tmp_path: Path) -> None:
    registered = json.loads(MERCHANTS.read_text())
    registered["merchants"][0]["stores"][0]["by_code"] = True
    tape.merchants = tmp_path / "merchants.json"
    tape.merchants.write_text(json.dumps(registered))
    for number in range(150):  # more at once than are looked at
        tape.pays(0, f"tx_{number}", auth_code=f"A{number:05}", rrn=None, last4=None)
        tape.sells(1, f"soho-{number}", card={"auth_code": f"A{number:05}"})
    assert held(tape.play()) == {f"tx_{number}": f"soho-{number}" for number in range(150)}


@pytest.mark.parametrize(("apart", "decided"), [(30, "2026-11-21T10:00:01Z"), (1, "2026-11-22T09:02:01Z")])
def test_a_crowd_is_looked_at_nearby_and_else_a_day_later(tape: Tape, apart: int, decided: str) -> None:
    for number in range(240):
        tape.sells(apart * number, f"soho-other-{number}", card={"auth_code": f"C{number:05}"})
    tape.sells(120 * apart, card=CARD)
    tape.tills.sort(key=lambda line: line["at"])
    tape.pays(120 * apart + 1, rrn=None)
    lines = tape.play()
    assert held(lines) == {"tx_1": "soho-1"}
    assert lines[0]["decided_at"] == decided


def test_what_is_not_ours_leaves_nothing(tape: Tape) -> None:
    tape.pays(0, "tx_stranger", merchant_id="MID999999")
    tape.pays(1, "tx_soon", merchant_id="MID000300")
    tape.pays(2, "tx_nothing", amount=0)
    tape.bank_tells(3, {"type": "transaction.created", "data": {"id": "tx_pot", "amount": -5}}, "monzo")
    tape.sells(4, tenders=[{"type": "cash", "amount": 585}])
    assert tape.play() == []
    assert tape.problems == []
    assert tape.summary
    assert dict(tape.summary.counts) == {"merchant not live": 2, "amount 0": 1, "no card payment": 1}


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_ties_come_to_the_same_in_every_order(tape: Tape, order: tuple[int, ...]) -> None:
    tell = [
        lambda: tape.pays(5, "tx_1", auth_code="A00001", rrn=None),
        lambda: tape.pays(5, "tx_2", auth_code="A00002", rrn=None),
        lambda: tape.sells(5, "soho-1", card=CARD | {"auth_code": "A00001", "rrn": None}),
        lambda: tape.sells(5, "soho-2", card=CARD | {"auth_code": "A00002", "rrn": None}),
    ]
    for place in order:
        tell[place]()
    lines = tape.play()
    assert held(lines) == {"tx_1": "soho-1", "tx_2": "soho-2"}
    assert {line["decided_at"] for line in lines} == {"2026-11-21T09:00:05Z"}
