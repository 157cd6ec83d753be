"""Who takes part, by the rules of registration: whose a merchant id is, and the stores of a retailer."""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

from counterfoil.banks import BANKS, adapter_named
from counterfoil.banks.adapter import BankAdapter
from counterfoil.domain.fields import Wire
from counterfoil.domain.merchants import CARD, Merchant, Store, Till, claims, scopes
from counterfoil.domain.registration import RegistrationInvalid, parse_merchants
from infra.sandbox.replay.lines import Report

READ_BY_PEOPLE: Final = {
    "name": "-", "address": "-", "postcode": "W1D 4AA", "phone": None, "email": None, "website": None,
}  # fmt: skip


class Shop(NamedTuple):
    """A merchant id's way to its scope. Only a `live` shop's transactions are kept."""

    retailer: str
    scope: str
    by_code: bool
    live: bool


class Branch(NamedTuple):
    """A registered store's merchant scope, and the terminal beside each till."""

    scope: str
    by_code: bool
    terminals: dict[str, str | None]


class Shops:
    """What a `merchants.json` registers."""

    def __init__(self, merchants: Sequence[Merchant]) -> None:
        self.retailers = {merchant.retailer for merchant in merchants}
        self._branches: dict[tuple[str, str], Branch] = {}
        for merchant in merchants:
            scope_of = scopes(merchant)
            stores = {store.store_id: store for store in merchant.stores}
            by_code = {scope_of[store.store_id] for store in merchant.stores if store.by_code}
            for store_id, scope in scope_of.items():
                terminals = {
                    till.till_id: stores[store_id].terminal_of(till.till_id) for till in stores[store_id].tills
                }
                self._branches[merchant.retailer, store_id] = Branch(scope, scope in by_code, terminals)
        live = {merchant.retailer for merchant in merchants if merchant.status == "live"}
        coded = {branch.scope for branch in self._branches.values() if branch.by_code}
        self._shops = {
            place: Shop(claim.retailer, claim.scope, claim.scope in coded, claim.retailer in live and not claim.frozen)
            for place, claim in claims(merchants).items()
        }

    @classmethod
    def read(cls, path: Path, report: Report) -> "Shops":
        """What could not be registered, but decides nothing, is reported. Raises RegistrationInvalid with every problem
        of a file that is of no use, UnicodeDecodeError, OSError."""
        text = path.read_text("utf-8")
        try:
            return cls(parse_merchants(text))
        except RegistrationInvalid as refused:
            try:
                shops = cls(parse_merchants(_what_decides(text)))
            except (RegistrationInvalid, LookupError, TypeError, ValueError):
                raise refused from None
            for line, found in groupby(refused.problems, attrgetter("line")):
                report("merchants", line, tuple(found))
            return shops

    def shop(self, namespace: str, merchant_id: str) -> Shop | None:
        """The shop that a card's merchant id (namespace `card`) or a bank's own id (its name) belongs to."""
        return self._shops.get((namespace, merchant_id))

    def is_of(self, retailer: str, merchant_id: str) -> bool:
        """Whether a till of that retailer may give this merchant id."""
        shop = self._shops.get((CARD, merchant_id))
        return shop is not None and shop.retailer == retailer

    def branch(self, retailer: str, store_id: str) -> Branch | None:
        return self._branches.get((retailer, store_id))


def _what_decides(text: str) -> str:
    """A `merchants.json` with its ids and tills as they are; what only people read of it is made up."""
    retailers = json.loads(text)["merchants"]
    for retailer in retailers:
        for store in retailer["stores"]:
            store["tills"] = [_of(till, Till) for till in store.get("tills", ())]
        retailer["stores"] = [_of(store, Store) | READ_BY_PEOPLE for store in retailer["stores"]]
    told = [_of(retailer, Merchant) | {"name": "-", "vat_number": "GB123456782"} for retailer in retailers]
    return json.dumps({"merchants": told})


def _of(given: dict[str, Any], model: type[Wire]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name in model.model_fields}


def adapters(banks: Sequence[Mapping[str, str]]) -> dict[str, BankAdapter]:
    """By name: an adapter's own, and before that each bank of a `banks.json`."""
    return {adapter.name: adapter for adapter in BANKS} | {
        bank["bank"]: adapter_named(bank["adapter"]) for bank in banks
    }
