"""The two sides of a card payment that must find each other: what the bank told, and one card tender of a receipt."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Codes:
    """What a side may tell of a card payment. Equal strings are equal; all but `scheme` and `entry` are hashed.

    `original`: a refund's purchase. `scheme`: the card scheme's first letter. `entry`: how the card was read, `chip`
    for a card put into the terminal or swiped; a bank says `wallet` where the payment was made with a device's token.
    """

    auth: str | None = None
    rrn: str | None = None
    terminal: str | None = None
    merchant: str | None = None
    last4: str | None = None
    original: str | None = None
    scheme: str | None = None
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """A payment or one card tender of a receipt, still without its counterpart.

    `key` is opaque and unique, but a payment may be there several times, under each time its receipt may have. `at`:
    when the payment was authorised, or what the till's clock said. `seen_at`: when it reached us. `amount`: minor
    units. `till`: an opaque tag, the key of its clock. `doubted`: it came beyond its till's allowance (`flooding`).
    `bank`: who told of the payment. `moment`, `came`: `at` and `seen_at` in seconds since 1970.
    """

    side: Literal["transaction", "receipt"]
    key: str
    at: datetime
    seen_at: datetime
    kind: Literal["sale", "refund"]
    amount: int
    currency: str
    codes: Codes
    till: str | None = None
    doubted: bool = False
    bank: str | None = None
    moment: float = field(init=False, repr=False, compare=False)
    came: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # As seconds since 1970, which every look at it needs.
        object.__setattr__(self, "moment", self.at.timestamp())
        object.__setattr__(self, "came", self.seen_at.timestamp())
