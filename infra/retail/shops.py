"""Retailers with their stores, and their registration."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Literal

from infra.retail.baskets import Basket, PriceList
from infra.retail.people import Customer
from infra.retail.price_lists import KINDS, Kind
from infra.retail.recipe import Recipe
from infra.retail.tills import Line, Till, made_clock

_TOWNS: Final = ("London", "Leeds", "Bristol", "Glasgow", "Cardiff", "York", "Norwich", "Exeter", "Derby", "Truro")
_VAT_WEIGHTS: Final = range(8, 1, -1)
_MOST_OF_ALL: Final = 0.15
"""What one chain sells at most of everything, where it has not one merchant id."""

Stamping = Literal["printed", "order", "bill"]
"""What the time on a receipt means: when it was printed, or when the order or the bill was made."""


@dataclass(slots=True)
class Store:
    """One shop. `regulars`: who comes again and again, each with the usual basket."""

    store_id: str
    retailer: str
    kind: Kind
    prices: PriceList
    merchant_id: str
    tills: list[Till]
    line: Line
    stamping: Stamping
    tells_auth: bool
    tells_rrn: bool
    tells_terminal: bool
    tells_merchant: bool
    tells_last4: bool
    tells_vat: bool
    has_pump_tills: bool
    town: str
    regulars: list[tuple[Customer, Basket]]
    volume: float = 0.0

    @property
    def label(self) -> str:
        """As the bank's statement has it."""
        return f"{self.retailer} {self.store_id} {self.town}".upper()


class _Spread:
    """Says yes to a share of those it is asked about: by chance, but never far from the share. Stores are few."""

    def __init__(self, share: float, random: Random) -> None:
        self._share, self._random, self._owed = share, random, 0.0

    def __call__(self) -> bool:
        self._owed += self._share
        yes = self._random.random() < self._owed
        self._owed -= yes
        return yes


class _Builder:
    """Builds stores, chain by chain."""

    def __init__(self, recipe: Recipe, random: Random, customers: list[Customer], start: float) -> None:
        self._recipe, self._random, self._customers, self._start = recipe, random, customers, start

        def spread(*shares: float) -> list[_Spread]:
            return [_Spread(share, random) for share in shares]

        self._auth, self._rrn = spread(recipe.auth_by_stores, recipe.rrn_by_stores)
        self._terminal, self._merchant = spread(recipe.terminal_by_stores, recipe.merchant_by_stores)
        self._last4, self._vat = spread(recipe.last4_by_stores, recipe.vat_by_stores)
        (self._one_till,) = spread(recipe.stations_printing_at_one_till)
        self._hourly, self._at_close = spread(recipe.stores_hourly, recipe.stores_at_close)
        self._stamps_at_close, self._orders, self._bills = spread(
            recipe.tills_stamping_at_close, recipe.quick_stores_stamping_orders, recipe.restaurants_stamping_bills
        )

    def chain(self, retailer: str, kind: Kind, size: int) -> list[Store]:
        prices = PriceList(kind, self._random)
        return [self._store(retailer, kind, prices, number) for number in range(size)]

    def _store(self, retailer: str, kind: Kind, prices: PriceList, number: int) -> Store:
        random, shared = self._random, f"MID{retailer.upper()}"
        tills = [
            Till(
                till_id=f"{till:02}",
                terminal_id=f"T{random.randrange(10**7):07}",
                clock=made_clock(self._recipe, random, self._start),
                stamps_at_close=self._stamps_at_close(),
            )
            for till in range(1, kind.tills + 1)
        ]
        shoppers = random.sample(self._customers, min(len(self._customers) // 4, kind.volume))
        return Store(
            store_id=f"{retailer[:3]}-{number:02}",
            retailer=retailer,
            kind=kind,
            prices=prices,
            merchant_id=shared if self._recipe.shared_ids else f"{shared}{number:02}",
            tills=tills,
            line=self._line(),
            stamping=self._stamping(kind),
            tells_auth=self._auth(),
            tells_rrn=self._rrn(),
            tells_terminal=self._terminal(),
            tells_merchant=self._merchant(),
            tells_last4=self._last4(),
            tells_vat=self._vat(),
            has_pump_tills=not self._one_till(),
            town=random.choice(_TOWNS),
            regulars=[(customer, prices.basket(random)) for customer in shoppers],
        )

    def _stamping(self, kind: Kind) -> Stamping:
        if kind.name in ("coffee", "fast_food") and self._orders():
            return "order"
        return "bill" if kind.name == "restaurant" and self._bills() else "printed"

    def _line(self) -> Line:
        lag = self._random.lognormvariate(0.6, 0.5)
        if self._at_close():
            return Line("at close", lag)
        return Line("hourly" if self._hourly() else "at once", lag)


def made_stores(recipe: Recipe, random: Random, customers: list[Customer], start: float) -> list[Store]:
    """As many stores as sell what is asked for; each then sells a little more or less, so that it comes out."""
    builder = _Builder(recipe, random, customers, start)
    stores: list[Store] = []
    asked, sold, held = recipe.sales / recipe.days, 0, Counter[Kind]()
    for place, kind in enumerate(_kinds(recipe, random, held)):
        size = recipe.chain_size
        if not recipe.shared_ids:
            size = max(1, min(random.choice((1, 1, 3, size)), round(_MOST_OF_ALL * asked / kind.volume)))
        stores += builder.chain(f"{kind.name}{place:03}", kind, size)
        sold, held[kind] = sold + size * kind.volume, held[kind] + size
        if sold > 0.95 * asked:
            break
    for store in stores:
        store.volume = store.kind.volume * asked / sold * random.uniform(0.9, 1.1)
    return stores


def _kinds(recipe: Recipe, random: Random, held: Counter[Kind]) -> Iterator[Kind]:
    """Whichever kind lacks most of its share of the stores `held`. A chain of supermarkets would dwarf the rest."""
    kinds = [kind for kind in KINDS if not recipe.shared_ids or kind.volume < 1000]
    random.shuffle(kinds)
    while True:
        yield min(kinds, key=lambda kind: (held[kind] + 0.5) / kind.share)


def registration(stores: list[Store]) -> dict[str, Any]:
    """`merchants.json` of these stores."""
    by_retailer: dict[str, list[Store]] = {}
    for store in stores:
        by_retailer.setdefault(store.retailer, []).append(store)
    return {
        "merchants": [
            {
                "retailer": retailer,
                "name": f"{retailer.replace('_', ' ').title()} Ltd",
                "status": "live",
                "vat_number": _vat_number(1_000_000 + number),
                "stores": [_registered(store) for store in members],
            }
            for number, (retailer, members) in enumerate(by_retailer.items())
        ]
    }


def _registered(store: Store) -> dict[str, Any]:
    return {
        "store_id": store.store_id,
        "name": store.label.title(),
        "address": f"{int(store.store_id[-2:]) + 1} High Street, {store.town}",
        "postcode": "W1D 4AA",
        "timezone": "Europe/London",
        "merchant_ids": [store.merchant_id],
        "tills": [{"till_id": till.till_id, "terminal_ids": [till.terminal_id]} for till in store.tills],
    }


def _vat_number(seven: int) -> str:
    total = sum(weight * int(digit) for weight, digit in zip(_VAT_WEIGHTS, str(seven), strict=True))
    return f"GB{seven}{97 - total % 97:02}"
