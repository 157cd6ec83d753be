"""Why a payment has this receipt, or none, for support: every piece of evidence with its weight in words.

No line holds a name, a digit of a card, a code, an amount, or an id but the shop's; of other people's payments only how
many there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final

from counterfoil.domain.assignments import posterior
from counterfoil.domain.card_evidence import EVIDENCE, weight
from counterfoil.domain.clocks import Clock
from counterfoil.domain.deliveries import RECALL_REASONS
from counterfoil.domain.explanations import Case, Look, Section
from counterfoil.domain.habits import ANY_BANK
from counterfoil.domain.inspection import count_in_words, offset_in_words, span_in_words
from counterfoil.domain.likelihood import Scene
from counterfoil.domain.matching import Match
from counterfoil.domain.parameters import DEFAULT
from counterfoil.domain.sides import Codes, Side
from counterfoil.domain.transactions import DeliveryRecord, Transaction

MOST_SHOWN: Final = 3
_NEEDED: Final = f"{DEFAULT.threshold:g} is needed"

_WEIGHTS: Final = (  # from which ratio, P(it | one sale) / P(it | two), to which words
    (1e5, "all but proves it"),
    (1e3, "speaks strongly for it"),
    (10.0, "speaks for it"),
    (1.001, "speaks a little for it"),
    (0.999, "says nothing either way"),
    (0.1, "speaks a little against it"),
    (1e-2, "speaks against it"),
    (1e-9, "all but rules it out"),
    (0.0, "rules it out"),
)
_NAMES: Final[Mapping[str, str]] = {
    "rrn": "retrieval reference",
    "auth": "authorisation code",
    "last4": "last four digits",
    "terminal": "terminal",
    "merchant": "merchant number",
}
_STATES: Final[Mapping[str, str]] = {
    "matched": "Matched.",
    "void": "Reversed: nothing is left of it, so it has no receipt.",
    "withdrawn": "Its customer withdrew before it had its receipt: it stays without one.",
    "restricted": "Kept and nothing else, while its customer's data is restricted: then it is open again.",
    "undecided": "Open: not decided yet.",
    "ambiguous": "Open: there were candidates, and waiting did not help.",
    "unmatched": "Open: a day later nothing there could be its receipt.",
    "expired": "Given up: within a week nothing came that was sure. It stays without a receipt.",
}
_METHODS: Final[Mapping[str, str]] = {
    "rrn": "retrieval reference",
    "auth_code": "authorisation code",
    "card_and_time": "card and time",
    "original": "the purchase that it gives back",
}
_FACTS: Final[Mapping[str, str]] = {
    "authorised": "Authorised",
    "cleared": "Cleared",
    "reversed": "Reversed",
    "refunded": "Given back",
}


def to_support(case: Case) -> tuple[Section, ...]:
    """What support reads, the most telling first."""
    transaction = case.transaction
    sections = [Section("How it stands", tuple(_standing(case)))]
    if transaction.match is not None:
        about = "Why this receipt" if transaction.state == "matched" else "Why it had its receipt"
        sections.append(Section(about, tuple(_match(case))))
    for look in case.looks:
        sections.extend(_look(look, case))
    if case.is_open:
        sections.append(Section("What would settle it", tuple(_would_settle(case))))
        sections.append(Section("When it is looked at", tuple(_looks_ahead(case))))
    if told := tuple(_told(transaction)):
        sections.append(Section("What the bank was told", told))
    return tuple(sections)


def weight_in_words(ratio: float) -> str:
    """What a likelihood ratio says of two sides being one sale."""
    return next(words for least, words in _WEIGHTS if ratio >= least)


def moment(at: datetime) -> str:
    return f"{at:%d %b %Y %H:%M:%S} UTC"


def _standing(case: Case) -> list[str]:
    transaction = case.transaction
    given_up = transaction.is_open and not case.is_open
    lines = [_STATES["expired" if given_up else transaction.state]]
    first = transaction.facts[0].amount
    for fact in transaction.facts:
        other = "" if fact.amount == first else f", {'more' if fact.amount > first else 'less'} than the first amount"
        lines.append(f"{_FACTS[fact.kind]} {moment(fact.at)}{other}.")
    lines.append(f"It reached us {moment(transaction.seen_at)}. Its shop is {transaction.scope}.")
    if not case.allowed:
        lines.append("Its customer does not let us find receipts now: nothing would be sent.")
    return lines


def _match(case: Case) -> list[str]:
    match = case.transaction.match
    assert match is not None
    method = _METHODS.get(match.method, "time")
    lines = [f"Matched by {method}, with a probability of {match.confidence} ({_NEEDED})."]
    if case.tender is None:
        return [*lines, *(f"{reason}." for reason in match.reasons)]
    codes = _codes(case.transaction.codes, case.tender.codes, case)
    of_codes = {says for evidence in EVIDENCE.values() for says in (evidence.says, evidence.says_not)}
    lines += codes + [f"{reason}." for reason in match.reasons if reason not in of_codes]
    lines += _missing(case.transaction.codes, case.tender.codes)
    if case.transaction.kind == "sale":
        lines.append(_time(case.tender.at, case.transaction.at, case.clocks.get(case.tender.till or "")))
    return lines


def _look(look: Look, case: Case) -> list[Section]:
    lines = [f"{reason}." for reason in look.decision.reasons]
    if isinstance(look.decision, Match):
        lines.insert(0, "Decided now, it would have its receipt: the next look gives it.")
    sections = [Section(f"Looked for under {_face(look, case)}", (*lines, _crowd(look)))]
    candidates = _candidates(look, case)
    for place, (receipt, probability) in enumerate(candidates[:MOST_SHOWN], 1):
        evidence = [f"Its probability is {probability:.4f} ({_NEEDED})."]
        evidence += _codes(look.side.codes, receipt.codes, case) + _missing(look.side.codes, receipt.codes)
        if look.side.kind == "sale":
            evidence.append(_time(receipt.at, look.side.at, case.clocks.get(receipt.till or "")))
        else:
            evidence.append(f"{span_in_words(abs((receipt.at - look.side.at).total_seconds()))} apart.")
        sections.append(Section(f"Receipt {place} of {len(candidates)} there", tuple(evidence)))
    return sections


def _candidates(look: Look, case: Case) -> list[tuple[Side, float]]:
    """Every receipt there, with the probability that it is this payment's; the likeliest first."""
    scene = Scene((look.side, *look.others), case.clocks, case.habits, case.banks, case.now, DEFAULT)
    own = next(n for n, payment in enumerate(scene.payments) if payment.sides[0].key == look.side.key)
    found = [
        (slip.side, posterior(scene.odds, len(scene.payments), len(scene.slips), (own, n)))
        for n, slip in enumerate(scene.slips)
    ]
    return sorted(found, key=lambda each: -each[1])


