"""Why a payment has this receipt, or none, in words: for its customer, and for support."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from counterfoil.domain import matching
from counterfoil.domain.clocks import Clock
from counterfoil.domain.explained_evidence import to_support, weight_in_words
from counterfoil.domain.explanations import NOT_KNOWN, Case, Look, to_customer
from counterfoil.domain.facts import Fact
from counterfoil.domain.habits import FIRST_DAY
from counterfoil.domain.sides import Codes, Side
from counterfoil.domain.tenders import CardTender, Revision
from counterfoil.domain.transactions import DeliveryRecord, Recall, RecallReason, ReceiptOfMatch, State, Transaction

PAID = datetime(2026, 11, 21, 9, 14, 5, tzinfo=UTC)
SEEN = PAID + timedelta(seconds=3)
NOW = PAID + timedelta(minutes=1)
CLOCK = Clock(offset=125, spread=3, count=31, updated_at=PAID)
GIVEN = Codes(auth="a", rrn="r", last4="4", terminal="t", merchant="m")
MATCH = ReceiptOfMatch(
    "receipt.0", "body", b"", "auth_code", "0.9998", ("Authorisation code agrees", "2 seconds apart"), PAID
)
TENDER = CardTender(
    "receipt", 0, 0, "body", Revision(0, 0), "kite/soho", "sale", 585, "GBP", PAID + timedelta(seconds=126), SEEN,
    Codes(auth="a", last4="5"), "till", "owner", state="matched",
)  # fmt: skip


def payment(state: State = "undecided", **changes: Any) -> Transaction:
    whole = Transaction(
        "tx", "subject", "openbank", "kite/soho", "sale", "GBP", PAID, PAID, SEEN, (Fact(PAID, "authorised", 585),),
        GIVEN, b"", b"", "owner", state=state,
    )  # fmt: skip
    return replace(whole, **changes)


def side(kind: str = "receipt", key: str = "other", seconds: float = 1, **codes: str) -> Side:
    till = "till" if kind == "receipt" else None
    at = PAID + timedelta(seconds=seconds)
    return Side(kind, key, at, SEEN, "sale", 585, "GBP", Codes(**codes), till)  # type: ignore[arg-type]


def case(transaction: Transaction, *others: Side, now: datetime = NOW, **changes: Any) -> Case:
    own = Side("transaction", "tx", PAID, SEEN, "sale", 585, "GBP", transaction.codes)
    clocks = {"till": CLOCK}
    looks = (Look(own, others, matching.decide(own, others, clocks, now)),) if transaction.is_open else ()
    planned, ends_at = (SEEN + timedelta(seconds=600), SEEN + timedelta(days=1)), SEEN + timedelta(days=7)
    made = Case(transaction, True, None, looks, clocks, FIRST_DAY, {}, planned, ends_at, now)
    return replace(made, **changes)


def customer(asked: Case) -> str:
    sentences = to_customer(asked.payment)
    assert 1 <= len(sentences) <= 3
    return " ".join(sentences)


def support(asked: Case) -> dict[str, str]:
    return {section.about: "\n".join(section.says) for section in to_support(asked)}


def matched(delivery: str | None = "delivered", **changes: Any) -> Case:
    record = {"1": DeliveryRecord(delivery, SEEN, 2, 503)} if delivery else {}  # type: ignore[arg-type]
    found = payment("matched", match=MATCH, version=1, deliveries=record, **changes)
    return case(found, tender=TENDER)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("rrn", "gave the same reference"),
        ("auth_code", "gave the same code"),
        ("card_and_time", "The card, the amount and the time on it are those of your payment"),
        ("original", "gives back the purchase"),
        ("time", "The shop, the amount and the time on it are those of your payment"),
    ],
)
def test_a_customer_is_told_why_a_receipt_is_theirs(method: str, said: str) -> None:
    told = customer(_by(method))
    assert said in told
    assert "sent it to your bank" in told


def _by(method: str) -> Case:
    asked = matched()
    return replace(asked, transaction=replace(asked.transaction, match=replace(MATCH, method=method)))


@pytest.mark.parametrize(
    ("delivery", "to_them", "to_us"),
    [
        ("delivered", "sent it to your bank", "Taken 21 Nov 2026 09:14:08 UTC (HTTP 503)"),
        (None, "on its way to your bank", "on its way"),
        ("queued", "on its way to your bank", "On its way since"),
        ("asked", "on its way to your bank", "wanted it again"),
        ("failing", "on its way to your bank", "failed 2 times, last 21 Nov 2026 09:14:08 UTC (HTTP 503)"),
        ("suppressed", "but did not send it", "Not sent 21 Nov 2026 09:14:08 UTC"),
    ],
)
def test_both_are_told_how_the_delivery_stands(delivery: str | None, to_them: str, to_us: str) -> None:
    assert to_them in customer(matched(delivery))
    assert to_us.lower() in support(matched(delivery))["What the bank was told"].lower()


def test_support_reads_every_piece_of_evidence_with_its_weight() -> None:
    told = support(matched())["Why this receipt"]
    assert "Matched by authorisation code, with a probability of 0.9998 (0.99 is needed)" in told
    assert "Authorisation code agrees: all but proves it" in told
    assert "Last four digits differ, as a phone's may: speaks a little against it" in told
    assert "2 seconds apart" in told
    assert "The till did not give: retrieval reference, terminal, merchant number" in told
    assert "The bank did not give" not in told
    assert "Stamped 2 min 6 s after the payment" in told
    assert "2 min 5 s fast, ±3 s after 31 sales: so 1 s apart, as near as that clock is" in told


def test_a_corrected_receipt_is_said_to_be_one() -> None:
    asked = matched()
    corrected = replace(asked.transaction, version=2, deliveries={"2": DeliveryRecord("delivered", SEEN, status=200)})
    assert "corrected" in customer(replace(asked, transaction=corrected))


OPEN_STATES: tuple[State, ...] = ("undecided", "ambiguous", "unmatched")


@pytest.mark.parametrize("state", OPEN_STATES)
def test_a_customer_reads_the_same_whatever_else_was_sold(state: State) -> None:
    alone, crowded = case(payment(state)), case(payment(state), side(), side(key="x"), side("transaction", "y"))
    assert to_customer(alone) == to_customer(crowded)
    assert "until 28 November 2026" in customer(alone)


@pytest.mark.parametrize(
    ("state", "said"), [("undecided", "not decided"), ("ambiguous", "candidates"), ("unmatched", "a day later")]
)
def test_support_reads_how_an_open_payment_stands(state: State, said: str) -> None:
    told = support(case(payment(state)))
    assert said in told["How it stands"]
    assert told["Looked for under the amount authorised"].startswith("No receipt nearby could belong.")
    assert "wrong by more than is looked at" in told["What would settle it"]
    assert "next planned look is in 9 min 3 s, at 21 Nov 2026 09:24:08 UTC" in told["When it is looked at"]
    whole_day = "over its whole day, is planned in 23 h 59 min, within the hour after 22 Nov 2026 09:14:08 UTC"
    assert whole_day in told["When it is looked at"]
    assert "given up in 6 d 23 h, at 28 Nov 2026 09:14:08 UTC" in told["When it is looked at"]


def test_support_reads_each_receipt_that_could_be_its_own_the_likeliest_first() -> None:
    told = support(
        case(
            payment(codes=Codes(merchant="m")),
            side(key="far", seconds=50, merchant="m"),
            side(key="near", seconds=127, merchant="m"),
            side("transaction", "rival", seconds=-75, merchant="m"),
        )
    )
    crowd = "2 receipts of this amount, and 1 other payment that could claim them"
    assert crowd in told["Looked for under the amount authorised"]
    assert "Stamped 2 min 7 s after the payment" in told["Receipt 1 of 2 there"]
    assert "further than that clock should be" in told["Receipt 2 of 2 there"]
    assert "(0.99 is needed)" in told["Receipt 2 of 2 there"]
    lines = told["Receipt 1 of 2 there"].splitlines()
    assert "Merchant number agrees: says nothing either way." in lines
    assert "Neither side gave: retrieval reference, authorisation code, last four digits, terminal." in lines
    assert "did not give" not in told["Receipt 1 of 2 there"]
    settled = told["What would settle it"]
    assert "A code from the bank" in settled
    assert "Codes from the till" in settled
    assert "The other payments there" in settled
    assert "clock there is not known" not in settled


def test_codes_that_differ_rule_a_receipt_out() -> None:
    told = support(case(payment(), side(seconds=125, rrn="other", auth="a")))
    assert "Retrieval references differ: rules it out" in told["Receipt 1 of 1 there"]
    assert "A receipt that can be its own" in told["What would settle it"]


def test_a_clock_that_nobody_knows_is_said_to_be_one() -> None:
    told = support(case(payment(codes=Codes()), side(), clocks={}))
    assert "by a clock that we do not know yet" in told["Receipt 1 of 1 there"]
    assert "More sales at the tills near it" in told["What would settle it"]


def test_an_amount_cleared_later_is_a_look_of_its_own() -> None:
    cleared_at = PAID + timedelta(hours=2)
    facts = (Fact(PAID, "authorised", 585), Fact(cleared_at, "cleared", 650))
    asked = case(payment(facts=facts))
    other = replace(asked.looks[0], side=replace(asked.looks[0].side, amount=650, at=cleared_at))
    told = support(replace(asked, looks=(*asked.looks, other)))
    assert "Cleared 21 Nov 2026 11:14:05 UTC, more than the first amount" in told["How it stands"]
    assert "Looked for under the amount cleared, at the time of clearing" in told


RECALLED = (Recall("match", 1, PAID, "another"),)
TAKEN_BACK = (Recall("match", 1, PAID, "withdrawn"),)


@pytest.mark.parametrize(
    ("asked", "to_them", "to_us"),
    [
        (case(payment("void")), "reversed, so there is no receipt", "Reversed"),
        (case(payment("withdrawn", recalls=TAKEN_BACK)), "switched receipts off while", "Its customer withdrew"),
        (case(payment("withdrawn")), "switched receipts off before", "Its customer withdrew"),
        (case(payment("restricted")), "until the restriction on your data is lifted", "Kept and nothing else"),
        (case(payment("expired")), "no longer look", "Given up"),
        (case(payment(), now=SEEN + timedelta(days=8)), "no longer look", "Given up"),
        (case(payment(recalls=RECALLED)), "took back a receipt that did not belong", "not decided"),
        (case(payment(), allowed=False), "switched off for you now", "nothing would be sent"),
        (case(payment(kind="refund")), "no receipt for this refund", "not decided"),
    ],
    ids=[
        "void",
        "taken back",
        "withdrawn",
        "restricted",
        "expired",
        "past its week",
        "recalled",
        "not allowed",
        "refund",
    ],
)
def test_every_other_state_has_its_words(asked: Case, to_them: str, to_us: str) -> None:
    assert to_them in customer(asked)
    assert to_us in support(asked)["How it stands"]
    if not asked.is_open:
        assert "When it is looked at" not in support(asked)


@pytest.mark.parametrize("state", get_args(State))
def test_no_state_is_left_out(state: State) -> None:
    asked = matched() if state == "matched" else case(payment(state))
    assert customer(asked)
    assert support(asked)["How it stands"]


@pytest.mark.parametrize("why", get_args(RecallReason))
def test_no_reason_to_take_a_receipt_back_is_left_out(why: RecallReason) -> None:
    asked = case(payment(recalls=(Recall("match", 1, PAID, why),), version=1))
    assert "Version 1 takes a receipt back" in support(asked)["What the bank was told"]
    assert customer(asked)


def test_a_reversed_payment_says_what_became_of_its_receipt() -> None:
    recall = Recall("match", 2, PAID, "reversed")
    told = {"2": DeliveryRecord("delivered", SEEN, status=200)}
    asked = case(payment("void", match=MATCH, version=2, recalls=(recall,), deliveries=told), tender=TENDER)
    assert "was taken back" in customer(asked)
    assert "Version 2 takes a receipt back. The payment was reversed. Taken" in support(asked)["What the bank was told"]
    assert "Authorisation code agrees" in support(asked)["Why it had its receipt"]


def test_what_is_not_known_says_why_that_can_be_and_no_more() -> None:
    assert NOT_KNOWN.state == "unknown"
    [section] = NOT_KNOWN.support
    reasons = "\n".join(section.says)
    for part in ("not live", "`receipts`", "90 days", "a week without a receipt", "no money", "not told us"):
        assert part in reasons
    assert 2 <= len(NOT_KNOWN.customer) <= 3


def test_weights_fall_with_the_ratio() -> None:
    ratios = [1e9, 1e4, 50, 3, 1, 0.5, 0.05, 1e-6, 0]
    words = [weight_in_words(ratio) for ratio in ratios]
    assert len(set(words)) == len(ratios)
    assert words[0] == "all but proves it"
    assert words[-1] == "rules it out"
