"""All that we hold of a customer, in one archive for them (UK GDPR Art. 15 and 20).

    {"task": "export", "subject", "request", "kind"}

What is in it is the data map's column `exported`. It is read a page at a time into files, so that memory does not grow
with what there is. The same message again makes the same archive anew; its request is told when it is there.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Any, Final, Literal, Protocol

from counterfoil.domain.record import Record
from counterfoil.domain.records import RECORDS
from counterfoil.domain.rights import PrivacyRequest, finish, offer_export
from counterfoil.domain.times import from_millis, rfc3339
from counterfoil.errors import Poison
from counterfoil.flows import cards, linked_tokens, opening, rights
from counterfoil.flows.linking import Outside
from counterfoil.flows.outcome import RIGHTS_QUEUE, Outcome, Send
from counterfoil.sealing import CustomerKeys, Sealer
from counterfoil.store import bodies, by_subject, customers, exports, links, registry, transactions
from counterfoil.store import rights as requests
from counterfoil.store.table import Item

Kind = Literal["access", "portability"]

PAGE = 100
FETCHED_WITHIN: Final = timedelta(days=1)
PROVIDED: Final = frozenset({"payments", "receipts", "consents", "cards"})
"""What a person provided, through their bank or themselves: what is portable."""
_OURS: Final = frozenset({"pk", "sk", "subject", "due", "rev", "sealed"})
_TIMES: Final = frozenset({"at", "changed", "effective", "looked", "received", "previous_at"})


@dataclass(frozen=True, slots=True, repr=False)
class _Reader:
    subject: str
    keys: CustomerKeys
    sealer: Sealer


class Archive(Protocol):
    """What `documents.archive` writes."""

    def add(self, heading: str, told: Any) -> None: ...
    def close(self) -> None: ...


def begin(subject: str, request_id: str, kind: Kind) -> Send:
    """The message that makes a customer's archive for a request."""
    return Send(RIGHTS_QUEUE, {"task": "export", "subject": subject, "request": request_id, "kind": kind})


def export(
    body: Mapping[str, Any], outside: Outside, archive_in: Callable[[IO[bytes], Kind, datetime], Archive]
) -> Outcome:
    """`archive_in` begins an archive in a file. Raises Poison for a strange message."""
    subject, request_id, kind = body.get("subject"), body.get("request"), body.get("kind")
    if not isinstance(subject, str) or not isinstance(request_id, str) or kind not in ("access", "portability"):
        raise Poison("not a message of ours")
    _, salt = customers.with_salt(subject)
    now = outside.clock()
    if salt is None:
        rights.settle(request_id, lambda request: finish(request, now, "nothing_held"), now)
        return Outcome(counts=("ExportOfNobody",))
    reader = _Reader(subject, outside.sealer.customer(salt), outside.sealer)
    with TemporaryFile() as file:
        _write(archive_in(file, kind, now), reader, portable=kind == "portability")
        file.seek(0)
        exports.keep(subject, request_id, file)
    if customers.with_salt(subject)[1] is None:
        # Erased meanwhile.
        exports.delete(subject)
        return Outcome(counts=("ExportOfNobody",))
    rights.settle(request_id, lambda request: _offered(request, now), now)
    return Outcome(counts=("Exported",))


def _offered(request: PrivacyRequest, now: datetime) -> PrivacyRequest:
    offered = request if request.export_until else offer_export(request, now + FETCHED_WITHIN, now)
    return finish(offered, now)


def _write(into: Archive, reader: _Reader, *, portable: bool) -> None:
    place, more = None, True
    while more:
        found, place = by_subject.page(reader.subject, place, PAGE)
        more = place is not None
        for one in found:
            for heading, told in told_of(one.record, one.item, reader):
                if not portable or heading in PROVIDED:
                    into.add(heading, told)
    into.close()


def told_of(record: Record, item: Item, reader: "_Reader") -> list[tuple[str, Any]]:
    """What a record tells its customer, each under its heading; nothing where the data map does not export it."""
    if record.exported is None:
        return []
    told = [(record.exported, READERS[record.name](item, reader))]
    return told + _receipt(item, reader) if record.name == "matched transaction" else told


def _payment(item: Item, reader: _Reader) -> Any:
    transaction = transactions.from_item(item)
    return {
        **opening.personal(transaction, reader.keys),
        "bank": transaction.bank,
        "shop": transaction.scope,
        "kind": transaction.kind,
        "currency": transaction.currency,
        "authorised_at": rfc3339(transaction.at),
        "facts": [{"at": rfc3339(one.at), "status": one.kind, "amount": one.amount} for one in transaction.facts],
        "state": transaction.state,
        "why": list(transaction.match.reasons) if transaction.match else [],
    }


def _receipt(item: Item, reader: _Reader) -> list[tuple[str, Any]]:
    transaction = transactions.from_item(item)
    sealed = bodies.read(transaction.match.body_key) if transaction.match else None
    if transaction.match is None or sealed is None:
        return []
    return [("receipts", opening.receipt(transaction, transaction.match, sealed, reader.keys).receipt)]


def _cards(_item: Item, reader: _Reader) -> Any:
    wallet, _ = cards.of_customer(reader.subject, reader.sealer)
    return [asdict(card) for card in wallet.cards]


def _link(item: Item, reader: _Reader) -> Any:
    """The account, and never the tokens that open it."""
    link, record = links.get(reader.subject), registry.bank(item["bank"])
    account_id = linked_tokens.opened(link, reader.keys).account_id if link else None
    return {"bank": record.bank.name if record else item["bank"], "account_id": account_id,
            "linked_at": rfc3339(from_millis(item["linked"]))}  # fmt: skip


def _request(item: Item, reader: _Reader) -> Any:
    request = requests.get(item["pk"].removeprefix("Q#"))
    words = rights.words_of(request, reader.sealer) if request else None
    return _plain(item, reader) | {"words": asdict(words) if words else None}


def _plain(item: Item, _reader: _Reader) -> Any:
    """What it says, without our own keys and counters, its times in words."""
    said = {name: value for name, value in item.items() if name not in _OURS and not isinstance(value, bytes)}
    told = {name: rfc3339(from_millis(value)) if name in _TIMES and value else value for name, value in said.items()}
    return json.loads(json.dumps(told, default=str))


READERS: Final[Mapping[str, Callable[[Item, _Reader], Any]]] = {
    "undecided transaction": _payment,
    "matched transaction": _payment,
    "customer's choices": _plain,
    "history of choices": _plain,
    "cards": _cards,
    "claim of a missing receipt": _plain,
    "linked account": _link,
    "audit entry": _plain,
    "disclosure": _plain,
    "privacy request": _request,
}
"""How a record is told, by the names of the data map's rows. A receipt is told with its payment."""

HEADINGS: Final = tuple(dict.fromkeys(record.exported for record in RECORDS if record.exported))
