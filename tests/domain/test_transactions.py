"""Facts of one transaction merge into one record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain.facts import Fact, FactKind
from counterfoil.domain.sides import Codes
from counterfoil.domain.transactions import ReceiptOfMatch, Transaction, contradicts, merge

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
AMOUNTS: dict[FactKind, int] = {"authorised": 585, "cleared": 650, "reversed": 585}
CODES = {"auth": "a", "rrn": "r", "last4": "4"}
MATCH = ReceiptOfMatch("tender", "body", b"", "rrn", "0.9999", (), NOW)
ID = "match_1"


def told(kind: FactKind, minutes: int = 0, codes: frozenset[str] = frozenset()) -> Transaction:
    at = NOW + timedelta(minutes=minutes)
    return Transaction(
        key="t", subject="s", bank="openbank", scope="kite/soho", kind="sale", currency="GBP",
        at=NOW, event_at=at, seen_at=NOW, facts=(Fact(at, kind, AMOUNTS[kind]),),
        codes=Codes(**{name: CODES[name] for name in codes}), address=b"", sealed=b"", owner="m",
        state="void" if kind == "reversed" else "undecided",
    )  # fmt: skip


FACTS = st.builds(
    told, st.sampled_from(sorted(AMOUNTS)), st.integers(0, 9), st.frozensets(st.sampled_from(sorted(CODES)))
)


def merged(told_in_order: list[Transaction]) -> Transaction:
    first, *others = told_in_order
    for other in others:
        first = merge(first, other, ID if first.match else None)
    return first


@given(st.lists(FACTS, min_size=1, max_size=6), st.randoms())
def test_facts_merge_alike_in_any_order_and_however_often(facts: list[Transaction], chance: Any) -> None:
    mixed = facts + facts[:2]
    chance.shuffle(mixed)
    assert merged(mixed) == merged(facts)
    assert merge(merged(facts), merged(facts), None) == merged(facts)


@given(st.lists(FACTS, max_size=5), st.randoms())
def test_a_matched_one_ends_alike_whenever_it_was_matched(facts: list[Transaction], chance: Any) -> None:
    """With the receipt while something is left of the payment, and without it as long as nothing is."""
    first = told("authorised")
    matched = replace(first, state="matched", match=MATCH, version=1)
    mixed = list(facts)
    chance.shuffle(mixed)
    one, other = merged([matched, *facts]), merged([matched, *mixed])
    assert (one.facts, one.state, one.match, one.event_at) == (other.facts, other.state, other.match, first.event_at)
    assert one.state == ("void" if one.is_void else "matched")
    assert all(recall.why == "reversed" and recall.match_id == ID for recall in one.recalls)
    assert one.versions_to_tell()[-1] == one.version


def test_a_withdrawn_one_stays_so() -> None:
    withdrawn = replace(told("authorised"), state="withdrawn", version=2)
    assert merge(merge(withdrawn, told("reversed"), None), told("cleared", 5), None).state == "withdrawn"


@given(FACTS, FACTS)
def test_only_another_amount_or_another_payment_contradicts(known: Transaction, new: Transaction) -> None:
    assert not contradicts(known, new)
    dearer = tuple(replace(fact, amount=fact.amount + 1) for fact in known.facts)
    assert contradicts(known, replace(known, facts=dearer))
    for other in ({"subject": "x"}, {"bank": "x"}, {"kind": "refund"}, {"currency": "EUR"}, {"scope": "x"}):
        assert contradicts(known, replace(new, **other))
