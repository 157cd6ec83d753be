"""The link to a customer's account at a bank that lets us in by OAuth 2.0."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

LinkState = Literal["linked", "lapsed", "leaving"]


@dataclass(frozen=True, slots=True)
class Link:
    """One linked account; what opens it is in `sealed` alone.

    `id` tells one linking from the next. `rev` rises with every write. `linked_at`: the moment of consent.
    `expires_at`: until when the access token is good. `secrets`: the hashes of path secrets that its bank's calls may
    come at, the current one first. `lease_until`: until then somebody else is refreshing the tokens.
    `lapsed`: the bank refused to refresh them; only the customer can link anew. `leaving`: being taken down.
    """

    subject: str
    bank: str
    id: str
    linked_at: datetime
    expires_at: datetime
    sealed: bytes
    secrets: tuple[str, ...]
    rev: int = 1
    state: LinkState = "linked"
    lease_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose account a path secret belongs to."""

    subject: str
    bank: str
