"""Records as rows of plain values, which `marshal` packs: for the disk, and for what waits long."""

from operator import attrgetter
from typing import Any

from counterfoil.domain.facts import Fact
from counterfoil.domain.sides import Codes
from counterfoil.domain.tenders import CardTender, Revision
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.domain.transactions import Recall, ReceiptOfMatch, Transaction

type Row = tuple[Any, ...]

_row_of_codes = attrgetter(*Codes.__dataclass_fields__)


def row_of_transaction(told: Transaction, state: str, version: int, match: ReceiptOfMatch | None) -> Row:
    """`state`, `version` and `match` may be other than the record's: then it is moved on, without a copy."""
    return (
        told.scope, told.kind, told.currency, state, version, told.by_code, told.original,
        to_millis(told.at), to_millis(told.event_at), to_millis(told.seen_at),
        [(to_millis(fact.at), fact.kind, fact.amount) for fact in told.facts],
        _row_of_codes(told.codes),
        None if match is None else (match.tender_key, match.body_key, match.method, match.confidence, match.reasons,
                                    to_millis(match.event_at)),
        [(recall.match_id, recall.version, to_millis(recall.event_at), recall.why) for recall in told.recalls],
    )  # fmt: skip


def transaction_from(key: str, row: Any) -> Transaction:
    (scope, kind, currency, state, version, by_code, original, at, event_at, seen_at, facts, codes, match,
     recalls) = row  # fmt: skip
    subject = key.rpartition("/")[0]
    return Transaction(
        key=key,
        subject=subject,
        bank=subject.partition("/")[0],
        scope=scope,
        kind=kind,
        currency=currency,
        at=from_millis(at),
        event_at=from_millis(event_at),
        seen_at=from_millis(seen_at),
        facts=tuple(Fact(from_millis(happened), what, amount) for happened, what, amount in facts),
        codes=Codes(*codes),
        address=b"",
        sealed=b"",
        owner="",
        by_code=by_code,
        original=original,
        state=state,
        version=version,
        match=None if match is None else _match_from(*match),
        recalls=tuple(Recall(name, number, from_millis(told), why) for name, number, told, why in recalls),
    )


def _match_from(
    tender: str, body: str, method: str, confidence: str, reasons: tuple[str, ...], event_at: int
) -> ReceiptOfMatch:
    return ReceiptOfMatch(tender, body, b"", method, confidence, reasons, from_millis(event_at))


def row_of_tender(tender: CardTender, state: str, matched_to: str | None) -> Row:
    return (
        tender.index, tender.body_key, tender.revision.version, tender.revision.taken_at, tender.scope, tender.kind,
        tender.amount, tender.currency, to_millis(tender.at), to_millis(tender.seen_at), _row_of_codes(tender.codes),
        tender.till, tender.by_code, tender.doubted, state, matched_to, tender.taken_from,
    )  # fmt: skip


def tender_from(key: str, row: Any) -> CardTender:
    (index, body_key, version, taken_at, scope, kind, amount, currency, at, seen_at, codes, till, by_code, doubted,
     state, matched_to, taken_from) = row  # fmt: skip
    receipt_key, _, ordinal = key.rpartition(".")
    return CardTender(
        receipt_key=receipt_key,
        ordinal=int(ordinal),
        index=index,
        body_key=body_key,
        revision=Revision(version, taken_at),
        scope=scope,
        kind=kind,
        amount=amount,
        currency=currency,
        at=from_millis(at),
        seen_at=from_millis(seen_at),
        codes=Codes(*codes),
        till=till,
        owner="",
        by_code=by_code,
        doubted=doubted,
        state=state,
        matched_to=matched_to,
        taken_from=tuple(taken_from),
    )
