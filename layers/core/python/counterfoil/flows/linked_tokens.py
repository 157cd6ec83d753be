"""What opens a linked account, sealed under its customer's key."""

import json
from dataclasses import dataclass

from counterfoil.banks.oauth import Tokens
from counterfoil.domain.links import Link
from counterfoil.sealing import CustomerKeys, seal, unseal


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """What a link's sealed part holds. `secret`: the path secret at which the bank shall call."""

    account_id: str
    tokens: Tokens
    secret: str


def sealed(account: Account, subject: str, keys: CustomerKeys) -> bytes:
    tokens = account.tokens
    plain = [account.account_id, account.secret, tokens.access, tokens.refresh]
    return seal(keys.seal_key, json.dumps(plain).encode(), bound_to=f"link/{subject}")


def opened(link: Link, keys: CustomerKeys) -> Account:
    plain = unseal(keys.seal_key, link.sealed, bound_to=f"link/{link.subject}")
    account_id, secret, access, refresh = json.loads(plain)
    return Account(account_id, Tokens(access, refresh, link.expires_at), secret)
