"""What authorities were told of a customer: on which ground, under which reference, and which records.

The grounds are those of the UK's Data Protection Act 2018. Some forbid that the customer be told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from counterfoil.domain.fields import Id, Text, Wire, matching, refusing
from counterfoil.domain.records import RECORDS


@dataclass(frozen=True, slots=True)
class Ground:
    """`law`: where it stands. `tells`: whether the customer finds it in an export of their data."""

    law: str
    tells: bool


type GroundName = Literal["court_order", "legal_duty", "regulator", "crime", "tax", "national_security"]

GROUNDS: Final[Mapping[GroundName, Ground]] = {
    "court_order": Ground("disclosure ordered by a court (DPA 2018, Sch. 2, para. 5(2))", True),
    "legal_duty": Ground("disclosure required by an enactment (DPA 2018, Sch. 2, para. 5(2))", True),
    "regulator": Ground("a regulator's function (DPA 2018, Sch. 2, paras 7 to 11)", True),
    "crime": Ground("prevention, detection or prosecution of crime (DPA 2018, Sch. 2, para. 2)", False),
    "tax": Ground("assessment or collection of a tax (DPA 2018, Sch. 2, para. 2)", False),
    "national_security": Ground("national security or defence (DPA 2018, s. 26)", False),
}

_OF_CUSTOMERS: Final = frozenset(record.name for record in RECORDS if record.subject == "customer")

_RecordName = Annotated[str, refusing(lambda name: name not in _OF_CUSTOMERS, "names no customer's record of the map")]


class DisclosureOrder(Wire):
    """What ops record. `records`: names of rows of the data map, of customers."""

    bank: Id
    customer: Id
    authority: Text
    ground: GroundName
    reference: Annotated[
        str, matching(r"[A-Za-z0-9_.:/-]{1,64}", "must be 1 to 64 of A-Z a-z 0-9 _ . : / -, such as a case's number")
    ]
    records: Annotated[tuple[_RecordName, ...], Field(min_length=1, max_length=20, strict=False)]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """`id`: a fingerprint of the rest under the customer's key, so that the same order again is the same disclosure."""

    id: str
    at: datetime
    authority: str
    ground: GroundName
    reference: str
    records: tuple[str, ...]

    @property
    def is_told(self) -> bool:
        return GROUNDS[self.ground].tells


def content_of(order: DisclosureOrder) -> bytes:
    """What one disclosure differs from another by."""
    return order.model_dump_json(exclude={"bank", "customer"}).encode()
