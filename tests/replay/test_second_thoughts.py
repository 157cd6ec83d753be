"""What is told later: repeats, corrections, reversals, reprints, and codes that prove a match wrong."""

from typing import Any

import pytest

from tests.replay.tape import CARD, Tape, held, left, paid_by_card

OTHER = CARD | {"auth_code": "ZZZZZZ", "rrn": "632500009999"}


@pytest.fixture
def matched(tape: Tape) -> Tape:
    tape.pays(0)
    tape.sells(1)
    return tape


def withdrawals(lines: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(line["transaction_id"], line["reasons"]) for line in lines if line.get("outcome") == "withdrawn"]


def test_a_repeat_changes_nothing(matched: Tape) -> None:
    matched.pays(5, told=0, paid=0)
    matched.sells(5, issued=1)
    matched.pays(400_000, told=0, paid=0)
    matched.sells(400_000, issued=1)
    assert len(matched.play()) == 1
    assert matched.summary
    assert matched.summary.counts["repeats"] == 4


def test_facts_of_a_payment_meet(tape: Tape) -> None:
    tape.pays(0, amount=9900)
    tape.sells(1, amount=4523)
    tape.pays(90, kind="cleared", amount=4523, paid=0, rrn=None)
    tape.pays(95, kind="cleared", amount=4523, paid=0, told=90)
    assert held(tape.play()) == {"tx_1": "soho-1"}


def test_a_contradictory_fact_is_set_aside(matched: Tape) -> None:
    matched.pays(9, amount=999, paid=0, told=0)
    lines = matched.play()
    assert held(lines) == {"tx_1": "soho-1"}
    assert matched.summary
    assert matched.summary.counts["contradictory facts"] == 1


def test_a_reversal_takes_the_receipt_back(matched: Tape) -> None:
    matched.pays(60, kind="reversed", paid=0)
    lines = matched.play()
    assert lines[1] == {
        "bank": "openbank",
        "transaction_id": "tx_1",
        "retailer": "kite",
        "receipt_id": "soho-1",
        "tender": 0,
        "outcome": "withdrawn",
        "decided_at": "2026-11-21T09:01:00Z",
        "reasons": ["The payment was reversed"],
    }
    assert len(lines) == 2


def test_a_reversal_that_came_first_leaves_nothing_to_match(tape: Tape) -> None:
    tape.pays(0, kind="reversed", paid=-5)
    tape.sells(1)
    tape.pays(2, paid=-5)
    lines = tape.play()
    assert held(lines) == {}
    assert left(lines) == {"soho-1": "unmatched"}


def test_charged_all_the_same_it_has_its_receipt_again(matched: Tape) -> None:
    matched.pays(60, kind="reversed", paid=0)
    matched.pays(70, kind="cleared", paid=0)
    lines = matched.play()
    assert held(lines) == {"tx_1": "soho-1"}
    assert [line.get("outcome") for line in lines] == [None, "withdrawn", None]


def test_what_a_reversal_took_back_a_correction_takes_back_no_more(matched: Tape) -> None:
    matched.pays(60, kind="reversed", paid=0)
    matched.sells(70, issued=1, amount=600)
    matched.pays(80, kind="cleared", paid=0)
    lines = matched.play()
    assert withdrawals(lines) == [("tx_1", ["The payment was reversed"])]
    assert held(lines) == {}


def test_a_correction_of_the_same_amount_keeps_the_match(matched: Tape) -> None:
    matched.sells(60, issued=1, till_id=None)
    assert len(matched.play()) == 1
    assert matched.summary
    assert matched.summary.counts["corrections"] == 1


@pytest.mark.parametrize("changes", [{"version": 1}, {"issued": 2}, {"barcode": {"symbology": "qr", "value": "X"}}])
def test_a_change_that_prints_may_have_is_a_correction_too(matched: Tape, changes: dict[str, Any]) -> None:
    matched.sells(60, **{"issued": 1} | changes)
    matched.sells(70, **{"issued": 1} | changes)
    assert len(matched.play()) == 1
    assert matched.summary
    assert (matched.summary.counts["corrections"], matched.summary.counts["repeats"]) == (1, 1)


def test_a_correction_to_another_payments_codes_decides_again(tape: Tape) -> None:
    tape.pays(0, "tx_1", rrn=None)
    tape.sells(1, "soho-1", card=CARD | {"rrn": None})
    tape.sells(60, "soho-1", issued=1, card=CARD | {"auth_code": "ZZZZZZ", "rrn": None})
    tape.pays(70, "tx_2", auth_code="ZZZZZZ", rrn=None, paid=1)
    assert held(tape.play()) == {"tx_2": "soho-1"}


def test_a_correction_to_another_amount_decides_again(tape: Tape) -> None:
    tape.pays(0, "tx_1")
    tape.pays(1, "tx_2", amount=600, auth_code="ZZZZZZ", rrn=None)
    tape.sells(2, "soho-1")
    tape.sells(60, "soho-1", issued=2, amount=600, card=CARD | {"auth_code": "ZZZZZZ", "rrn": None})
    tape.sells(70, "soho-2", issued=2)
    lines = tape.play()
    assert held(lines) == {"tx_1": "soho-2", "tx_2": "soho-1"}
    assert withdrawals(lines) == [("tx_1", ["The receipt does not belong to this payment"])]


