"""How busy each partition key becomes at the country's peak, with the real key functions.

Sales are drawn with a fixed seed, made into the records that the flows store, and each call of the plain path
(`plain_path.py` shows them) is booked on the key it goes to. What lies between caches and tables is not drawn but
reckoned: `instances` of a function each read a registration once in as long as they remember it.
"""

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from counterfoil.domain import looking
from counterfoil.domain.facts import Fact
from counterfoil.domain.sides import Codes
from counterfoil.domain.tenders import CardTender, Revision
from counterfoil.domain.transactions import ReceiptOfMatch, Transaction
from counterfoil.flows.settling import tender_pointer, transaction_pointers
from counterfoil.store import keys, registry, tenders, transactions

SALES_A_SECOND = 4700
SECONDS = 2
SHARE_OF_ONE = 0.15
WRITE_LIMIT, READ_LIMIT = 1000, 3000
NOW = datetime(2026, 12, 4, 17, 30, tzinfo=UTC)

OTHER_SHOPS = 200_000
POINTER_BYTES = 350
SECONDS_BETWEEN_SIDES = 5
WITHOUT_CODE = 0.02
CLOCK_MOVES = 1 / 16  # a sale; far more than a clock that is known moves
INSTANCES = {"bank_webhook": 250, "retailer_receipt": 250, "match_receipts": 500, "deliver_receipt": 200}
LISTED_RETAILERS, LISTING_BYTES, LIST_INSTANCES = 5000, 120, 20


@dataclass(frozen=True)
class Peak:
    """A peak: how the retailer with 15% of all sales is made up. `enrolled`: the share of sales whose payer is ours."""

    shops: int
    merchant_ids: int
    by_code: bool
    one_price: float
    enrolled: float

    def scope(self, shop: int) -> str:
        return f"big/{shop % self.merchant_ids:05d}"


PEAKS = {
    "a chain of 1,500 shops": Peak(1500, 1500, by_code=False, one_price=0.05, enrolled=1),
    "a chain of 1,500 shops with 30 merchant ids": Peak(1500, 30, by_code=False, one_price=0.05, enrolled=1),
    "the same, 30% of payers with us": Peak(1500, 30, by_code=False, one_price=0.05, enrolled=0.3),
    "one online shop, by code": Peak(1, 1, by_code=True, one_price=0.4, enrolled=1),
    "one online shop, by code, 30% of payers with us": Peak(1, 1, by_code=True, one_price=0.4, enrolled=0.3),
}
TOO_HOT = Peak(1, 1, by_code=False, one_price=0.4, enrolled=1)
"""The online shop that ops forgot to register by code."""


@dataclass
class Load:
    """Units a second: by kind of key ("table or index: what") and key."""

    writes: dict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))
    reads: dict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))

    def add(self, kind: str, key: str, writes: float = 0, reads: float = 0, every: float = SECONDS) -> None:
        self.writes[kind, key] += writes / every
        self.reads[kind, key] += reads / every

    def hottest(self) -> list[tuple[float, str, str, float, float]]:
        """(share of a partition's limit, kind, key, writes, reads) of the busiest key of each kind, busiest first."""
        best: dict[str, tuple[float, str, str, float, float]] = {}
        for kind, key in self.writes:
            writes, reads = self.writes[kind, key], self.reads[kind, key]
            share = max(writes / WRITE_LIMIT, reads / READ_LIMIT)
            best[kind] = max(best.get(kind, (0.0, kind, "", 0.0, 0.0)), (share, kind, key, writes, reads))
        return sorted(best.values(), reverse=True)


@dataclass(frozen=True)
class Drawn:
    """A sale as its two records; `till` is its clock's name, `ours` whether its payer is with us."""

    transaction: Transaction
    tender: CardTender
    ours: bool
    payment_first: bool

    @property
    def partition(self) -> str:
        return tender_pointer(self.tender, b"").partition


def load_of(peak: Peak) -> Load:
    """What every key bears in a second of this peak."""
    load, waiting = Load(), defaultdict(float)
    sales = list(_sales(peak))
    for sale in sales:
        seconds = SECONDS_BETWEEN_SIDES if sale.ours else looking.REACH["sale"].total_seconds()
        waiting[sale.partition] += seconds / SECONDS
    for sale in sales:
        _book(load, sale, _query_units(waiting[sale.partition]))
    _registrations(load, peak)
    return load


def _query_units(stock: float) -> float:
    """What an eventually consistent query of so many waiting sides reads."""
    return max(1, math.ceil(min(stock, looking.MOST) * POINTER_BYTES / 4096)) / 2


