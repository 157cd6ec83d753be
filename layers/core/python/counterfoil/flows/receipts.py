"""What a till tells of a receipt: its card tenders are kept, matched, corrected, and voided."""

from dataclasses import asdict, replace

from counterfoil.domain import card_evidence
from counterfoil.domain.sides import Codes
from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import Recall, ReceiptOfMatch, Transaction
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.flows import messages
from counterfoil.flows.messages import ReceiptTaken
from counterfoil.flows.outcome import Outcome
from counterfoil.flows.payments import carry_on, given_up, move_both
from counterfoil.flows.settling import Party, Standing, Work, put_pointers, settle, tender_pointer
from counterfoil.sealing import leave_in_letterbox
from counterfoil.store import bodies, clocks, rendezvous, table, tenders, transactions


def take_receipt(taken: ReceiptTaken, work: Work) -> Outcome:
    """A receipt that is new, a later version, a repeat, or a reprint; each of its card tenders on its own."""
    try:
        body_key = _keep_body(taken, work)
    except bodies.Reprint:
        return _set_reprint_aside(taken, work)
    if body_key is None:
        bodies.discard(taken.body)
        return Outcome(counts=("Repeated",))
    is_flood = any(tender.doubted for tender in taken.tenders)
    outcome, corrects = Outcome(counts=("TillFlooding",) * is_flood), not taken.tenders
    for tender in taken.tenders:
        new = replace(tender, owner=work.owner, body_key=body_key)
        if new.till and new.kind == "sale":
            clocks.note_stamp(new.till, new.at, new.receipt_key, work.now)
        try:
            outcome += settle(Party(new, (tender_pointer(new, taken.wrapped),), stored=False), work)
        except Standing as standing:
            known = tenders.from_item(standing.item)
            if known.revision > new.revision:
                bodies.overtaken(body_key, work.owner, work.now)
                return outcome + Outcome(counts=("Superseded",))
            corrects = True
            outcome += _correct(known, new, taken.wrapped, work)
    if corrects:
        outcome += _void_the_rest(taken, work)
    return outcome


def _set_reprint_aside(taken: ReceiptTaken, work: Work) -> Outcome:
    """Counted once, with its first print; looked at again, since a correction of the first may be on its way."""
    if taken.again:
        bodies.discard(taken.body)
        return Outcome(counts=("Reprinted",))
    return Outcome((messages.receipt_taken(work.owner, replace(taken, again=True), work.waits[-1]),))


def _keep_body(taken: ReceiptTaken, work: Work) -> str | None:
    """The name that the body is kept under; None for a repeat, Reprint where another receipt is this sale's."""
    if not taken.tenders:
        return taken.body_key
    name = taken.body_key
    while True:
        try:
            return bodies.put_once(name, taken.receipt_key, taken.digest, taken.body, work.owner)
        except bodies.Reprint as reprint:
            if _is_still_of_sale(reprint.receipt_key, taken):
                raise
            # What was printed first was corrected to another sale since: this one is the sale's, and has its reprints.
            name = f"{name}.{reprint.receipt_key}"


def _is_still_of_sale(first_print: str, taken: ReceiptTaken) -> bool:
    """Whether that receipt is of the same card payment, as printed first or corrected since."""
    first, new = tenders.get(f"{first_print}.0"), taken.tenders[0]
    if first is None:
        raise TryAgain("the first print is still being taken", after=60)
    is_same_body = first.body_key.partition(".")[0] == taken.body_key
    return first.state != "void" and (is_same_body or (_paid_alike(first, new) and first.codes == new.codes))


def _correct(known: CardTender, new: CardTender, wrapped: bytes, work: Work) -> Outcome:
    """A tender that stands gets a later body; the same amount keeps its match, another gives it up."""
    if known.body_key == new.body_key:
        return _carry_on_tender(known, wrapped, work)
    # Before it moves, since afterwards nobody knows where it waited.
    rendezvous.delete(tender_pointer(known, wrapped))
    former = (*known.former, known.body_key)
    moved = replace(new, rev=known.rev + 1, taken_from=known.taken_from, former=former)
    if known.matched_to is None:
        _put_tender(moved, known.rev)
    elif (payer := _payer_of(known)) is None:
        return Outcome(counts=("CorrectedAfterTakenBack",))
    elif _paid_alike(known, new) and payer.state == "matched" and not _is_anothers(new, payer):
        moved = _renew_match(known, moved, payer, wrapped, work)
    else:
        moved = _give_up_match(known, moved, payer, work)
    return _carry_on_tender(moved, wrapped, work)


def _paid_alike(known: CardTender, new: CardTender) -> bool:
    return (known.scope, known.kind, known.amount, known.currency) == (
        new.scope, new.kind, new.amount, new.currency,
    )  # fmt: skip


