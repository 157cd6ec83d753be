"""The cards in a customer's name: what a payment names of one, and which card carries on which.

A card that replaces another carries its lineage on, and with it all that hangs on the card: "recurring", and later
stamps. A wallet's token is an alias of its card.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from counterfoil.domain import card_numbers
from counterfoil.domain.fields import Id, Wire, matching, refusing
from counterfoil.errors import Conflict, Invalid, Problem

MOST_CARDS: Final = 50

# Some wallets' tokens are card numbers of the device: those are not taken.
Token = Annotated[
    str,
    matching(r"[!-~]{1,64}", "must be 1 to 64 printable ASCII characters"),
    refusing(card_numbers.is_card_number, "is a card number"),
]


Last4 = Annotated[str, matching(r"\d{4}", "must be four digits")]


class CardRequest(Wire):
    """What the bank tells of a card in its customer's name. `tokens`: all that wallets pay with in its place.

    `replaces`: the card that it carries on; told once, it stays.
    """

    last4: Last4 | None = None
    scheme: Id | None = None
    tokens: Annotated[tuple[Token, ...], Field(max_length=20, strict=False)] = ()
    replaces: Id | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    card_id: str
    last4: str | None
    scheme: str | None
    tokens: tuple[str, ...]
    replaces: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Wallet:
    """A customer's cards, in the order in which the bank told of them. `rev` rises with every change."""

    rev: int = 0
    cards: tuple[Card, ...] = ()

    def card(self, card_id: str | None, token: str | None = None) -> Card | None:
        """The card that a payment names, else the latest that its token is an alias of."""
        named = (card for card in self.cards if card.card_id == card_id)
        paid_by = (card for card in reversed(self.cards) if token is not None and token in card.tokens)
        return next(named, None) or next(paid_by, None)

    def lineage(self, card: Card) -> Iterator[Card]:
        """The card, the one that it replaces, and so on to the first."""
        older: Card | None = card
        while older is not None:
            yield older
            older = self.card(older.replaces)

    def first(self, card: Card) -> Card:
        """Where the lineage begins: the same for all its cards."""
        return list(self.lineage(card))[-1]


def register(wallet: Wallet, card_id: str, told: CardRequest) -> Wallet:
    """The wallet with the card as told; the very same wallet where nothing changed.

    Raises Invalid or Conflict where the card cannot be what is told of it.
    """
    known = wallet.card(card_id)
    predecessor = told.replaces or (known.replaces if known else None)
    if known is not None and known.replaces not in (None, predecessor):
        raise Conflict("this card replaces another one already")
    card = Card(card_id, told.last4, told.scheme, tuple(dict.fromkeys(told.tokens)), predecessor)
    if card == known:
        return wallet
    others = tuple(each for each in wallet.cards if each.card_id != card_id)
    if len(others) >= MOST_CARDS:
        raise Conflict(f"a customer has at most {MOST_CARDS} cards")
    _check_predecessor(card, wallet)
    kept = tuple(card if each.card_id == card_id else each for each in wallet.cards)
    changed = Wallet(wallet.rev + 1, kept if known else (*others, card))
    _check_tokens(card, changed, others)
    return changed


def _check_predecessor(card: Card, wallet: Wallet) -> None:
    if card.replaces is None:
        return
    older = wallet.card(card.replaces)
    if card.replaces == card.card_id:
        raise Invalid([Problem("replaces", "is this card itself")])
    if older is None:
        raise Invalid([Problem("replaces", "is not a card of this customer")])
    if any(each.card_id == card.card_id for each in wallet.lineage(older)):
        raise Invalid([Problem("replaces", "leads back to this card")])
    if any(each.replaces == older.card_id and each.card_id != card.card_id for each in wallet.cards):
        raise Conflict("another card replaced that one already")


def _check_tokens(card: Card, wallet: Wallet, others: Sequence[Card]) -> None:
    """A token that moves to the card's successor is an alias of both; cards of other lineages have their own."""
    first = wallet.first(card).card_id
    taken = {token for each in others if wallet.first(each).card_id != first for token in each.tokens}
    problems = [
        Problem(f"tokens[{place}]", "is another card's") for place, each in enumerate(card.tokens) if each in taken
    ]
    if problems:
        raise Invalid(problems)