def _book(load: Load, sale: Drawn, query: float) -> None:
    transaction, tender = sale.transaction, sale.tender
    receipt, payment = keys.tender(tender.receipt_key, 0)["pk"], keys.transaction(transaction.key)["pk"]
    pointers = ("rendezvous: pointers", sale.partition)
    load.add("ledger: receipt", receipt, writes=2)  # the body
    tender_due = ("by_due: tender", tenders.to_item(tender)["due"])
    if not sale.ours:
        load.add("ledger: receipt", receipt, writes=1)
        load.add(*tender_due, writes=1)
        load.add(*pointers, writes=1, reads=query + 2 * query)
        return
    assert [pointer.partition for pointer in transaction_pointers(transaction)] == [sale.partition]
    load.add(*pointers, writes=1 + 1, reads=query + 2 * query + query)
    if sale.payment_first:
        load.add("ledger: transaction", payment, writes=1)
        load.add("by_due: transaction", transactions.to_item(transaction)["due"], writes=1 + 1)
    else:
        load.add("ledger: receipt", receipt, writes=1)
        load.add(*tender_due, writes=1 + 1)
    load.add("ledger: transaction", payment, writes=2 + 1, reads=1)
    load.add("ledger: receipt", receipt, writes=2, reads=0.5)
    load.add("ledger: customer", keys.customer(transaction.subject)["pk"], reads=1 + 1)
    load.add("salts: customer", keys.salt(transaction.subject)["pk"], reads=0.5 + 0.5)
    load.add("by_subject: customer", transaction.subject, writes=1)
    matched_due = transactions.matched(transaction.key, _match(tender), owner="", rev=1, version=0, seen_at=NOW)
    load.add("by_due: match", matched_due.values["due"], writes=1)
    # Written when it moved; whoever finds the clock moved reads it again.
    clock = keys.till_clock(tender.till or "")["pk"]
    load.add("ledger: till's clock", clock, writes=CLOCK_MOVES, reads=0.5 * CLOCK_MOVES)


def _registrations(load: Load, peak: Peak) -> None:
    remembered = registry.CACHE_SECONDS
    for function in ("retailer_receipt", "deliver_receipt"):
        instances = INSTANCES[function]
        # Each instance meets a part of the shops while it remembers: every first meeting is a read.
        met = SALES_A_SECOND * SHARE_OF_ONE / instances * remembered
        distinct = peak.shops * (1 - math.exp(-met / peak.shops)) + 1
        load.add("ledger: retailer", keys.retailer("big")["pk"], reads=0.5 * instances * distinct, every=remembered)
    intake = INSTANCES["bank_webhook"] + INSTANCES["retailer_receipt"]
    load.add("ledger: claim", keys.claim("card", "MID")["pk"], reads=0.5 * intake, every=remembered)
    to_bank = INSTANCES["bank_webhook"] + INSTANCES["deliver_receipt"]
    load.add("ledger: bank", keys.bank("biggest")["pk"], reads=0.5 * to_bank, every=remembered)
    page = LISTED_RETAILERS * LISTING_BYTES / 4096 / 2
    load.add("ledger: public list", keys.merchant_list()[0], reads=page * LIST_INSTANCES, every=remembered)


def _sales(peak: Peak) -> Iterator[Drawn]:
    chance = random.Random(20261204)
    for number in range(SALES_A_SECOND * SECONDS):
        big = chance.random() < SHARE_OF_ONE
        shop = chance.randrange(peak.shops) if big else int(OTHER_SHOPS * chance.random() ** 2)
        scope = peak.scope(shop) if big else f"other{shop % LISTED_RETAILERS}/{shop}"
        yield _drawn(number, scope, f"{scope}/{shop}", big and peak.by_code, _amount(chance, peak, big), chance, peak)


def _amount(chance: random.Random, peak: Peak, big: bool) -> int:
    """A basket in pence: long-tailed, many ending in 0, 5 or 9; the big retailer has one very usual price."""
    if big and chance.random() < peak.one_price:
        return 899
    pence = int(100 * chance.lognormvariate(math.log(13), 1.05)) + 30
    rounded: list[Callable[[int], int]] = [lambda p: p, lambda p: p - p % 5, lambda p: p - p % 100 + 99]
    return chance.choice(rounded)(pence)


def _drawn(number: int, scope: str, till: str, by_code: bool, amount: int, chance: random.Random, peak: Peak) -> Drawn:
    auth = f"{chance.getrandbits(54):x}" if chance.random() >= WITHOUT_CODE else None
    at = NOW + timedelta(seconds=number / SALES_A_SECOND)
    common = {"scope": scope, "kind": "sale", "currency": "GBP", "at": at, "seen_at": at}
    transaction = Transaction(
        key=f"{chance.getrandbits(128):x}",
        subject=f"{chance.randrange(20_000_000):x}",
        bank="openbank",
        event_at=at,
        facts=(Fact(at, "authorised", amount),),
        codes=Codes(auth=auth),
        address=b"",
        sealed=b"",
        owner="",
        by_code=by_code,
        **common,
    )
    tender = CardTender(
        receipt_key=f"{chance.getrandbits(128):x}",
        ordinal=0,
        index=0,
        amount=amount,
        body_key="",
        revision=Revision(0, 0),
        codes=Codes(auth=auth),
        till=till,
        owner="",
        by_code=by_code,
        **common,
    )
    return Drawn(transaction, tender, chance.random() < peak.enrolled, chance.random() < 0.5)


def _match(tender: CardTender) -> ReceiptOfMatch:
    return ReceiptOfMatch(tender.key, tender.body_key, b"", "auth_code", "0.9999", (), NOW)
