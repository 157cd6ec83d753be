"""Customers, the cards and phones they pay with, and the issuers behind them."""

from dataclasses import dataclass
from random import Random
from typing import Final

from infra.retail.recipe import Recipe

BANKS: Final = ("openbank", "harbourbank")
ISSUERS: Final = 24
_ENTHUSIASM: Final = 0.85
"""How often who has a card on a phone pays by it."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """One of the brands that send through a bank: what it tells of a payment, and how fast."""

    bank: str
    tells_auth: bool
    tells_rrn: bool
    tells_terminal: bool
    tells_last4: bool
    tells_token: bool
    tells_device: bool
    delay: float


@dataclass(frozen=True, slots=True)
class Customer:
    """`device`: the last four digits that a phone shows the till, for who pays by phone. A stranger has no issuer."""

    number: int
    issuer: Issuer | None
    scheme: str
    last4: str
    device: str | None

    def shown(self, random: Random) -> str:
        """The last four digits that the till sees this time."""
        return self.device if self.device and random.random() < _ENTHUSIASM else self.last4


def made_issuers(recipe: Recipe, random: Random) -> list[Issuer]:
    """Each property is held by the issuers' nearest round share, not by chance: a few banks are no large number."""

    def spread(share: float) -> list[bool]:
        held = [place < round(share * ISSUERS) for place in range(ISSUERS)]
        random.shuffle(held)
        return held

    auth, rrn, terminal, last4, token, device = (
        spread(share)
        for share in (
            *(recipe.auth_by_banks, recipe.rrn_by_banks, recipe.terminal_by_banks, recipe.last4_by_banks),
            *(recipe.issuers_telling_tokens, recipe.issuers_telling_devices),
        )
    )
    return [
        Issuer(
            bank=BANKS[place % len(BANKS)],
            tells_auth=auth[place],
            tells_rrn=rrn[place],
            tells_terminal=terminal[place],
            tells_last4=last4[place],
            tells_token=token[place],
            tells_device=device[place],
            delay=random.uniform(0.4, 2.5),
        )
        for place in range(ISSUERS)
    ]


def made_customers(recipe: Recipe, random: Random) -> list[Customer]:
    issuers = made_issuers(recipe, random)
    with_phone = recipe.wallets / _ENTHUSIASM
    return [
        Customer(
            number=number,
            issuer=random.choice(issuers) if random.random() < recipe.enrolled else None,
            scheme="visa" if random.random() < 0.6 else "mastercard",
            last4=f"{random.randrange(10_000):04}",
            device=f"{random.randrange(10_000):04}" if random.random() < with_phone else None,
        )
        for number in range(max(3_000, recipe.sales // 3))
    ]
