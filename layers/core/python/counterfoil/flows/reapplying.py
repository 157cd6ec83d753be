"""The erasure ledger is applied again: after any restore, which brings erased customers back, and before dead letters
are sent again, which may be theirs.

The salts go at once, so that nothing that is restored can be read, and before them the ways to cards that came back
with them; what else came back is erased as before.
"""

from collections.abc import Callable
from dataclasses import dataclass

from counterfoil.flows import erased_cards, erasing
from counterfoil.flows.outcome import Send
from counterfoil.sealing import Sealer
from counterfoil.store import customers, erasures

PAGE = 200


@dataclass(frozen=True, slots=True)
class Applied:
    """`entries` that were looked at, of which so many are to be erased `again`; `after`: where to go on, or empty."""

    entries: int
    again: int
    after: str


def apply(after: str, sealer: Sealer, announce: Callable[[Send], None]) -> Applied:
    """A page of the ledger. May be repeated: what is erased stays erased, and whoever came back since stays."""
    entries, last = erasures.entered(after, PAGE)
    again = [entry for entry in entries if _came_back(entry, sealer)]
    for entry in again:
        announce(erasing.begin(entry.subject, "restored", entry.at))
    return Applied(len(entries), len(again), last)


def _came_back(entry: erasures.Entry, sealer: Sealer) -> bool:
    erased_cards.forget(entry, sealer)
    customers.forget_salt(entry.subject, entry.at)
    known = erasures.get(entry.subject)
    return known is None or not known.is_done or known.begun_at < entry.at
