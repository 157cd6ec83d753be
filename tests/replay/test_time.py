"""Simulated time: looks after 15 s, 60 s and 10 min, the look after a day, and the end after a week."""

from dataclasses import replace
from datetime import datetime

from counterfoil.domain.parameters import DEFAULT
from tests.replay.tape import CARD, START, Tape, held, left

NO_CODES = {"last4": None, "auth_code": None, "rrn": None, "terminal_id": None}
DAY = 86_400


def test_one_of_two_alike_waits_for_its_own_receipt(tape: Tape) -> None:
    """The first receipt that fits may be the other's: by time alone nothing is claimed at once."""
    tape.knows_the_clock()
    tape.pays(0, "tx_1", **NO_CODES)
    tape.pays(8, "tx_2", **NO_CODES)
    tape.sells(9, "soho-2", issued=8, card={})
    tape.sells(12, "soho-1", issued=0, card={})
    lines = tape.play()
    assert held(lines) in ({}, {"tx_1": "soho-1", "tx_2": "soho-2"})
    assert all(line["decided_at"] >= "2026-11-21T09:00:12Z" for line in lines if "decided_at" in line)


def test_by_time_alone_a_lone_pair_is_decided_at_a_look(tape: Tape) -> None:
    tape.knows_the_clock()
    tape.pays(0, **NO_CODES)
    tape.sells(2, issued=0, card={})
    tape.pays(30 * DAY, "tx_end", amount=1)
    [line] = [line for line in tape.play() if line.get("transaction_id") == "tx_1"]
    assert line["method"] == "time"
    assert "2026-11-21T09:00:02Z" <= line["decided_at"] <= "2026-11-21T09:10:00Z"


def test_who_is_left_of_a_crowd_is_looked_at_again(tape: Tape) -> None:
    """Two alike, until a code told late matches one of them: 15 seconds later the other pair is clear."""
    tape.knows_the_clock()
    for number, code in ((1, "A1B2C3"), (2, None)):
        tape.pays(number, f"tx_{number}", **NO_CODES)
        tape.sells(number + 1, f"soho-{number}", issued=number, card={"auth_code": code})
    tape.pays(1000, "tx_1", kind="cleared", paid=1, **NO_CODES | {"auth_code": "A1B2C3"})
    lines = tape.play()
    assert held(lines) == {"tx_1": "soho-1", "tx_2": "soho-2"}
    assert [line["decided_at"] for line in lines] == ["2026-11-21T09:16:40Z", "2026-11-21T09:16:55Z"]


def test_the_waits_are_a_setting(tape: Tape) -> None:
    tape.pays(0, "tx_1", amount=345, **NO_CODES)
    tape.sells(1, "soho-1", amount=345, card={})
    assert left(tape.play()) == left(tape.play(settings=replace(DEFAULT, look_again=(1.0, 2.0, 3.0))))


def test_a_receipt_hours_off_is_found_after_a_day(tape: Tape) -> None:
    """A till that stamps at closing time: no look of the first minutes goes so far."""
    tape.pays(0)
    tape.sells(5, issued=9 * 3600)
    [line] = tape.play()
    assert line["transaction_id"] == "tx_1"
    assert line["decided_at"] >= "2026-11-21T09:00:05Z"


def test_time_runs_on_after_the_last_line(tape: Tape) -> None:
    tape.knows_the_clock()
    tape.pays(0, **NO_CODES)
    tape.sells(2, issued=0, card={})
    assert held(tape.play()) == {"tx_1": "soho-1"}


def test_a_receipt_that_comes_after_six_days_is_matched(tape: Tape) -> None:
    tape.pays(0)
    tape.sells(6 * DAY, issued=1)
    [line] = tape.play()
    assert line["decided_at"] == "2026-11-27T09:00:00Z"


def test_after_a_week_it_is_left_over(tape: Tape) -> None:
    tape.pays(0)
    tape.sells(1, "soho-alone", amount=100)
    tape.sells(8 * DAY, issued=1)
    tape.pays(8 * DAY + 1, "tx_alone", amount=100, paid=1, auth_code="A1B2C3")
    lines = tape.play()
    assert held(lines) == {}
    assert left(lines) == dict.fromkeys(("tx_1", "soho-1", "soho-alone", "tx_alone"), "unmatched")
    # Told once its week is over, not at the end of the file.
    assert [line.get("transaction_id") or line["receipt_id"] for line in lines[:2]] == ["tx_1", "soho-alone"]
    tape.sells(20 * DAY, "soho-2", amount=100, issued=20 * DAY)
    tape.pays(20 * DAY + 1, "tx_2", amount=100)
    assert [line.get("transaction_id") for line in tape.play()][-1] == "tx_2"


def test_a_week_ends_to_the_second(tape: Tape) -> None:
    tape.sells(0, "soho-early", issued=0)
    tape.sells(60, "soho-late", issued=0, amount=700)
    tape.pays(0, "tx_told", amount=800)
    tape.pays(6.9 * DAY, "tx_between", amount=1)
    tape.sells(7 * DAY + 10, "soho-told", issued=0, amount=900)
    tape.pays(7 * DAY + 20, "tx_told", amount=900, paid=0, kind="cleared")
    tape.pays(7 * DAY + 30, "tx_early", paid=0)
    tape.pays(7 * DAY + 30, "tx_late", paid=0, amount=700)
    lines = tape.play()
    assert held(lines) == {"tx_late": "soho-late"}
    assert left(lines)["tx_told"] == "unmatched"


def test_what_is_told_of_a_payment_after_its_week_changes_its_record_alone(tape: Tape) -> None:
    tape.pays(0)
    tape.pays(8 * DAY, kind="cleared", paid=0)
    tape.sells(8 * DAY + 1, issued=0)
    lines = tape.play()
    assert held(lines) == {}
    assert [line["outcome"] for line in lines if "transaction_id" in line] == ["unmatched"]


def test_a_correction_after_its_week_starts_anew(tape: Tape) -> None:
    tape.sells(0, amount=100)
    tape.pays(8 * DAY, amount=200, auth_code="A1B2C3", paid=8 * DAY)
    tape.sells(8 * DAY + 5, issued=8 * DAY, amount=200, card=CARD)
    assert held(tape.play()) == {"tx_1": "soho-1"}


def test_a_line_out_of_order_is_taken_at_its_place(tape: Tape) -> None:
    tape.pays(100, "tx_1", paid=0)
    tape.pays(50, "tx_2", paid=49, amount=100, auth_code="A00002", rrn=None)
    tape.sells(51, "soho-2", issued=49, amount=100, card=CARD | {"auth_code": "A00002", "rrn": None})
    [line, _] = tape.play()
    assert (line["transaction_id"], line["decided_at"]) == ("tx_2", "2026-11-21T09:01:40Z")


def test_what_is_due_at_the_time_of_a_line_sees_it(tape: Tape) -> None:
    """A look and another receipt that fits come at once: the look sees both, and is not sure."""
    tape.knows_the_clock()
    tape.pays(0, **NO_CODES)
    tape.sells(2, "soho-1", issued=0, card={})
    [line] = tape.play()
    due = (datetime.fromisoformat(line["decided_at"]) - START).total_seconds()
    assert due > 2
    tape.sells(due, "soho-2", issued=0.5, card={})
    assert line["decided_at"] not in [other.get("decided_at") for other in tape.play()]
