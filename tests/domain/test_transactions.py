"""Facts of one transaction merge into one record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain.matching import Codes
from counterfoil.domain.transactions import ReceiptOfMatch, Transaction, contradicts, matching_amount, merge

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
AMOUNTS = {"authorised": 585, "cleared": 650, "reversed": 585}
CODES = {"auth": "a", "rrn": "r", "last4": "4"}
MATCH = ReceiptOfMatch("tender", "body", b"", "rrn", "0.9999", (), NOW)


def told(fact: str, minutes: int = 0, codes: frozenset[str] = frozenset()) -> Transaction:
    return Transaction(
        key="t", subject="s", bank="openbank", scope="kite/soho", kind="sale", amount=AMOUNTS[fact], currency="GBP",
        at=NOW, event_at=NOW + timedelta(minutes=minutes), seen_at=NOW, facts={fact: AMOUNTS[fact]},
        codes=Codes(**{name: CODES[name] for name in codes}), address=b"", sealed=b"", owner="m",
        state="void" if fact == "reversed" else "undecided",
    )  # fmt: skip


FACTS = st.builds(
    told, st.sampled_from(sorted(AMOUNTS)), st.integers(0, 9), st.frozensets(st.sampled_from(sorted(CODES)))
)


def merged(told_in_order: list[Transaction]) -> Transaction:
    first, *others = told_in_order
    for other in others:
        first = merge(first, other)
    return first


@given(st.lists(FACTS, min_size=1, max_size=5), st.randoms())
def test_facts_merge_alike_in_any_order_and_however_often(facts: list[Transaction], chance: object) -> None:
    mixed = facts + facts[:2]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert merged(mixed) == merged(facts)
    assert merge(merged(facts), merged(facts)) == merged(facts)


@given(st.lists(FACTS, min_size=1, max_size=5))
def test_the_authorised_amount_is_looked_for_where_it_is_known(facts: list[Transaction]) -> None:
    known = merged(facts)
    assert known.amount == matching_amount(known.facts)
    assert known.amount == (585 if known.facts.keys() & {"authorised"} or known.facts.keys() == {"reversed"} else 650)
    assert (known.state == "void") is ("reversed" in known.facts)


@given(st.lists(FACTS, max_size=5))
def test_a_match_keeps_what_the_bank_was_told(facts: list[Transaction]) -> None:
    matched = replace(told("cleared", minutes=5), state="matched", match=MATCH)
    after = merged([matched, *facts])
    assert (after.amount, after.event_at, after.state, after.match) == (650, matched.event_at, "matched", MATCH)


@given(FACTS, FACTS)
def test_only_another_amount_or_another_payment_contradicts(known: Transaction, new: Transaction) -> None:
    assert not contradicts(known, new)
    assert contradicts(known, replace(known, facts={name: amount + 1 for name, amount in known.facts.items()}))
    for other in ({"subject": "x"}, {"bank": "x"}, {"kind": "refund"}, {"currency": "EUR"}, {"scope": "x"}):
        assert contradicts(known, replace(new, **other))
