"""What a till tells of a receipt: its card tenders are kept, matched, corrected, and voided."""

from dataclasses import asdict, replace
from datetime import timedelta

from counterfoil.domain import card_evidence
from counterfoil.domain.sides import Codes
from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import OPEN, Transaction
from infra.sandbox.replay.intake import ReceiptTaken
from infra.sandbox.replay.matcher import Matcher
from infra.sandbox.replay.payments import Payments


class Reprint(Exception):
    """The till printed this sale before, under another receipt id."""


class Receipts:
    def __init__(self, matcher: Matcher, payments: Payments) -> None:
        self.matcher, self.payments = matcher, payments
        self.ledger, self.results = matcher.ledger, matcher.results

    def take(self, taken: ReceiptTaken, again: bool = False) -> None:
        """A receipt that is new, a later version, a repeat, or a reprint; each of its card tenders on its own."""
        try:
            body_key = self._keep_body(taken)
        except Reprint:
            self._set_reprint_aside(taken, again)
            return
        if body_key is None:
            self.results.counts["repeats"] += 1
            return
        corrects = not taken.tenders
        for tender in taken.tenders:
            new = tender if tender.body_key == body_key else replace(tender, body_key=body_key)
            self.matcher.note_stamp(new)
            known = self.ledger.tender(tender.key)
            if known is None:
                self.matcher.settle(new)
            elif known.revision > new.revision:
                self.results.counts["superseded"] += 1
                return
            else:
                corrects = True
                self._correct(known, new)
        if corrects:
            self._void_the_rest(taken)

    def _set_reprint_aside(self, taken: ReceiptTaken, again: bool) -> None:
        """Counted once, with its first print; looked at again, since a correction of the first may be on its way."""
        if again:
            self.results.counts["reprints"] += 1
        else:
            due = self.matcher.now + timedelta(seconds=self.matcher.settings.look_again[-1])
            self.matcher.alarms.set(due, self.take, taken, True)

    def _keep_body(self, taken: ReceiptTaken) -> str | None:
        """The name that the body is kept under; None for a repeat, Reprint where another receipt is this sale's."""
        if not taken.tenders:
            return taken.body_key
        name = taken.body_key
        while True:
            kept, first_print = self._put_body_once(name, taken)
            if first_print is None:
                return kept
            if self._is_still_of_sale(first_print, taken):
                raise Reprint
            # What was printed first was corrected to another sale since: this one is the sale's.
            name = f"{name}.{first_print}"

    def _put_body_once(self, body_key: str, taken: ReceiptTaken) -> tuple[str | None, str | None]:
        """The name it is kept under (None: a repeat), and the receipt that has the name already, if another has."""
        for name in (body_key, f"{body_key}.{taken.digest}"):
            standing = self.ledger.body(name)
            if standing is None:
                self.ledger.keep_body(name, taken.receipt_key, taken.digest)
                return name, None
            receipt_key, digest = standing
            if receipt_key != taken.receipt_key:
                return None, receipt_key
            if digest == taken.digest:
                return None, None
        return None, None

    def _is_still_of_sale(self, first_print: str, taken: ReceiptTaken) -> bool:
        """Whether that receipt is of the same card payment, as printed first or corrected since."""
        first, new = self.ledger.tender(f"{first_print}.0"), taken.tenders[0]
        if first is None:
            return True
        is_same_body = first.body_key.partition(".")[0] == taken.body_key
        return first.state != "void" and (is_same_body or (_paid_alike(first, new) and first.codes == new.codes))

    def _correct(self, known: CardTender, new: CardTender) -> None:
        """A tender that stands gets a later body; the same amount keeps its match, another gives it up."""
        self.results.counts["corrections"] += new.ordinal == 0
        if known.state in OPEN:
            self.matcher.leave(known)
        moved = replace(new, taken_from=known.taken_from)
        if known.matched_to is None:
            self._carry_on(moved)
            return
        payer = self.ledger.transaction(known.matched_to)
        if payer is None or payer.match is None or payer.match.tender_key != known.key:
            return
        if _paid_alike(known, new) and payer.state == "matched" and not _is_anothers(new, payer):
            self._renew_match(moved, payer)
        else:
            self._carry_on(self._give_up_match(known, moved, payer))

    def _renew_match(self, new: CardTender, payer: Transaction) -> None:
        """The same payment, the corrected body: the match stays."""
        assert payer.match is not None
        match = replace(payer.match, body_key=new.body_key, event_at=new.at)
        self.ledger.keep(replace(new, state="matched", matched_to=payer.key))
        self.payments.carry_on(replace(payer, match=match, version=payer.version + 1))

    def _give_up_match(self, known: CardTender, new: CardTender, payer: Transaction) -> CardTender:
        """The payment was not for this: the receipt is taken back, and both sides are open again."""
        opened = self.payments.given_up(payer, payer, known)
        self.ledger.keep(opened)
        return replace(new, matched_to=None, taken_from=tuple(dict.fromkeys((*known.taken_from, payer.key))))

    def _carry_on(self, tender: CardTender) -> None:
        """All that follows from how a tender stands; the payments it was taken from may find another."""
        if tender.state in OPEN:
            self.matcher.settle(tender)
        else:
            self.ledger.keep(tender)
        for former in tender.taken_from:
            transaction = self.ledger.transaction(former)
            if transaction is not None and transaction.state in OPEN:
                self.payments.carry_on(transaction)

    def _void_the_rest(self, taken: ReceiptTaken) -> None:
        """The tenders that a correction no longer has: their matches are given up."""
        ordinal = len(taken.tenders)
        if ordinal == 0 and self.ledger.tender(f"{taken.receipt_key}.0") is None:
            self.ledger.keep(_marker(taken, self.matcher))
            return
        while (known := self.ledger.tender(f"{taken.receipt_key}.{ordinal}")) is not None:
            if known.revision < taken.revision and known.state != "void":
                self._void(known, taken)
            ordinal += 1

    def _void(self, known: CardTender, taken: ReceiptTaken) -> None:
        if known.state in OPEN:
            self.matcher.leave(known)
        gone = replace(known, revision=taken.revision, state="void")
        payer = self.ledger.transaction(known.matched_to) if known.matched_to else None
        if payer is not None and payer.match is not None and payer.match.tender_key == known.key:
            gone = self._give_up_match(known, gone, payer)
        self._carry_on(gone)


def _paid_alike(known: CardTender, new: CardTender) -> bool:
    return (known.scope, known.kind, known.amount, known.currency) == (
        new.scope, new.kind, new.amount, new.currency,
    )  # fmt: skip


def _is_anothers(new: CardTender, payer: Transaction) -> bool:
    """Whether the corrected codes say that somebody else paid."""
    return card_evidence.exclude(asdict(payer.codes), asdict(new.codes))


def _marker(taken: ReceiptTaken, matcher: Matcher) -> CardTender:
    """A receipt that no card paid leaves its revision, so that an earlier version with a card finds that it is late."""
    return CardTender(
        receipt_key=taken.receipt_key,
        ordinal=0,
        index=0,
        body_key=taken.body_key,
        revision=taken.revision,
        scope="",
        kind="sale",
        amount=0,
        currency="",
        at=matcher.now,
        seen_at=matcher.now,
        codes=Codes(),
        till=None,
        owner="",
        state="void",
    )