def _is_anothers(new: CardTender, payer: Transaction) -> bool:
    """Whether the corrected codes say that somebody else paid."""
    return card_evidence.exclude(asdict(payer.codes), asdict(new.codes))


def _carry_on_tender(tender: CardTender, wrapped: bytes, work: Work) -> Outcome:
    """All that follows from how a tender stands."""
    outcome = Outcome()
    if tender.matched_to is not None:
        outcome += carry_on_by_key(tender.matched_to, work)
    elif tender.state != "void":
        pointer = tender_pointer(tender, wrapped)
        put_pointers([pointer])
        outcome += settle(Party(tender, (pointer,), stored=True), work)
    for former in tender.taken_from:
        outcome += carry_on_by_key(former, work)
    return outcome


def carry_on_by_key(transaction_key: str, work: Work) -> Outcome:
    """All that follows from how that transaction stands, if it is there."""
    transaction = transactions.get(transaction_key)
    return carry_on(transaction, work) if transaction else Outcome()


def _renew_match(known: CardTender, new: CardTender, payer: Transaction, wrapped: bytes, work: Work) -> CardTender:
    """The same payment, the corrected body: a new version for the bank."""
    key = work.sealer.unwrap_waiting(wrapped, bound_to=new.receipt_key)
    letter = leave_in_letterbox(payer.address, key, bound_to=new.receipt_key)
    match = replace(_match_of(payer), body_key=new.body_key, letter=letter, event_at=new.at)
    kept = replace(new, state="matched", matched_to=payer.key)
    move_both(kept, known.rev, payer, replace(payer, match=match, version=payer.version + 1), work)
    return kept


def _give_up_match(known: CardTender, new: CardTender, payer: Transaction, work: Work) -> CardTender:
    """The payment was not for this: the bank takes the receipt back, and both sides are open again."""
    freed = replace(new, matched_to=None, taken_from=tuple(dict.fromkeys((*known.taken_from, payer.key))))
    match_id = work.sealer.match_id(payer.key, known.key)
    recall = Recall(match_id, payer.version + 1, _match_of(payer).event_at, "another")
    opened = given_up(payer, payer, recall, work)
    move_both(freed, known.rev, payer, opened, work)
    return freed


def _payer_of(tender: CardTender) -> Transaction | None:
    """The transaction a tender is matched to; None where its match was taken back, since its customer withdrew, or is
    gone with its customer."""
    transaction = transactions.get(tender.matched_to or "")
    if transaction is not None and transaction.match is not None and transaction.match.tender_key == tender.key:
        return None if transaction.state == "withdrawn" else transaction
    standing = tenders.get(tender.key)
    if standing is None or standing.rev != tender.rev:
        raise TryAgain("the tender moved meanwhile", after=1)
    return None


def _match_of(transaction: Transaction) -> ReceiptOfMatch:
    assert transaction.match is not None
    return transaction.match


def _put_tender(tender: CardTender, rev: int) -> None:
    try:
        tenders.put(tender, table.still_at(rev))
    except ConditionFailed:
        raise TryAgain("the tender moved meanwhile", after=1) from None


def _void_the_rest(taken: ReceiptTaken, work: Work) -> Outcome:
    """The tenders that a correction no longer has: their matches are given up."""
    outcome, standing = Outcome(), tenders.of_receipt(taken.receipt_key)
    if not taken.tenders and not standing:
        _leave_marker(taken, work)
    for known in (tender for tender in standing if tender.ordinal >= len(taken.tenders)):
        if known.state == "void" and known.revision == taken.revision:
            outcome += _carry_on_tender(known, taken.wrapped, work)
        elif known.revision < taken.revision and known.state != "void":
            outcome += _void(known, taken, work)
    return outcome


def _leave_marker(taken: ReceiptTaken, work: Work) -> None:
    """A receipt that no card paid leaves its revision, so that an earlier version with a card finds that it is late."""
    marker = CardTender(
        receipt_key=taken.receipt_key,
        ordinal=0,
        index=0,
        body_key=taken.body_key,
        revision=taken.revision,
        scope="",
        kind="sale",
        amount=0,
        currency="",
        at=work.now,
        seen_at=work.now,
        codes=Codes(),
        till=None,
        owner=work.owner,
        state="void",
    )
    try:
        tenders.put(marker, table.nothing_there())
    except ConditionFailed:
        raise TryAgain("a card tender was kept meanwhile", after=1) from None


def _void(known: CardTender, taken: ReceiptTaken, work: Work) -> Outcome:
    gone = replace(known, rev=known.rev + 1, owner=work.owner, revision=taken.revision, state="void", seen_at=work.now)
    rendezvous.delete(tender_pointer(known, b""))
    payer = _payer_of(known) if known.matched_to else None
    if payer is not None:
        gone = _give_up_match(known, gone, payer, work)
    else:
        _put_tender(gone, known.rev)
    return _carry_on_tender(gone, taken.wrapped, work)
