"""What comes in is checked, minimised and sealed here, before anything is kept. The queue is the record."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from counterfoil.banks.adapter import BankAdapter
from counterfoil.domain import codes, flooding
from counterfoil.domain.facts import is_void
from counterfoil.domain.merchants import CARD
from counterfoil.domain.packing import deflate
from counterfoil.domain.receipts import Receipt, Tender, canonical_json, card_tenders, likeness, pack
from counterfoil.domain.sides import Codes
from counterfoil.domain.tenders import CardTender, Revision
from counterfoil.domain.times import to_millis
from counterfoil.domain.transactions import CardTransaction, Transaction, TransactionEvent
from counterfoil.errors import Invalid, Problem
from counterfoil.flows import messages, pacing
from counterfoil.flows.outcome import Outcome
from counterfoil.retailers.till import Batch
from counterfoil.sealing import CustomerKeys, Sealer, new_key, seal
from counterfoil.store import bodies, customers, registry
from counterfoil.store.bodies import INLINE_BYTES, SealedBody
from counterfoil.store.registry import Branch, Shop

DUPLICATE_WINDOW = timedelta(days=90)
FASTEST_CLOCK = timedelta(days=2)
REVISION_BYTES = 8
"""A body starts with the revision of its store's details: a receipt shows the shop as it was."""

PERSONAL_WORDS = (
    b'{"transaction_id":"tx_","account_id":"acc_","card":{"card_id":"card_","last4":"","scheme":"visa","token":"tok_"}'
    b',"scheme":"mastercard","original_transaction_id":"tx_","merchant":{"mcc":"5411","name":"LONDON "}}'
)
"""What the sealed part of a transaction usually says."""


def take_transaction(
    bank: str, adapter: BankAdapter, event: TransactionEvent | None, sealer: Sealer, now: datetime
) -> Outcome:
    """A bank's event as a message, or nothing where it is not ours to keep.

    Raises Invalid for an event older than the window in which repeats are known.
    """
    if event is None:
        return Outcome(counts=("NoCardPayment",))
    data = event.data
    if now - data.authorised_at > DUPLICATE_WINDOW:
        raise Invalid([Problem("data.authorised_at", "is more than 90 days ago")])
    shop = registry.shop(bank if adapter.own_merchant_ids else CARD, data.merchant.merchant_id)
    if shop is None or not shop.live:
        return Outcome(counts=("MerchantNotLive",))
    if data.amount == 0:
        return Outcome(counts=("AmountZero",))
    subject = sealer.subject(bank, data.customer_id)
    card = sealer.card(bank, data.card.card_id) if data.card.card_id else None
    customer, salt = customers.paying(subject, card)
    if salt is None or not customer.allows("receipts", now):
        return Outcome(counts=("NoConsent",))
    transaction = _sealed_transaction(bank, customer.subject, event, shop, sealer, sealer.customer(salt), now)
    if adapter.own_merchant_ids:
        # The bank's own id of a shop is no evidence against the one that the till printed.
        transaction = replace(transaction, codes=replace(transaction.codes, merchant=None))
    return Outcome((messages.transaction_taken(transaction.owner, transaction),), ("TransactionTaken",))


def _sealed_transaction(
    bank: str,
    subject: str,
    event: TransactionEvent,
    shop: Shop,
    sealer: Sealer,
    keys: CustomerKeys,
    now: datetime,
) -> Transaction:
    data = event.data
    key = keys.transaction_key(bank, data.transaction_id)
    return Transaction(
        key=key,
        subject=subject,
        bank=bank,
        scope=shop.scope,
        by_code=shop.by_code,
        kind=data.kind,
        currency=data.currency,
        at=data.authorised_at,
        event_at=event.happened_at,
        seen_at=now,
        facts=(event.fact,),
        codes=codes.of_transaction(data, shop.scope, sealer.code),
        address=keys.address(key),
        sealed=seal(keys.seal_key, _personal(data), bound_to=key),
        owner=messages.new_id(),
        original=keys.transaction_key(bank, original) if (original := data.original_transaction_id) else None,
        state="void" if is_void((event.fact,)) else "undecided",
    )


def _personal(data: CardTransaction) -> bytes:
    """What we keep of a payment beyond what matching needs, for delivery, the card's holder and explanations."""
    kept = data.model_dump(
        mode="json",
        exclude_none=True,
        include={"transaction_id": True, "account_id": True, "card": True, "original_transaction_id": True,
                 "merchant": {"name", "mcc"}},
    )  # fmt: skip
    return deflate(json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode(), PERSONAL_WORDS)


