"""What is sealed of a customer's payment and its receipt, opened with their keys."""

import json
from dataclasses import dataclass
from typing import Any

from counterfoil.domain.packing import inflate
from counterfoil.domain.receipts import card_tenders, for_payer, unpack
from counterfoil.domain.transactions import ReceiptOfMatch, Transaction
from counterfoil.errors import TryAgain
from counterfoil.flows.intake import PERSONAL_WORDS, REVISION_BYTES
from counterfoil.sealing import CustomerKeys, unseal
from counterfoil.store import registry


def personal(transaction: Transaction, keys: CustomerKeys) -> dict[str, Any]:
    """What the bank told beyond what matching needs: `transaction_id`, and where told `account_id`, `card` and more.

    Raises Poison where the keys are not this customer's.
    """
    told: dict[str, Any] = json.loads(
        inflate(unseal(keys.seal_key, transaction.sealed, bound_to=transaction.key), PERSONAL_WORDS)
    )
    return told


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """A receipt as its payer gets it, and what this payment paid of it (minor units)."""

    receipt: dict[str, Any]
    paid: int


def receipt(transaction: Transaction, match: ReceiptOfMatch, sealed: bytes, keys: CustomerKeys) -> Opened:
    """The receipt, from its body as kept (`sealed`), with the shop as it was that day."""
    receipt_key, _, ordinal = match.tender_key.rpartition(".")
    key = keys.open_letterbox(transaction.key, match.letter, bound_to=receipt_key)
    plain = unseal(key, sealed, bound_to=receipt_key)
    revision, opened = plain[:REVISION_BYTES].decode(), unpack(plain[REVISION_BYTES:])
    retailer_name = transaction.scope.partition("/")[0]
    merchant = registry.retailer(retailer_name)
    branch = registry.branch(retailer_name, opened.store_id, revision)
    if merchant is None or branch is None:
        raise TryAgain("the store is not registered", after=600)
    index = card_tenders(opened)[int(ordinal)][0]
    return Opened(for_payer(opened, index, merchant, branch.store), opened.tenders[index].amount)
