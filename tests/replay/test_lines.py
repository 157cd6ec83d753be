"""What cannot be taken is told by file, line and field, and costs nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.sandbox.replay import replay
from infra.sandbox.replay.problems import SHOWN, Problems
from tests.replay.tape import CARD, MERCHANTS, Tape, held, paid_by_card


def receipt(**changes: Any) -> dict[str, Any]:
    tape = Tape(Path())
    tape.sells(1, **changes)
    return tape.tills[0]


def payment(**changes: Any) -> dict[str, Any]:
    tape = Tape(Path())
    tape.pays(1, **changes)
    return tape.banks[0]


def without(line: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key != name}


BAD_RECEIPTS = {
    "not JSON": ("{", "receipts, line 1: not JSON: column 2"),
    "no object": ("[]", "receipts, line 1: must be an object"),
    "a duplicate key": ('{"at": 1, "at": 2}', "receipts, line 1: duplicate key"),
    "no time": (without(receipt(), "at"), "receipts, line 1: at is required"),
    "a time without offset": (
        receipt() | {"at": "2026-11-21T09:00:00"},
        "receipts, line 1: at must be an RFC 3339 time with an offset, from the years 2000 to 2099",
    ),
    "no retailer": (without(receipt(), "retailer"), "receipts, line 1: retailer is required"),
    "an unknown retailer": (receipt(retailer="nobody"), "receipts, line 1: retailer is not registered"),
    "no body": (without(receipt(), "body"), "receipts, line 1: body is required"),
    "an unknown field": (
        receipt(shopper="x"),
        "receipts, line 1: body.shopper is not a field that is taken here",
    ),
    "a wrong sum": (
        receipt(total=586),
        "receipts, line 1: body.total is 1 minor unit more than what the lines and the rest come to; "
        "body.tenders come to 1 minor unit less than the total",
    ),
    "another's store": (receipt(store_id="hove"), "receipts, line 1: body.store_id is not a store of this retailer"),
    "another's merchant id": (
        receipt(tenders=[paid_by_card(585, **CARD | {"merchant_id": "MID000200"})]),
        "receipts, line 1: body.tenders[0].merchant_id is not registered to this retailer",
    ),
    "a receipt of long ago": (
        receipt(issued=-91 * 86_400),
        "receipts, line 1: body.issued_at is more than 90 days ago",
    ),
    "a receipt of the future": (
        receipt(issued=3 * 86_400),
        "receipts, line 1: body.issued_at is more than two days ahead",
    ),
    "one of a list": (
        receipt() | {"body": {"receipts": [receipt(receipt_id="other", total=1)["body"]]}},
        "receipts, line 1: body.receipts[0].total is 584 minor units less than what the lines and the rest come to; "
        "body.receipts[0].tenders come to 584 minor units more than the total",
    ),
    "an empty list": (
        receipt() | {"body": {"receipts": []}},
        "receipts, line 1: body.receipts must be a list of 1 to 100 receipts",
    ),
}
BAD_TRANSACTIONS = {
    "a bank's name that is none": (
        payment(bank="no bank"),
        "transactions, line 1: bank must be 1 to 64 of A-Z a-z 0-9 _ . : -",
    ),
    "a fraction": (payment(amount=5.85), "transactions, line 1: body.data.amount must be a whole number"),
    "an unknown currency": (
        payment(currency="XXY"),
        "transactions, line 1: body.data.currency must be a currency code of ISO 4217",
    ),
    "a payment of long ago": (
        payment(paid=-91 * 86_400),
        "transactions, line 1: body.data.authorised_at is more than 90 days ago",
    ),
    "no body of the bank's": (
        payment(bank="starling"),
        "transactions, line 1: body.content is required",
    ),
    "a body that is no object": (payment() | {"body": 7}, "transactions, line 1: body must be an object"),
}


@pytest.mark.parametrize(("line", "told"), BAD_RECEIPTS.values(), ids=BAD_RECEIPTS)
def test_a_bad_receipt_is_told_and_skipped(tape: Tape, line: object, told: str) -> None:
    tape.tills.append(line)
    tape.pays(0)
    tape.sells(1)
    assert held(tape.play()) == {"tx_1": "soho-1"}
    assert tape.problems == [told]
    assert tape.summary
    assert (tape.summary.bad, tape.summary.receipts) == (1, 2)


@pytest.mark.parametrize(("line", "told"), BAD_TRANSACTIONS.values(), ids=BAD_TRANSACTIONS)
def test_a_bad_transaction_is_told_and_skipped(tape: Tape, line: object, told: str) -> None:
    tape.banks.append(line)
    tape.pays(0)
    tape.sells(1)
    assert held(tape.play()) == {"tx_1": "soho-1"}
    assert tape.problems == [told]


def test_bytes_that_are_no_text_and_lines_without_end(tape: Tape) -> None:
    tape.pays(0)
    tape.sells(1)
    tape.play()
    told = tape.folder / "transactions.jsonl"
    told.write_bytes(b"\xff\n" + b" \n" + b"x" * 600_000 + b"\n" + told.read_bytes().rstrip())
    out = tape.folder / "matches.jsonl"
    problems: list[str] = []
    summary = replay(tape.merchants, told, tape.folder / "receipts.jsonl", out, problems=Problems(problems.append))
    assert problems == [
        "transactions, line 1: not UTF-8",
        "transactions, line 3: is longer than 260 KiB",
    ]
    assert (summary.transactions, summary.matches) == (4, 1)


def test_what_else_is_around_a_body_costs_no_line(tape: Tape) -> None:
    """Such as a number of a line, or a mark at the file's beginning, from whatever made the files."""
    tape.banks.append(payment() | {"line": 1, "retailer": "kite"})
    tape.tills.append(receipt() | {"bank": "openbank"})
    tape.play()
    told = tape.folder / "transactions.jsonl"
    told.write_bytes(b"\xef\xbb\xbf" + told.read_bytes().replace(b"\n", b"\r\n"))
    problems: list[str] = []
    paths = [tape.folder / name for name in ("transactions.jsonl", "receipts.jsonl", "matches.jsonl")]
    assert replay(tape.merchants, *paths, problems=Problems(problems.append)).matches == 1
    assert problems == tape.problems == []


