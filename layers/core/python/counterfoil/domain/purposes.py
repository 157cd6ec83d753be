"""What a bank's customer can agree to, each on its own, and what it means in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Purpose = Literal["receipts", "loyalty", "offers"]
PURPOSES: tuple[Purpose, ...] = ("receipts", "loyalty", "offers")

NEEDS: Mapping[Purpose, Purpose] = {"loyalty": "receipts", "offers": "receipts"}
"""What rests on another purpose: it is granted after it, and withdrawn with it."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """`means`: what it is, in one sentence. `done`: what is done today. `data`: which data is used."""

    title: str
    means: str
    done: str
    data: tuple[str, ...]


MEANINGS: Final[Mapping[Purpose, Meaning]] = {
    "receipts": Meaning(
        "Receipts",
        "The itemised receipt of a shop appears beside your card payment in your bank's app.",
        "We take your card payments at shops that take part, find the receipt that the till printed for each, and send "
        "it to your bank. Payments at other shops are never kept.",
        ("card payments at shops that take part", "itemised receipts"),
    ),
    "loyalty": Meaning(
        "Loyalty",
        "What you buy counts towards the loyalty schemes of shops that take part, without a card of theirs.",
        "Your choice is kept, so that it holds when the first scheme starts. No scheme runs yet: nothing is read or "
        "kept for it today.",
        ("itemised receipts",),
    ),
    "offers": Meaning(
        "Offers",
        "You are shown offers that fit what you buy and that save you money.",
        "Your choice is kept, so that it holds when the first offer is made. No offer is made yet: nothing is read or "
        "kept for it today.",
        ("itemised receipts",),
    ),
}
