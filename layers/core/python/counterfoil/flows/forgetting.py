"""One record of a customer's is deleted, with all that hangs on it: what hangs on it first, since it leads there.

Each may be repeated, and died in, at any point.
"""

from collections.abc import Callable, Mapping

from counterfoil.domain.transactions import ReceiptOfMatch
from counterfoil.flows.settling import tender_pointer, transaction_pointers
from counterfoil.store import bodies, by_subject, cards, links, rendezvous, tenders, transactions
from counterfoil.store.by_subject import Found
from counterfoil.store.table import Item


def forget(found: Found) -> None:
    """Does what the data map says of a record when its customer is erased.

    Raises TryAgain where a place could not be reached, or the record moved meanwhile.
    """
    if found.goes:
        WAYS[found.record.name](found.item)


def _payment(item: Item) -> None:
    transaction = transactions.from_item(item)
    rendezvous.delete(transaction_pointers(transaction)[0])
    if transaction.match is not None:
        _receipt(transaction.key, transaction.match)
    transactions.delete(transaction)


def _receipt(transaction_key: str, match: ReceiptOfMatch) -> None:
    """The tender that this payment was for; and the receipt, also as it was before corrections, unless somebody else
    paid a part of it: then it goes with the last of them."""
    receipt_key, tender = match.tender_key.rpartition(".")[0], tenders.get(match.tender_key)
    names = (match.body_key, *(tender.former if tender else ()))
    is_shared = any(other.key != match.tender_key for other in tenders.of_receipt(receipt_key))
    if not is_shared:
        # Before the tender, which names them.
        bodies.delete(receipt_key, names)
    if tender is not None and tender.matched_to == transaction_key:
        rendezvous.delete(tender_pointer(tender, b""))
        tenders.delete(tender)
    if is_shared and not tenders.of_receipt(receipt_key):
        bodies.delete(receipt_key, names)


def _link(item: Item) -> None:
    link = links.get(item["subject"])
    if link is not None:
        links.erase(link)


def _cards(item: Item) -> None:
    cards.forget(item["subject"])


WAYS: Mapping[str, Callable[[Item], None]] = {
    "undecided transaction": _payment,
    "matched transaction": _payment,
    "history of choices": by_subject.delete,
    "customer's choices": by_subject.delete,
    "cards": _cards,
    "claim of a missing receipt": by_subject.delete,
    "linked account": _link,
    "path secret": by_subject.delete,
}
"""How a record is deleted, by the names of the data map's rows."""
