"""What a bank tells of a payment: its facts meet in one record, and all that follows from how it then stands."""

from dataclasses import asdict, replace

from counterfoil.domain import card_evidence
from counterfoil.domain.facts import is_nominal, together
from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import Recall, ReceiptOfMatch, Transaction, codes_of_both, contradicts, merge
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.flows import messages
from counterfoil.flows.outcome import Outcome
from counterfoil.flows.settling import (
    Party,
    Standing,
    Work,
    put_pointers,
    settle,
    tender_pointer,
    transaction_pointers,
)
from counterfoil.store import rendezvous, table, tenders, transactions


def take_transaction(new: Transaction, work: Work) -> Outcome:
    """A fact of a transaction that is new, stands already, or was moved by this very message."""
    new = _with_original(new, work)
    try:
        if new.state == "void":
            return _keep_void(new)
        return settle(Party(new, transaction_pointers(new), stored=False), work)
    except Standing as standing:
        return _merge_into(transactions.from_item(standing.item), new, work)


def _with_original(new: Transaction, work: Work) -> Transaction:
    """A refund with what is known of the purchase that it gives back: the receipt that the purchase has."""
    original = transactions.get(new.original) if new.original else None
    if original is None or original.match is None:
        return new
    receipt_key = original.match.tender_key.rpartition(".")[0]
    code = work.sealer.code("original", new.scope, receipt_key)
    return replace(new, codes=replace(new.codes, original=code))


def _keep_void(new: Transaction) -> Outcome:
    """A reversal that came before what it reverses: kept, so that the rest finds it; nothing to match."""
    try:
        transactions.put(new, table.nothing_there())
    except ConditionFailed as failed:
        raise Standing(failed.items[0] or {}) from None
    return Outcome(counts=("Reversed",))


def _merge_into(known: Transaction, new: Transaction, work: Work) -> Outcome:
    if known.owner == work.owner:
        return carry_on(known, work)
    if contradicts(known, new):
        return Outcome(counts=("ContradictoryFact",))
    if (proven := _proven_wrong(known, new, work)) is not None:
        return proven
    merged = merge(known, new, match_id_of(known, work))
    if merged == known:
        return Outcome(counts=("Repeated",))
    moved = replace(merged, rev=known.rev + 1, owner=work.owner)
    _delete_pointers_left_behind(known, moved)
    _put_transaction(moved, known)
    return carry_on(moved, work)


def _delete_pointers_left_behind(known: Transaction, moved: Transaction) -> None:
    """Before it moves, since afterwards nobody knows where it waited."""
    if known.state == "matched" and not known.is_all_delivered():
        _delete_pointers_of_both(known)
    if not known.is_open:
        return
    waits = [] if moved.state == "void" else transaction_pointers(moved)
    kept = {(pointer.partition, pointer.side.at) for pointer in waits}
    for pointer in transaction_pointers(known):
        if (pointer.partition, pointer.side.at) not in kept:
            rendezvous.delete(replace(pointer, siblings=()))


def _proven_wrong(known: Transaction, new: Transaction, work: Work) -> Outcome | None:
    """Where a fact told later says that the receipt is another's: by a code, or since nothing was sold at its amount.

    It is taken back, also from a payment that is void, which may be told of again.

    Its key lies in this customer's letterbox only, so that nobody else can be given it any more: its tender is void.
    """
    codes = codes_of_both(known.codes, new.codes)
    facts = together(known.facts, new.facts)
    if known.match is None or known.state == "withdrawn" or (codes, facts) == (known.codes, known.facts):
        return None
    tender = tenders.get(known.match.tender_key)
    if tender is None or not (
        card_evidence.exclude(asdict(codes), asdict(tender.codes)) or is_nominal(facts, tender.amount)
    ):
        return None
    told = replace(merge(known, new, match_id_of(known, work)), state="matched")
    recall = Recall(match_id_of(known, work) or "", known.version + 1, new.event_at, "another")
    opened = given_up(told, known, recall, work)
    freed = replace(tender, rev=tender.rev + 1, owner=work.owner, state="void", matched_to=None, seen_at=work.now)
    _delete_pointers_left_behind(known, opened)
    move_both(freed, tender.rev, known, opened, work)
    return carry_on(replace(opened, rev=known.rev + 1, owner=work.owner), work)


def given_up(transaction: Transaction, was: Transaction, recall: Recall, work: Work) -> Transaction:
    """The transaction without its receipt, which the bank is told to take back; open again unless it is reversed."""
    told = transaction.recalls if was.state == "void" else (*was.recalls, recall)
    version = was.version if was.state == "void" else recall.version
    return replace(
        transaction,
        state="void" if transaction.is_void else "undecided",
        match=None,
        version=version,
        recalls=told,
        freed_at=work.now,
    )


def match_id_of(transaction: Transaction, work: Work) -> str | None:
    """The id of the match that the transaction has, or had before it was reversed."""
    match: ReceiptOfMatch | None = transaction.match
    return work.sealer.match_id(transaction.key, match.tender_key) if match else None


def carry_on(transaction: Transaction, work: Work) -> Outcome:
    """All that follows from how a transaction stands."""
    if transaction.state == "matched":
        return _finish_match(transaction)
    told = () if transaction.is_all_delivered() else (messages.delivery_of(transaction.bank, transaction.key),)
    if not transaction.is_open:
        return Outcome(told, ("Reversed",) if transaction.state == "void" else ())
    pointers = transaction_pointers(transaction)
    put_pointers(pointers)
    return Outcome(told) + settle(Party(transaction, pointers, stored=True), work)


def _finish_match(transaction: Transaction) -> Outcome:
    """What a match leaves to do, where its message died before it could.

    The delivery is sent last, so where it was made nothing is left.
    """
    if transaction.is_all_delivered():
        return Outcome()
    _delete_pointers_of_both(transaction)
    return Outcome((messages.delivery_of(transaction.bank, transaction.key),))


def _delete_pointers_of_both(matched: Transaction) -> None:
    rendezvous.delete(transaction_pointers(matched)[0])
    tender = tenders.get(matched.match.tender_key) if matched.match else None
    if tender is not None:
        rendezvous.delete(tender_pointer(tender, b""))


def _put_transaction(moved: Transaction, known: Transaction) -> None:
    try:
        transactions.put(moved, transactions.unmoved(known))
    except ConditionFailed:
        raise TryAgain("the transaction moved meanwhile", after=1) from None


def move_both(tender: CardTender, tender_rev: int, was: Transaction, moved: Transaction, work: Work) -> None:
    """Both or neither, each as it was read. Raises TryAgain where one of them moved meanwhile."""
    writes = [
        tenders.put_of(tender, table.still_at(tender_rev)),
        transactions.put_of(replace(moved, rev=was.rev + 1, owner=work.owner), transactions.unmoved(was)),
    ]
    try:
        table.transact(writes)
    except ConditionFailed:
        raise TryAgain("tender or transaction moved meanwhile", after=1) from None
