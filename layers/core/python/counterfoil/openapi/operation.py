"""What the description knows of one route of the machine API."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from counterfoil.errors import Refused

Tag = Literal["Transactions", "Receipts", "Consents", "Customers", "Rights", "Deliveries", "Public"]
TAGS: dict[Tag, str] = {
    "Transactions": "From a bank: what its customers pay by card.",
    "Receipts": "From a retailer: what its tills print.",
    "Consents": "From a bank's app or backend: what its customers agreed to.",
    "Customers": "From a bank's app or backend: its customers' cards and receipts.",
    "Rights": "From a bank's app or backend, or from anybody: what the law lets a person ask.",
    "Deliveries": "From a bank's backend: how the receipts sent to it stand.",
    "Public": "For everybody.",
}

Proof = Literal[
    "bank_signed", "signed", "path_secret", "consents", "customers", "rights", "deliveries", "token", "public"
]
"""Who may call: a bank as its adapter's proof says, a partner by Standard Webhooks, an account by the secret in its
path, a bank's access token with that scope, whoever has a request's own token, or anybody."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One route.

    `function` is the handler's file, and the first part of the names of its examples in `events/`. `says` is
    Markdown. `takes` is the body, or one of several; `asks` is what the query may say. `status` and `gives` are the
    answer where all is well, and `also` the media types that `Accept` may want in place of JSON. `refuses` adds to what
    follows from the proof and the body.
    """

    method: Literal["GET", "PUT", "POST", "DELETE"]
    path: str
    function: str
    tag: Tag
    summary: str
    says: str
    proof: Proof
    status: int
    gives: type[BaseModel]
    takes: tuple[type[BaseModel], ...] = ()
    asks: type[BaseModel] | None = None
    also: tuple[str, ...] = ()
    refuses: tuple[type[Refused], ...] = ()
