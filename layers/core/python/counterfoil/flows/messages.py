"""The messages of the match and delivery queues. Nothing personal in them is in the clear.

    {"id", "transaction": a transaction as stored}
    {"id", "receipt": {"key", "body_key", "digest", "revision", "body" | "object", "wrapped", "again",
                       "tenders": [as stored]}}
    {"id", "look_again": {"side", "key", "step"}}
    {"transaction": opaque name}                                                            to a delivery queue

`id` is the intake id: it stays the same however often the message is received or redriven. Bytes travel as
{"b64": …}. A message that cannot be read is Poison.
"""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from counterfoil.domain.tenders import CardTender, Revision
from counterfoil.domain.transactions import Transaction
from counterfoil.errors import Poison
from counterfoil.flows.outcome import MATCH_QUEUE, Send
from counterfoil.store import tenders, transactions
from counterfoil.store.bodies import SealedBody


@dataclass(frozen=True, slots=True)
class ReceiptTaken:
    """One version of a receipt as it came in: sealed body, its wrapped key, and its card tenders.

    `again`: taken for a reprint once, and looked at a second time.
    """

    receipt_key: str
    body_key: str
    digest: str
    body: SealedBody
    wrapped: bytes
    tenders: tuple[CardTender, ...]
    revision: Revision
    again: bool = False


@dataclass(frozen=True, slots=True)
class LookAgain:
    """An undecided side whose time has come again; `step` counts the looks from 1."""

    side: Literal["transaction", "receipt"]
    key: str
    step: int


def new_id() -> str:
    """A fresh intake id (96 random bits)."""
    return secrets.token_urlsafe(12)


def transaction_taken(message_id: str, transaction: Transaction) -> Send:
    item = transactions.to_item(transaction)
    return Send(MATCH_QUEUE, {"id": message_id, "transaction": _outward(item)})


def receipt_taken(message_id: str, taken: ReceiptTaken, delay: int = 0) -> Send:
    receipt = {
        "key": taken.receipt_key,
        "body_key": taken.body_key,
        "digest": taken.digest,
        "body": taken.body.inline,
        "object": taken.body.stored_as,
        "wrapped": taken.wrapped,
        "revision": [taken.revision.version, taken.revision.taken_at],
        "again": taken.again or None,
        "tenders": [tenders.to_item(tender) for tender in taken.tenders],
    }
    return Send(MATCH_QUEUE, {"id": message_id, "receipt": _outward(receipt)}, delay)


def look_again(look: LookAgain, delay: int) -> Send:
    body = {"side": look.side, "key": look.key, "step": look.step}
    return Send(MATCH_QUEUE, {"id": new_id(), "look_again": body}, delay)


def delivery_of(bank: str, transaction_key: str) -> Send:
    """The bank is to be told all that it does not know yet of this transaction."""
    return Send(bank, {"transaction": transaction_key})


def read(body: Mapping[str, Any]) -> tuple[str, Transaction | ReceiptTaken | LookAgain]:
    """The intake id and content of a match queue's message."""
    try:
        return body["id"], _content(body)
    except (KeyError, TypeError, ValueError) as error:
        raise Poison("not a message of ours") from error


def _content(body: Mapping[str, Any]) -> Transaction | ReceiptTaken | LookAgain:
    if "transaction" in body:
        return transactions.from_item(_inward(body["transaction"]))
    if "look_again" in body:
        look = body["look_again"]
        return LookAgain(look["side"], look["key"], look["step"])
    receipt = _inward(body["receipt"])
    return ReceiptTaken(
        receipt_key=receipt["key"],
        body_key=receipt["body_key"],
        digest=receipt["digest"],
        body=SealedBody(receipt.get("body"), receipt.get("object")),
        wrapped=receipt["wrapped"],
        tenders=tuple(tenders.from_item(item) for item in receipt["tenders"]),
        revision=Revision(*receipt["revision"]),
        again=receipt.get("again", False),
    )


def _outward(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"b64": b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {name: _outward(part) for name, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_outward(part) for part in value]
    return value


def _inward(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.keys() == {"b64"}:
            return b64decode(value["b64"], validate=True)
        return {name: _inward(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_inward(part) for part in value]
    return value
