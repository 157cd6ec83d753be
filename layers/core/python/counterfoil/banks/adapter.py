"""What every bank's file offers: proof of origin, translation in, translation out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from counterfoil.domain.deliveries import Notice
from counterfoil.domain.fields import Wire
from counterfoil.domain.merchants import Bank
from counterfoil.domain.transactions import TransactionEvent


@dataclass(frozen=True, slots=True)
class Arrival:
    """A bank's call as it came. Header names are lower case; `body` are the raw bytes.

    `path` is what the bank called, query excluded; `secret` its last part where the bank's path has a secret.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    secret: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What proves who speaks: a bank's shared secrets and public keys, all of them active, and the access token
    of a linked account."""

    secrets: tuple[str, ...] = ()
    public_keys: tuple[str, ...] = ()
    token: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """How a bank proves that a call is its own.

    verify(arrival, credentials, now): raises Unauthenticated, and nothing else, unless the bank made this call.
    sign(arrival, key, now): the same call with the proof on it, as a simulated bank makes it.
    new_keys(): a fresh signing key, and the credentials that verify what it signs.
    timed: whether an old proof is refused; where none is, a replay is a repeat and has no second effect.
    headers: what each header of the proof holds, for the API's description; none where the path holds a secret.
    """

    verify: Callable[[Arrival, Credentials, datetime], None]
    sign: Callable[[Arrival, str, datetime], Arrival]
    new_keys: Callable[[], tuple[str, Credentials]]
    timed: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to a bank."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    url: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class BankAdapter:
    """One bank's wire.

    own_merchant_ids: whether its transactions carry merchant ids of the bank's own, not the card scheme's.
    parse(decoded body): the canonical event, or None for what is no card payment; raises Invalid.
    render(notice, bank, credentials, now): the call that delivers it.
    requires: the fields of banks.json that this adapter cannot do without, beside those of every bank.
    takes: the bodies that a bank sends, for the API's description.
    """

    name: str
    proof: Proof
    parse: Callable[[object], TransactionEvent | None]
    render: Callable[[Notice, Bank, Credentials, datetime], Call]
    own_merchant_ids: bool = False
    requires: tuple[str, ...] = ()
    takes: tuple[type[Wire], ...] = (TransactionEvent,)
