"""Lines as records: the checks of the real intake, in its order, without seals and hashes.

Names are in the clear: `bank/customer/transaction`, `retailer/receipt` and `retailer/receipt.0` for its first card
tender. Every customer consents.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from counterfoil.banks import direct
from counterfoil.banks.adapter import BankAdapter
from counterfoil.domain import codes, flooding
from counterfoil.domain.facts import Fact, is_void
from counterfoil.domain.merchants import CARD
from counterfoil.domain.rates import filled
from counterfoil.domain.receipts import Receipt, Tender, card_tenders, likeness
from counterfoil.domain.sides import Codes
from counterfoil.domain.tenders import CardTender, Revision
from counterfoil.domain.times import to_millis
from counterfoil.domain.transactions import Transaction
from counterfoil.errors import Invalid, Problem
from counterfoil.retailers import till
from infra.sandbox.replay.lines import Line, in_utc
from infra.sandbox.replay.shops import Branch, Shops

DUPLICATE_WINDOW = timedelta(days=90)
FASTEST_CLOCK = timedelta(days=2)


@dataclass(slots=True)
class ReceiptTaken:
    """One version of a receipt. `body_key`: what all prints of the sale share; `digest` tells versions apart."""

    receipt_key: str
    body_key: str
    digest: str
    tenders: tuple[CardTender, ...]
    revision: Revision


class NotKept(Exception):
    """A transaction that is none of ours to keep; the text is what it is counted as."""


def names_of(transaction_key: str) -> tuple[str, str]:
    """The bank and the bank's id of a transaction."""
    bank, _, transaction_id = transaction_key.split("/")
    return bank, transaction_id


def names_of_receipt(receipt_key: str) -> tuple[str, str]:
    """The retailer and its id of a receipt."""
    retailer, _, receipt_id = receipt_key.partition("/")
    return retailer, receipt_id