def _face(look: Look, case: Case) -> str:
    transaction = case.transaction
    kinds = {fact.kind for fact in transaction.facts if fact.amount == look.side.amount}
    amount = next((f"the amount {kind}" for kind in ("authorised", "refunded", "cleared") if kind in kinds), None)
    when = "" if look.side.at == transaction.at else ", at the time of clearing"
    return (amount or "what its facts come to together") + when


def _codes(ours: Codes, theirs: Codes, case: Case) -> list[str]:
    lines, payment, receipt = [], asdict(ours), asdict(theirs)
    for name, evidence in EVIDENCE.items():
        if payment[name] is not None and receipt[name] is not None:
            says = evidence.says if payment[name] == receipt[name] else evidence.says_not
            ratio = weight(_alone(name, ours), _alone(name, theirs), case.banks.get(case.transaction.bank, ANY_BANK))
            lines.append(f"{says}: {weight_in_words(ratio)}.")
    return lines


def _alone(name: str, codes: Codes) -> Codes:
    """Codes of which only one is told, and how the card was read."""
    return replace(Codes(entry=codes.entry), **{name: getattr(codes, name)})


def _missing(ours: Codes, theirs: Codes) -> list[str]:
    payment, receipt = asdict(ours), asdict(theirs)
    neither = [words for name, words in _NAMES.items() if payment[name] is None and receipt[name] is None]
    lines = [f"Neither side gave: {', '.join(neither)}."] if neither else []
    for who, given, other in (("bank", payment, receipt), ("till", receipt, payment)):
        if names := [words for name, words in _NAMES.items() if given[name] is None and other[name] is not None]:
            lines.append(f"The {who} did not give: {', '.join(names)}.")
    return lines


