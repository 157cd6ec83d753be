"""A payment gives up its receipt, or its wait for one, since its customer is erased."""

from dataclasses import replace

from counterfoil.domain.transactions import Transaction, take_back
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.flows import messages
from counterfoil.flows.outcome import Send
from counterfoil.flows.settling import transaction_pointers
from counterfoil.sealing import Sealer
from counterfoil.store import rendezvous, transactions


def give_up(transaction: Transaction, sealer: Sealer) -> list[Send]:
    """The payment without a receipt, and waiting for none; and the message that has its bank told so.

    Raises TryAgain where it moved meanwhile.
    """
    if transaction.is_open:
        # Before it moves, since afterwards nobody knows where it waited.
        rendezvous.delete(transaction_pointers(transaction)[0])
        moved = replace(transaction, state="withdrawn", rev=transaction.rev + 1, owner=messages.new_id())
    elif transaction.state == "matched" and transaction.match is not None and _may_be_known(transaction):
        match_id = sealer.match_id(transaction.key, transaction.match.tender_key)
        moved = replace(take_back(transaction, match_id), owner=messages.new_id())
    else:
        return []
    try:
        transactions.put(moved, transactions.unmoved(transaction))
    except ConditionFailed:
        raise TryAgain("the transaction moved meanwhile", after=1) from None
    return [messages.delivery_of(moved.bank, moved.key)] if moved.recalls else []


def _may_be_known(transaction: Transaction) -> bool:
    """Whether the bank may have the receipt: of an earlier version, or of this one, unless it was never sent."""
    record = transaction.deliveries.get(str(transaction.version))
    return (
        record is None
        or record.state != "suppressed"
        or any(earlier.state == "delivered" for earlier in transaction.deliveries.values())
    )
