"""What the codes that both sides may give of one card payment are worth, agreeing and differing.

Each is a likelihood ratio, P(what we see | same sale) / P(it | different sales), and set with caution: codes repeat
more often than their length says, and a code that differs may be a misprint, except for the RRN.

The last four digits are weighed by how the card was read. With d the share of this shop's sales on whose two sides they
differ (`BankHabits.last4_differs`: more where the bank says that a device paid; little for a chip), agreeing is worth
(1 - d) · 3,000 and differing d: a phone has digits of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from counterfoil.domain.habits import BankHabits
from counterfoil.domain.sides import Codes

type Method = Literal["rrn", "auth_code", "card_and_time", "original", "time"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A code that both sides gave: its likelihood ratio where it agrees, where it differs, and both in words."""

    agrees: float
    differs: float
    says: str
    says_not: str
    method: Method | None = None


EVIDENCE: Final[Mapping[str, Evidence]] = {  # strongest first: the first that agrees names the method
    "rrn": Evidence(1e9, 0.0, "Retrieval reference agrees", "Retrieval references differ", "rrn"),
    "auth": Evidence(1e5, 1e-6, "Authorisation code agrees", "Authorisation codes differ", "auth_code"),
    "last4": Evidence(3e3, 1.0, "Last four digits agree", "Last four digits differ, as a phone's may", "card_and_time"),
    "original": Evidence(
        1e3, 1e-3, "It gives back the same purchase", "They give back different purchases", "original"
    ),
    "terminal": Evidence(1.0, 0.002, "Terminal agrees", "Terminals differ"),
    "merchant": Evidence(1.0, 0.05, "Merchant number agrees", "Merchant numbers differ"),
    "scheme": Evidence(1.6, 0.02, "Card scheme agrees", "Card schemes differ"),
}

CHIP_DIFFERS: Final = 0.02


def weight(ours: Codes, theirs: Codes, bank: BankHabits, evidence: Mapping[str, Evidence] = EVIDENCE) -> float:
    """The product of the likelihood ratios of all codes that a payment and a receipt both give."""
    ratio = 1.0
    for left, right, each in (
        (ours.rrn, theirs.rrn, evidence["rrn"]),
        (ours.auth, theirs.auth, evidence["auth"]),
        (ours.original, theirs.original, evidence["original"]),
        (ours.terminal, theirs.terminal, evidence["terminal"]),
        (ours.merchant, theirs.merchant, evidence["merchant"]),
        (ours.scheme, theirs.scheme, evidence["scheme"]),
    ):
        if left is not None and right is not None:
            ratio *= each.agrees if left == right else each.differs
    if ours.last4 is not None and theirs.last4 is not None:
        share, each = share_of_other_digits(ours, theirs, bank), evidence["last4"]
        ratio *= (1 - share) * each.agrees if ours.last4 == theirs.last4 else share * each.differs
    return ratio


def share_of_other_digits(ours: Codes, theirs: Codes, bank: BankHabits) -> float:
    """How often the last four digits differ on the two sides of such a sale."""
    if theirs.entry == "chip":
        return CHIP_DIFFERS
    return bank.last4_differs(ours.entry == "wallet")


def prove(ours: Codes, theirs: Codes) -> bool:
    """Whether a code agrees that only the two sides of one sale know."""
    pairs = ((ours.rrn, theirs.rrn), (ours.auth, theirs.auth))
    return any(left is not None and left == right for left, right in pairs)


def exclude(ours: Mapping[str, str | None], theirs: Mapping[str, str | None]) -> bool:
    """Whether the codes of a payment and a receipt say that they are not of one sale."""
    differ = {name for name in ("rrn", "auth") if ours[name] and theirs[name] and ours[name] != theirs[name]}
    return "rrn" in differ or ("auth" in differ and not (ours["rrn"] and ours["rrn"] == theirs["rrn"]))