def test_the_later_version_counts_whichever_comes_first(tape: Tape) -> None:
    tape.sells(0, version=2, amount=600, issued=0)
    tape.sells(1, version=1, amount=585, issued=0)
    tape.pays(2, "tx_1", amount=585, paid=0)
    tape.pays(3, "tx_2", amount=600, paid=0, auth_code="A1B2C3")
    assert held(tape.play()) == {"tx_2": "soho-1"}
    assert tape.summary
    assert tape.summary.counts["superseded"] == 1


def test_a_receipt_paid_in_cash_after_all_gives_up_its_match(matched: Tape) -> None:
    matched.sells(60, issued=1, tenders=[{"type": "cash", "amount": 585}])
    lines = matched.play()
    assert held(lines) == {}
    assert left(lines) == {"tx_1": "unmatched"}


def test_a_void_that_overtakes_its_sale_is_the_last_word(tape: Tape) -> None:
    tape.sells(0, version=2, tenders=[{"type": "cash", "amount": 585}], issued=0)
    tape.sells(1, version=1, issued=0)
    tape.pays(2, paid=0)
    lines = tape.play()
    assert held(lines) == {}
    assert left(lines) == {"tx_1": "unmatched"}


def test_a_tender_that_vanishes_gives_up_its_match(tape: Tape) -> None:
    tape.pays(0, "tx_1", amount=300)
    tape.pays(0, "tx_2", amount=285, auth_code="ZZZZZZ", rrn=None, last4="1111")
    tape.sells(1, tenders=[paid_by_card(300, **CARD), paid_by_card(285, auth_code="ZZZZZZ", last4="1111")])
    tape.sells(60, issued=1, amount=300)
    assert held(tape.play()) == {"tx_1": "soho-1"}


def test_a_reprint_is_counted_once(tape: Tape) -> None:
    tape.sells(0, "soho-1", card=CARD)
    tape.sells(5, "soho-1-again", issued=5, card=CARD, barcode={"symbology": "code128", "value": "AGAIN"})
    tape.pays(6, paid=0)
    lines = tape.play()
    assert held(lines) == {"tx_1": "soho-1"}
    assert left(lines) == {}
    assert tape.summary
    assert tape.summary.counts["reprints"] == 1


def test_what_seemed_a_reprint_is_the_sale_once_the_first_was_corrected(tape: Tape) -> None:
    tape.sells(0, "soho-1")
    tape.sells(5, "soho-2", issued=5)
    tape.sells(60, "soho-1", issued=0, amount=700, card=OTHER)
    tape.pays(6, paid=4)
    assert held(tape.play()) == {"tx_1": "soho-2"}


def test_a_code_told_late_proves_the_match_wrong(tape: Tape) -> None:
    tape.pays(0, auth_code=None, rrn=None)
    tape.sells(1)
    tape.pays(300, kind="cleared", paid=0, auth_code="ZZZZZZ", rrn=None)
    tape.sells(301, "soho-2", issued=2, card=CARD | {"auth_code": "ZZZZZZ", "rrn": None})
    lines = tape.play()
    assert held(lines) == {"tx_1": "soho-2"}
    assert withdrawals(lines) == [("tx_1", ["The receipt does not belong to this payment"])]


def test_the_same_id_of_another_customer_is_another_payment(tape: Tape) -> None:
    for number, customer in enumerate(("cust_1", "cust_2")):
        codes = {"auth_code": f"A0000{number}", "rrn": None}
        tape.pays(number, "tx_1", amount=500 + number, customer_id=customer, **codes)
        tape.sells(number + 5, f"soho-{number}", amount=500 + number, card=CARD | codes)
    assert [(line["transaction_id"], line["receipt_id"]) for line in tape.play()] == [
        ("tx_1", "soho-0"),
        ("tx_1", "soho-1"),
    ]


def test_what_sleeps_is_as_it_was_when_somebody_looks(tape: Tape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.sandbox.replay.rendezvous.AWAKE", 0)
    for test in (
        test_the_later_version_counts_whichever_comes_first,
        test_a_reprint_is_counted_once,
        test_what_seemed_a_reprint_is_the_sale_once_the_first_was_corrected,
        test_facts_of_a_payment_meet,
    ):
        test(Tape(tape.folder))


def test_all_of_it_holds_when_what_was_decided_is_on_disk(tape: Tape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.sandbox.replay.ledger.RECENT", 1)
    test_charged_all_the_same_it_has_its_receipt_again(_sold(tape))
    for test in (
        test_a_correction_to_another_amount_decides_again,
        test_a_tender_that_vanishes_gives_up_its_match,
        test_a_reprint_is_counted_once,
        test_a_code_told_late_proves_the_match_wrong,
    ):
        test(Tape(tape.folder))


def _sold(tape: Tape) -> Tape:
    tape.pays(0)
    tape.sells(1)
    return tape
