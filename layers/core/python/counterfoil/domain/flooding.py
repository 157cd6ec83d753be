"""A till that sends more receipts than a till can sell: what it sends beyond its allowance is doubted.

Nothing is refused for that: a till that was offline sends its whole day at once, and what is refused may never come
again. A doubted receipt is matched by a code that both sides give, never by its time or its card (`matching`). Whoever
has a retailer's key can name any till, also one that does not exist, so the tills of a store have an allowance together
too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from counterfoil.domain.rates import Limits


@dataclass(frozen=True, slots=True)
class Allowance:
    """A bucket as in `rates`, of which each receipt takes `takes`."""

    limits: Limits
    takes: int


TILL: Final = Allowance(Limits(per_second=1, burst=7_500), takes=5)
"""1,500 receipts at once, more than most tills sell in a day, and 12 a minute."""
STORE: Final = Allowance(Limits(per_second=4, burst=25_000), takes=1)
"""25,000 receipts at once, and 240 a minute."""


def allowances(till: str | None, store: str) -> Mapping[str, Allowance]:
    """Whose allowance a receipt takes of, by name: the till's where it is told, then its store's."""
    of_store = {f"store/{store}": STORE}
    return {f"till/{till}": TILL} | of_store if till else of_store
