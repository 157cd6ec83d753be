"""Who takes part, as ops registered it: read through a cache of one minute, since every request needs it."""

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from counterfoil.domain.merchants import Bank, Claim, Merchant, Store, claims, scopes, town_of
from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, Item, Put

CACHE_SECONDS = 60
MOST_LISTED = 10_000
MOST_CACHED = 20_000


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant id's way to its scope. Only a `live` shop's transactions are kept."""

    retailer: str
    scope: str
    by_code: bool
    live: bool


@dataclass(frozen=True, slots=True)
class Branch:
    """A registered store, its merchant scope, and the revision of these details."""

    store: Store
    scope: str
    by_code: bool
    revision: str


@dataclass(frozen=True, slots=True)
class BankRecord:
    """A registered bank; `disabled` once its callback answered that it is gone for good."""

    bank: Bank
    disabled: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """What the public may know of a retailer."""

    name: str
    status: str
    towns: tuple[str, ...]


_cache: dict[tuple[str, str], tuple[float, Any]] = {}


def forget() -> None:
    """Empties the cache: what was registered is seen at once."""
    _cache.clear()


def shop(namespace: str, merchant_id: str) -> Shop | None:
    """The shop that a card's merchant id (namespace `card`) or a bank's own id (its name) belongs to."""
    return _read(keys.claim(namespace, merchant_id), _shop_from_item)


def retailer(name: str) -> Merchant | None:
    """A retailer, without its stores."""
    return _read(keys.retailer(name), lambda item: Merchant.model_validate_json(item["details"]))


def branch(retailer_name: str, store_id: str, revision: str | None = None) -> Branch | None:
    """A store as it is registered now, or as it was at `revision`."""
    return _read(keys.store(retailer_name, store_id, revision), _branch_from_item)


def bank(name: str) -> BankRecord | None:
    return _read(keys.bank(name), _bank_from_item)


def disable(name: str) -> None:
    """Stops deliveries to a bank, until it is registered anew."""
    item = table.get(LEDGER, dict(keys.bank(name)))
    if item is not None:
        table.write(Put(LEDGER, item | {"disabled": True}))
    forget()


def listings() -> list[Listing]:
    """The public list, by name."""
    return _cached(("L#merchants", ""), _read_listings) or []


def retailers() -> list[str]:
    """Every registered retailer's name, in order."""
    partition, between = keys.merchant_list()
    items, _ = table.query(LEDGER, partition, between, limit=MOST_LISTED, consistent=False)
    return [item["sk"] for item in items]


def branches(retailer_name: str) -> Iterator[Branch]:
    """Every store of a retailer as it is registered now, by id."""
    partition, (low, high) = keys.stores(retailer_name)
    more = True
    while more:
        items, more = table.query(LEDGER, partition, (low, high), limit=MOST_LISTED, consistent=False)
        yield from (_branch_from_item(item) for item in items if keys.is_current_store(item["sk"]))
        low = keys.next_after(items[-1]["sk"]) if more else low


def _read_listings() -> list[Listing]:
    partition, between = keys.merchant_list()
    items, _ = table.query(LEDGER, partition, between, limit=MOST_LISTED, consistent=False)
    found = [Listing(item["name"], item["status"], tuple(item["towns"])) for item in items]
    return sorted(found, key=lambda listing: listing.name)


def register_bank(new: Bank) -> None:
    table.write(Put(LEDGER, dict(keys.bank(new.bank)) | {"details": new.model_dump_json()}))
    forget()


def register_merchant(merchant: Merchant) -> list[str]:
    """Takes a retailer in as the file says. The merchant ids that another retailer claims too: they are frozen.

    May be repeated: the same file gives the same registration.
    """
    scope_of = scopes(merchant)
    by_code = {scope_of[store.store_id] for store in merchant.stores if store.by_code}
    details = merchant.model_copy(update={"stores": ()}).model_dump_json()
    table.write(Put(LEDGER, dict(keys.retailer(merchant.retailer)) | {"details": details}))
    for store in merchant.stores:
        _put_store(merchant, store, scope_of[store.store_id], scope_of[store.store_id] in by_code)
    frozen = [
        merchant_id
        for (namespace, merchant_id), claim in claims([merchant]).items()
        if _put_claim(namespace, merchant_id, claim, merchant.status == "live", claim.scope in by_code)
    ]
    towns = sorted({town for store in merchant.stores if (town := town_of(store))})
    listing: Item = {"name": merchant.name, "status": merchant.status, "towns": towns}
    table.write(Put(LEDGER, dict(keys.listed(merchant.retailer)) | listing))
    forget()
    return frozen


def _put_store(merchant: Merchant, store: Store, scope: str, by_code: bool) -> None:
    details = store.model_dump_json()
    revision = urlsafe_b64encode(sha256(details.encode()).digest()[:6]).decode()
    item: Item = {"details": details, "scope": scope, "by_code": by_code, "revision": revision}
    for key in (
        keys.store(merchant.retailer, store.store_id, revision),
        keys.store(merchant.retailer, store.store_id),
    ):
        table.write(Put(LEDGER, dict(key) | item))


def _put_claim(namespace: str, merchant_id: str, claim: Claim, live: bool, by_code: bool) -> bool:
    """Whether the id is frozen: another retailer claimed it before."""
    key: Item = dict(keys.claim(namespace, merchant_id))
    standing = table.get(LEDGER, key)
    frozen = standing is not None and (standing["retailer"] != claim.retailer or standing["frozen"])
    if frozen and standing is not None:
        table.write(Put(LEDGER, standing | {"frozen": True}))
        return True
    item: Item = {"retailer": claim.retailer, "scope": claim.scope}
    table.write(Put(LEDGER, key | item | {"live": live, "by_code": by_code, "frozen": False}))
    return False


def _read[T](key: keys.Key, made: Callable[[Mapping[str, Any]], T]) -> T | None:
    def fetch() -> T | None:
        item = table.get(LEDGER, dict(key), consistent=False)
        return made(item) if item else None

    return _cached((key["pk"], key["sk"]), fetch)


def _cached[T](name: tuple[str, str], fetch: Callable[[], T | None]) -> T | None:
    until, value = _cache.get(name, (0.0, None))
    if time.monotonic() >= until:
        value = fetch()
        if len(_cache) >= MOST_CACHED:
            _cache.clear()
        _cache[name] = (time.monotonic() + CACHE_SECONDS, value)
    return value  # type: ignore[no-any-return]


def _shop_from_item(item: Mapping[str, Any]) -> Shop:
    live = item["live"] and not item["frozen"]
    return Shop(item["retailer"], item["scope"], item["by_code"], live)


def _branch_from_item(item: Mapping[str, Any]) -> Branch:
    store = Store.model_validate_json(item["details"])
    return Branch(store, item["scope"], item["by_code"], item["revision"])


def _bank_from_item(item: Mapping[str, Any]) -> BankRecord:
    return BankRecord(Bank.model_validate_json(item["details"]), item.get("disabled", False))