def _time(said: datetime, paid: datetime, clock: Clock | None) -> str:
    apart = (said - paid).total_seconds()
    stamped = f"Stamped {span_in_words(abs(apart))} {'after' if apart > 0 else 'before'} the payment"
    stamped = stamped if abs(apart) >= 1 else "Stamped in the second of the payment"
    if clock is None or not clock.count:
        return f"{stamped}, by a clock that we do not know yet."
    offset, spread = clock.offset_at(said), clock.spread_at(said)
    left = abs(apart - offset)
    near = "as near as that clock is" if left <= spread else "no further than it may be"
    near = near if left <= 3 * spread else "further than that clock should be"
    known = (
        f"the till's clock is {offset_in_words(offset)}, ±{spread:.0f} s after {count_in_words(clock.count, 'sale')}"
    )
    return f"{stamped}; {known}: so {span_in_words(left)} apart, {near}."


def _crowd(look: Look) -> str:
    payments = len({side.key for side in look.others if side.side == "transaction"})
    receipts = sum(side.side == "receipt" for side in look.others)
    crowded = " The more there are, the likelier a coincidence." if payments + receipts > 1 else ""
    them = "it" if receipts == 1 else "them"
    others = f", and {count_in_words(payments, 'other payment')} that could claim {them}" if receipts else ""
    return f"Undecided there: {count_in_words(receipts, 'receipt')} of this amount{others}.{crowded}"


def _would_settle(case: Case) -> list[str]:
    likely = [
        side for look in case.looks for side, probability in _candidates(look, case) if probability >= DEFAULT.candidate
    ]
    if not likely:
        return [
            "A receipt that can be its own. It may come late, or be lost, or be stamped by a clock that is wrong by "
            "more than is looked at: the order `clocks` tells of those."
        ]
    lines = _codes_that_would(case.transaction.codes, likely)
    if case.transaction.kind == "sale" and not all(side.till in case.clocks for side in likely):
        lines.append("More sales at the tills near it: a clock there is not known yet.")
    if any(side.side == "transaction" for look in case.looks for side in look.others):
        lines.append("The other payments there finding their receipts: each that is settled leaves fewer candidates.")
    return lines or ["Time: whatever else of this amount comes or stays away makes these likelier, or less likely."]


def _codes_that_would(ours: Codes, receipts: Sequence[Side]) -> list[str]:
    lines = []
    if ours.auth is None and ours.rrn is None:
        lines.append(
            "A code from the bank: it gave neither authorisation code nor reference. A clearing may bring one."
        )
    if any(side.codes.auth is None and side.codes.rrn is None for side in receipts):
        lines.append("Codes from the till: a receipt near it has neither authorisation code nor reference.")
    return lines


def _looks_ahead(case: Case) -> list[str]:
    lines = ["It is decided again whenever a fact of it or a receipt comes that could be its own."]
    ahead = [at for at in case.planned if at > case.now]
    if len(ahead) > 1:
        lines.append(f"The next planned look is in {_until(ahead[0], case)}, at {moment(ahead[0])}.")
    if ahead:
        last = f"in {_until(ahead[-1], case)}, within the hour after {moment(ahead[-1])}"
        lines.append(f"A last look, over its whole day, is planned {last}.")
    lines.append(f"It is given up in {_until(case.ends_at, case)}, at {moment(case.ends_at)}.")
    return lines


def _until(at: datetime, case: Case) -> str:
    return span_in_words((at - case.now).total_seconds())


def _told(transaction: Transaction) -> list[str]:
    lines = [
        f"Version {recall.version} takes a receipt back. {RECALL_REASONS[recall.why]}. "
        f"{_delivery(transaction.deliveries.get(str(recall.version)))}"
        for recall in transaction.recalls
    ]
    if transaction.state == "matched":
        record = transaction.deliveries.get(str(transaction.version))
        lines.append(f"Version {transaction.version} tells of the receipt. {_delivery(record)}")
    return lines


def _delivery(record: DeliveryRecord | None) -> str:
    if record is None:
        return "It is on its way."
    answer = f"HTTP {record.status}" if record.status else "no answer"
    when = moment(record.at)
    return {
        "delivered": f"Taken {when} ({answer}).",
        "failing": f"Not taken yet: failed {count_in_words(record.failures, 'time')}, last {when} ({answer}).",
        "suppressed": f"Not sent {when}: the customer had withdrawn, or unlinked the account.",
        "asked": f"The bank wanted it again {when}: on its way.",
        "queued": f"On its way since {when}.",
    }[record.state]
