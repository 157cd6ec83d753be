"""What every bank's file offers: proof of origin, translation in, translation out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from counterfoil.domain.deliveries import Notice
from counterfoil.domain.transactions import TransactionEvent


@dataclass(frozen=True, slots=True)
class BankAdapter:
    """One bank's wire.

    verify(headers, raw body, secrets, now): raises Unauthenticated unless the bank sent these bytes.
    parse(decoded body): the canonical event; raises Invalid.
    namespace: whose merchant ids its transactions carry, `card` for the card scheme's.
    render(notice): the body of a delivery.
    headers(delivery id, body, secrets, now): what goes with it, the signature included.
    """

    name: str
    namespace: str
    verify: Callable[[Mapping[str, str], bytes, Sequence[str], datetime], str]
    parse: Callable[[object], TransactionEvent]
    render: Callable[[Notice], bytes]
    headers: Callable[[str, bytes, Sequence[str], datetime], dict[str, str]]
