"""What a bank tells of a payment: its facts meet in one record, and all that follows from how it then stands."""

from dataclasses import asdict, replace

from counterfoil.domain import card_evidence
from counterfoil.domain.facts import is_nominal, together
from counterfoil.domain.tenders import CardTender
from counterfoil.domain.transactions import OPEN, Recall, State, Transaction, codes_of_both, contradicts, merge
from infra.sandbox.replay.matcher import Matcher


class Payments:
    def __init__(self, matcher: Matcher) -> None:
        self.matcher, self.ledger, self.results = matcher, matcher.ledger, matcher.results

    def take(self, new: Transaction) -> None:
        """A fact of a transaction that is new, or stands already."""
        new = self._with_original(new)
        known = self.ledger.transaction(new.key)
        if known is not None:
            self._merge(self._as_it_stands(known), new)
        elif new.state == "void":
            self.ledger.keep(new)
        else:
            self.matcher.settle(new)

    def _as_it_stands(self, known: Transaction) -> Transaction:
        """The record, its life ended if a week went by."""
        if not self.matcher.is_over(known):
            return known
        self.matcher.end_life(known)
        return self.ledger.transaction(known.key) or known

    def _with_original(self, new: Transaction) -> Transaction:
        """A refund with what is known of the purchase that it gives back: the receipt that the purchase has."""
        original = self.ledger.transaction(new.original) if new.original else None
        if original is None or original.match is None:
            return new
        receipt_key = original.match.tender_key.rpartition(".")[0]
        return replace(new, codes=replace(new.codes, original=receipt_key))

    def _merge(self, known: Transaction, new: Transaction) -> None:
        if contradicts(known, new):
            self.results.counts["contradictory facts"] += 1
            return
        if self._is_proven_wrong(known, new):
            return
        merged = merge(known, new, match_id_of(known))
        if merged == known:
            self.results.counts["repeats"] += 1
            return
        if known.state in OPEN:
            self.matcher.leave(known)
        self._tell(known, merged)
        self.carry_on(merged)

    def _tell(self, known: Transaction, merged: Transaction) -> None:
        """What the facts changed of a match: a reversal takes it back, a fact told late may bring it back."""
        if merged.match is None or merged.state == known.state:
            return
        tender = self.ledger.tender(merged.match.tender_key)
        assert tender is not None
        if merged.state == "matched":
            self.results.matched(merged.key, merged.match, tender, self.matcher.now)
        else:
            self.results.withdrawn(merged.key, tender, self.matcher.now, "reversed")

    def _is_proven_wrong(self, known: Transaction, new: Transaction) -> bool:
        """Where a fact told later says that the receipt is another's: by a code, or since nothing was sold at its
        amount. It is taken back for good: its tender is void."""
        codes = codes_of_both(known.codes, new.codes)
        facts = together(known.facts, new.facts)
        if known.match is None or (codes, facts) == (known.codes, known.facts):
            return False
        tender = self.ledger.tender(known.match.tender_key)
        if tender is None or not (
            card_evidence.exclude(asdict(codes), asdict(tender.codes)) or is_nominal(facts, tender.amount)
        ):
            return False
        told = replace(merge(known, new, match_id_of(known)), state="matched")
        self.ledger.keep(replace(tender, state="void", matched_to=None))
        self.carry_on(self.given_up(told, known, tender))
        return True

    def given_up(self, transaction: Transaction, was: Transaction, tender: CardTender) -> Transaction:
        """The transaction without its receipt, which is taken back; open again unless it is reversed."""
        version, recalls = was.version, transaction.recalls
        if was.state != "void":
            self.results.withdrawn(was.key, tender, self.matcher.now, "another")
            version += 1
            recalls = (*was.recalls, Recall(match_id_of(was) or "", version, tender.at, "another"))
        state: State = "void" if transaction.is_void else "undecided"
        return replace(transaction, state=state, match=None, version=version, recalls=recalls)

    def carry_on(self, transaction: Transaction) -> None:
        """All that follows from how a transaction stands, or moved to."""
        if transaction.state not in OPEN:
            self.ledger.keep(transaction)
        else:
            self.matcher.settle(transaction)


def match_id_of(transaction: Transaction) -> str | None:
    """A name of the match that the transaction has, or had before it was reversed."""
    return f"{transaction.key} {transaction.match.tender_key}" if transaction.match else None