class Intake:
    def __init__(self, shops: Shops, adapters: Mapping[str, BankAdapter]) -> None:
        self.shops = shops
        self.adapters = adapters
        self._leaked_at: dict[str, int] = {}
        """By till and store: when what it sent will have leaked from its allowance (`rates.filled`)."""

    def transaction(self, line: Line) -> Transaction:
        """What a bank tells. Raises Invalid, or NotKept where it is nothing for us."""
        bank, now = line.sender, line.at
        adapter = self.adapters.get(bank, direct.ADAPTER)
        event = adapter.parse(line.body)
        if event is None:
            raise NotKept("no card payment")
        data = event.data
        if now - data.authorised_at > DUPLICATE_WINDOW:
            raise Invalid([Problem("data.authorised_at", "is more than 90 days ago")])
        shop = self.shops.shop(bank if adapter.own_merchant_ids else CARD, data.merchant.merchant_id)
        if shop is None or not shop.live:
            raise NotKept("merchant not live")
        if data.amount == 0:
            raise NotKept("amount 0")
        told = codes.of_transaction(data, shop.scope, as_it_is)
        if adapter.own_merchant_ids:
            # The bank's own id of a shop is no evidence against the one that the till printed.
            told = replace(told, merchant=None)
        subject, original = f"{bank}/{data.customer_id}", data.original_transaction_id
        fact = Fact(in_utc(event.happened_at), event.fact.kind, data.amount)
        return Transaction(
            key=f"{subject}/{data.transaction_id}",
            subject=subject,
            bank=bank,
            scope=shop.scope,
            by_code=shop.by_code,
            kind=data.kind,
            currency=data.currency,
            at=in_utc(data.authorised_at),
            event_at=fact.at,
            seen_at=now,
            facts=(fact,),
            codes=told,
            address=b"",
            sealed=b"",
            owner="",
            original=f"{subject}/{original}" if original else None,
            state="void" if is_void((fact,)) else "undecided",
        )

    def receipts(self, line: Line) -> Iterator[ReceiptTaken | Invalid]:
        """What a till tells: a receipt or a list of them, each taken or refused on its own. Raises Invalid."""
        batch = till.parse_receipts(line.body)
        for index in (0,) if batch.single else sorted(batch.receipts.keys() | batch.refused.keys()):
            place = "" if batch.single else f"receipts[{index}]."
            problems = batch.refused.get(index, ())
            if not problems:
                # A millisecond later than its neighbour: of two versions told together the second is the later.
                now = line.at + timedelta(milliseconds=index) if index else line.at
                try:
                    yield self._receipt(line.sender, batch.receipts[index], now)
                except Invalid as error:
                    problems = error.problems
            if problems:
                yield Invalid([Problem(place + problem.field, problem.message) for problem in problems])

    def _receipt(self, retailer: str, receipt: Receipt, now: datetime) -> ReceiptTaken:
        branch = self._branch(retailer, receipt, now)
        receipt_key = f"{retailer}/{receipt.receipt_id}"
        body_key = "=" + _digest(f"{retailer} ".encode() + likeness(receipt))
        revision = Revision(receipt.version or 0, to_millis(now))
        till_name = f"{retailer}/{receipt.store_id}/{receipt.till_id}" if receipt.till_id else None
        doubted = self._is_flood(till_name, f"{retailer}/{receipt.store_id}", now)
        issued_at = in_utc(receipt.issued_at)
        tenders = tuple(
            CardTender(
                receipt_key=receipt_key,
                ordinal=ordinal,
                index=index,
                body_key=body_key,
                revision=revision,
                scope=branch.scope,
                by_code=branch.by_code,
                kind=receipt.kind,
                amount=tender.amount,
                currency=receipt.currency,
                at=issued_at,
                seen_at=now,
                codes=self._codes(retailer, receipt, tender, branch),
                till=till_name,
                owner="",
                doubted=doubted,
            )
            for ordinal, (index, tender) in enumerate(card_tenders(receipt))
        )
        return ReceiptTaken(receipt_key, body_key, _digest(body_key.encode() + _own_words(receipt)), tenders, revision)

    def _is_flood(self, till_name: str | None, store: str, now: datetime) -> bool:
        """Whether its till, or its store, has no allowance left for a receipt."""
        for name, allowance in flooding.allowances(till_name, store).items():
            leaked_at = filled(self._leaked_at.get(name, 0), allowance.takes, allowance.limits, to_millis(now))
            if leaked_at is None:
                return True
            self._leaked_at[name] = leaked_at
        return False

    def _branch(self, retailer: str, receipt: Receipt, now: datetime) -> Branch:
        problems = [
            Problem(f"tenders[{index}].merchant_id", "is not registered to this retailer")
            for index, tender in enumerate(receipt.tenders)
            if tender.merchant_id is not None and not self.shops.is_of(retailer, tender.merchant_id)
        ]
        if now - receipt.issued_at > DUPLICATE_WINDOW:
            problems.insert(0, Problem("issued_at", "is more than 90 days ago"))
        elif receipt.issued_at - now > FASTEST_CLOCK:
            problems.insert(0, Problem("issued_at", "is more than two days ahead"))
        branch = self.shops.branch(retailer, receipt.store_id)
        if branch is None:
            problems.insert(0, Problem("store_id", "is not a store of this retailer"))
        if branch is None or problems:
            raise Invalid(problems)
        return branch

    def _codes(self, retailer: str, receipt: Receipt, tender: Tender, branch: Branch) -> Codes:
        given = codes.of_tender(tender, branch.scope, as_it_is, branch.terminals.get(receipt.till_id or ""))
        if receipt.original_receipt_id is None:
            return given
        return replace(given, original=f"{retailer}/{receipt.original_receipt_id}")


def as_it_is(_name: str, _scope: str, value: str) -> str:
    """In place of the keyed hash: within one process nothing is kept that could leak, and equal stays equal."""
    return value


def _own_words(receipt: Receipt) -> bytes:
    """What `likeness` leaves out: with it, equal bytes for equal receipts, for half the price of `canonical_json`."""
    barcode = receipt.barcode
    printed = (barcode.symbology, barcode.value) if barcode else None
    return repr((receipt.receipt_id, receipt.version, receipt.issued_at.isoformat(), printed)).encode()


def _digest(content: bytes) -> str:
    """As the keyed hash, but good for this process alone, and cheaper."""
    return f"{hash(content):x}"
