"""What the codes that both sides may give of one card payment are worth, agreeing and differing.

Each is a likelihood ratio, P(what we see | same sale) / P(it | different sales), and set with caution: codes repeat
more often than their length says, and a code that differs may be a misprint, except for the RRN.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

type Method = Literal["rrn", "auth_code", "token", "card_and_time", "original", "time"]


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
    "token": Evidence(1e5, 0.2, "Card token agrees", "Card tokens differ", "token"),
    "last4": Evidence(
        3e3, 0.05, "Last four digits agree", "Last four digits differ, as a phone's may", "card_and_time"
    ),
    "original": Evidence(
        1e3, 1e-3, "It gives back the same purchase", "They give back different purchases", "original"
    ),
    "terminal": Evidence(3.0, 0.05, "Terminal agrees", "Terminals differ"),
    "merchant": Evidence(1.0, 0.05, "Merchant number agrees", "Merchant numbers differ"),
}


def exclude(ours: Mapping[str, str | None], theirs: Mapping[str, str | None]) -> bool:
    """Whether the codes of a payment and a receipt say that they are not of one sale."""
    differ = {name for name in ("rrn", "auth") if ours[name] and theirs[name] and ours[name] != theirs[name]}
    return "rrn" in differ or ("auth" in differ and not (ours["rrn"] and ours["rrn"] == theirs["rrn"]))