def test_what_only_people_read_of_a_shop_is_told_and_costs_no_match(tape: Tape, tmp_path: Path) -> None:
    registered = json.loads(MERCHANTS.read_text())
    kite, fern = registered["merchants"][:2]
    kite["stores"][0] |= {"postcode": "nowhere", "lat": 51.5}
    del kite["stores"][0]["address"], fern["vat_number"]
    tape.merchants = tmp_path / "merchants.json"
    tape.merchants.write_text(json.dumps(registered))
    tape.pays(0)
    tape.sells(1)
    assert held(tape.play()) == {"tx_1": "soho-1"}
    [told] = tape.problems
    assert told.startswith("merchants, line 1: ")
    for problem in ("address is required", "postcode must be a UK postcode", "lat is not", "vat_number is required"):
        assert problem in told


def test_a_list_is_taken_receipt_by_receipt(tape: Tape) -> None:
    tape.pays(0)
    good, bad = receipt()["body"], receipt(receipt_id="soho-bad", total=1)["body"]
    tape.till_tells(1, {"receipts": [bad, good]})
    assert held(tape.play()) == {"tx_1": "soho-1"}
    assert len(tape.problems) == 1


def test_nothing_of_a_value_is_told(tape: Tape) -> None:
    tape.tills.append(receipt(receipt_id="SECRET-é", store_id="SECRET"))
    tape.banks.append(payment(amount="SECRET"))
    tape.play()
    assert len(tape.problems) == 2
    assert "SECRET" not in "".join(tape.problems)


def test_the_first_are_shown_and_all_are_kept(tape: Tape) -> None:
    shown: list[str] = []
    for _ in range(SHOWN + 5):
        tape.tills.append("{")
    tape.play()
    paths = [tape.folder / name for name in ("transactions.jsonl", "receipts.jsonl", "matches.jsonl")]
    with (tape.folder / "problems.jsonl").open("w+") as kept:
        summary = replay(tape.merchants, *paths, problems=Problems(shown.append, kept))
        kept.seek(0)
        lines = [json.loads(line) for line in kept]
    assert len(shown) == SHOWN
    assert summary.bad == len(lines) == SHOWN + 5
    assert lines[-1] == {
        "file": "receipts",
        "line": SHOWN + 5,
        "errors": [{"field": "", "message": "not JSON: column 2"}],
    }


def test_a_time_with_an_offset_is_the_same_time(tape: Tape) -> None:
    tape.banks.append(payment() | {"at": "2026-11-21T10:00:00+01:00"})
    tape.till_tells(1, receipt()["body"] | {"issued_at": "2026-11-21T14:00:00+05:00"})
    [line] = tape.play()
    assert line["decided_at"] == "2026-11-21T09:00:01Z"
    assert any(reason.startswith("1 second apart") for reason in line["reasons"])