@dataclass(frozen=True, slots=True)
class ReceiptTaker:
    """Takes the receipts of one retailer's request."""

    retailer: str
    sealer: Sealer
    now: datetime

    def take_all(self, batch: Batch) -> tuple[dict[int, messages.ReceiptTaken], dict[int, tuple[Problem, ...]]]:
        """What is taken and what is refused, each by its place: one bad receipt never costs its neighbours."""
        taken, refused = {}, dict(batch.refused)
        for index, receipt in batch.receipts.items():
            try:
                # A millisecond later than its neighbour: of two versions told together the second is the later.
                taken[index] = replace(self, now=self.now + timedelta(milliseconds=index)).take(receipt)
            except Invalid as error:
                refused[index] = error.problems
        return taken, refused

    def take(self, receipt: Receipt) -> messages.ReceiptTaken:
        """A checked receipt, sealed under a key of its own. Raises Invalid where the registration says no."""
        branch = self._branch(receipt)
        receipt_key = self.sealer.receipt_key(self.retailer, receipt.receipt_id)
        digest = self.sealer.digest(canonical_json(receipt))
        body_key = self.sealer.likeness(self.retailer, likeness(receipt))
        key = new_key()
        sealed = seal(key, branch.revision.encode() + pack(receipt), bound_to=receipt_key)
        large = len(sealed) > INLINE_BYTES
        owner = messages.new_id()
        revision = Revision(receipt.version or 0, to_millis(self.now))
        till = self._till(receipt)
        doubted = pacing.is_flood(flooding.allowances(till, f"{self.retailer}/{receipt.store_id}"), self.now)
        tenders = tuple(
            self._tender(
                receipt, index, ordinal, tender, branch, receipt_key, body_key, revision, till, owner, doubted=doubted
            )
            for ordinal, (index, tender) in enumerate(card_tenders(receipt))
        )
        return messages.ReceiptTaken(
            receipt_key=receipt_key,
            body_key=body_key,
            body=bodies.keep_large(f"{receipt_key}/{owner}", sealed) if large else SealedBody(sealed),
            digest=digest,
            wrapped=self.sealer.wrap_waiting(key, bound_to=receipt_key),
            tenders=tenders,
            revision=revision,
        )

    def _branch(self, receipt: Receipt) -> Branch:
        problems = self._time_problems(receipt) + self._merchant_problems(receipt.tenders)
        branch = registry.branch(self.retailer, receipt.store_id)
        if branch is None:
            problems.insert(0, Problem("store_id", "is not a store of this retailer"))
        if branch is None or problems:
            raise Invalid(problems)
        return branch

    def _time_problems(self, receipt: Receipt) -> list[Problem]:
        if self.now - receipt.issued_at > DUPLICATE_WINDOW:
            return [Problem("issued_at", "is more than 90 days ago")]
        if receipt.issued_at - self.now > FASTEST_CLOCK:
            return [Problem("issued_at", "is more than two days ahead")]
        return []

    def _merchant_problems(self, tenders: Sequence[Tender]) -> list[Problem]:
        def is_ours(merchant_id: str) -> bool:
            shop = registry.shop(CARD, merchant_id)
            return shop is not None and shop.retailer == self.retailer

        return [
            Problem(f"tenders[{index}].merchant_id", "is not registered to this retailer")
            for index, tender in enumerate(tenders)
            if tender.merchant_id is not None and not is_ours(tender.merchant_id)
        ]

    def _codes(self, receipt: Receipt, tender: Tender, branch: Branch) -> Codes:
        scope, terminal = branch.scope, branch.store.terminal_of(receipt.till_id)
        given = codes.of_tender(tender, scope, self.sealer.code, terminal)
        if receipt.original_receipt_id is None:
            return given
        original = self.sealer.receipt_key(self.retailer, receipt.original_receipt_id)
        return replace(given, original=self.sealer.code("original", scope, original))

    def _tender(
        self,
        receipt: Receipt,
        index: int,
        ordinal: int,
        tender: Tender,
        branch: Branch,
        receipt_key: str,
        body_key: str,
        revision: Revision,
        till: str | None,
        owner: str,
        *,
        doubted: bool,
    ) -> CardTender:
        return CardTender(
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
            at=receipt.issued_at,
            seen_at=self.now,
            codes=self._codes(receipt, tender, branch),
            till=till,
            owner=owner,
            doubted=doubted,
        )

    def _till(self, receipt: Receipt) -> str | None:
        """The tag of its till, where it tells one."""
        store_id, till_id = receipt.store_id, receipt.till_id
        return self.sealer.code("till", self.retailer, f"{store_id}/{till_id}") if till_id else None
