"""Days of trading: the hours of all shops one after the other, each sale at its time."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from math import floor
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from infra.retail.files import HOUR, Files
from infra.retail.people import made_customers
from infra.retail.recipe import Recipe
from infra.retail.selling import Seller
from infra.retail.shops import Store, made_stores, registration

LONDON = ZoneInfo("Europe/London")
SATURDAY = 5


def write(recipe: Recipe, seed: int, folder: Path, sold: Callable[[int], object] | None = None) -> None:
    """Makes the files of `folder`: the same bytes for the same recipe and seed. `sold` hears of the sales made."""
    random = Random(seed)
    customers = made_customers(recipe, random)
    stores = made_stores(recipe, random, customers, _hour(recipe, 0, 0).timestamp())
    with Files.into(folder, registration(stores)) as files:
        seller = Seller(recipe, random, files, customers)
        for day in range(recipe.days):
            _trade(recipe, day, stores, seller, files, random, sold or int)


def _hour(recipe: Recipe, day: int, hour: int) -> datetime:
    return datetime.combine(recipe.first_day + timedelta(days=day), time(hour), LONDON)


def _trade(
    recipe: Recipe,
    day: int,
    stores: list[Store],
    seller: Seller,
    files: Files,
    random: Random,
    sold: Callable[[int], object],
) -> None:
    """One day of all shops."""
    midnight = _hour(recipe, day, 12).timestamp() - 12 * HOUR
    weekend = _hour(recipe, day, 12).weekday() >= SATURDAY
    for store in stores:
        store.line.new_day(recipe, random, midnight + store.kind.opens * HOUR, midnight + store.kind.closes * HOUR)
    for hour in range(24):
        starts = midnight + hour * HOUR
        made = 0
        for store in stores:
            if store.kind.opens <= hour < store.kind.closes:
                made += _sell_for_an_hour(store, starts, hour, weekend, midnight, seller, random)
        files.flush(before=starts + HOUR)
        sold(made)


def _sell_for_an_hour(
    store: Store, starts: float, hour: int, weekend: bool, midnight: float, seller: Seller, random: Random
) -> int:
    kind = store.kind
    expected = store.volume * kind.hours[hour - kind.opens] / sum(kind.hours)
    expected *= kind.weekend if weekend else (7 - 2 * kind.weekend) / 5
    closes = midnight + kind.closes * HOUR
    sales = max(0, floor(random.gauss(expected, expected**0.5) + random.random()))
    for at in sorted(starts + random.random() * HOUR for _ in range(sales)):
        till = min(store.tills, key=lambda till: till.free_at) if random.random() < 0.5 else random.choice(store.tills)
        moment = max(at, till.free_at)
        till.free_at = moment + 8 + random.expovariate(1 / 20)
        seller.sell(store, till, moment, closes)
    return sales
