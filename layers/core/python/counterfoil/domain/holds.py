"""Holds: why a customer's records, or a class of the data map, are kept though their time is over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, model_validator

from counterfoil.domain.fields import Id, Wire, matching

type LegalGround = Literal["legal claim", "regulator", "police"]
type Ground = LegalGround | Literal["rights request", "complaint"]

LEGAL_GROUNDS: Final[tuple[LegalGround, ...]] = get_args(LegalGround.__value__)
"""These stop erasure too (Art. 17(3)(b) and (e)); the others only keep records from being swept."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold. `reference`: the case, the request or the complaint that it is for; no person's name."""

    reference: str
    ground: Ground
    since: datetime

    @property
    def stops_erasure(self) -> bool:
        return self.ground in LEGAL_GROUNDS


class Target(Wire):
    """What a hold is on: a bank's customer, or a class of the data map. `reference` names the hold."""

    bank: Id | None = None
    customer: Id | None = None
    due: Annotated[str | None, Field(alias="class")] = None
    reference: Annotated[str, matching(r"[A-Za-z0-9_.:/-]{1,64}", "must be a case's reference")]

    @model_validator(mode="after")
    def _a_customer_or_a_class(self) -> "Target":
        if bool(self.due) == bool(self.bank and self.customer):
            raise ValueError("a bank's customer, or a class")
        return self


class HoldOrder(Target):
    """What ops ask for."""

    ground: LegalGround


def of_class(due: str) -> str:
    """The target of a hold on a whole class."""
    return f"class/{due}"
