"""A card tender of a receipt: what is matched. A receipt with two card tenders has two, each on its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from counterfoil.domain.sides import Codes
from counterfoil.domain.transactions import Kind

TenderState = Literal["undecided", "ambiguous", "matched", "void"]


@dataclass(frozen=True, slots=True, order=True)
class Revision:
    """Which of two bodies of one receipt is the later: by the till's `version`, else by time of intake (ms)."""

    version: int
    taken_at: int


@dataclass(frozen=True, slots=True)
class CardTender:
    """The identity of one card tender. Anonymous: nothing here says who paid.

    `receipt_key` and `ordinal` (0 for the receipt's first card tender) name it; `index` is its place among
    all the tenders of the body that `body_key` names. `owner` as in `Transaction`.
    `former`: the names of the bodies that corrections replaced.
    `taken_from`: the transactions whose matches corrections gave up. `doubted`: as in `Side`.
    """

    receipt_key: str
    ordinal: int
    index: int
    body_key: str
    revision: Revision
    scope: str
    kind: Kind
    amount: int
    currency: str
    at: datetime
    seen_at: datetime
    codes: Codes
    till: str | None
    owner: str
    by_code: bool = False
    doubted: bool = False
    rev: int = 1
    state: TenderState = "undecided"
    matched_to: str | None = None
    taken_from: tuple[str, ...] = ()
    former: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.receipt_key}.{self.ordinal}"
