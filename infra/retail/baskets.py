"""What lies in a basket, spelled as the lines of a receipt."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random
from typing import Any

from infra.retail.price_lists import Item, Kind


@dataclass(frozen=True, slots=True)
class Priced:
    """An item as a brand sells it: its receipt lines (JSON, without brackets), and what they cost at each VAT rate."""

    lines: str
    amount: int
    gross: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Basket:
    """`vat`: the entries of the receipt's `vat`, JSON without brackets."""

    lines: str
    amount: int
    vat: str


class PriceList:
    """A brand's prices: its kind's, a little dearer or cheaper."""

    def __init__(self, kind: Kind, random: Random) -> None:
        level = random.uniform(0.9, 1.15)
        self._items = [_at_level(item, level, kind.step) for item in kind.items]
        self._priced = [None if item.weighed else _priced(item, number) for number, item in enumerate(self._items)]
        self._places = range(len(self._items))
        self._weights = list(accumulate(item.weight for item in self._items))
        self._counts = list(accumulate(kind.counts))
        self._sizes = range(1, len(kind.counts) + 1)

    def basket(self, random: Random) -> Basket:
        """What a customer happens to buy."""
        count = random.choices(self._sizes, cum_weights=self._counts)[0]
        places = random.choices(self._places, cum_weights=self._weights, k=count)
        return basket_of(self._priced[place] or _weighed(self._items[place], random) for place in places)


def basket_of(bought: Iterable[Priced]) -> Basket:
    lines, amount, gross = [], 0, dict[str, int]()
    for priced in bought:
        lines.append(priced.lines)
        amount += priced.amount
        for rate, paid in priced.gross:
            gross[rate] = gross.get(rate, 0) + paid
    return Basket(",".join(lines), amount, ",".join(_vat_entry(rate, paid) for rate, paid in gross.items()))


def fuel(litres: float, pence: float, pump: int) -> Basket:
    """Fuel is priced in tenths of a penny a litre; the receipt has the price rounded."""
    amount = round(litres * pence)
    line = _line(f"Unleaded pump {pump}", amount, "20", quantity=f"{litres:.2f}", unit="litre", unit_price=round(pence))
    return Basket(line, amount, _vat_entry("20", amount))


def one_line(description: str, amount: int, vat: str = "20") -> Basket:
    return Basket(_line(description, amount, vat), amount, _vat_entry(vat, amount))


def _at_level(item: Item, level: float, step: int) -> Item:
    if item.parts or item.weighed:
        return item
    whole = max(step, round(item.price * level / step) * step)
    return replace(item, price=whole - 1 if step == 10 else whole)


def _priced(item: Item, number: int) -> Priced:
    if item.parts:
        return _deal(item)
    more: dict[str, Any] = {"sku": f"S{number:03}"}
    amount = item.price
    if item.extra:
        name, price = item.extra
        more["modifiers"] = [{"description": name, "amount": price}]
        amount += price
    return Priced(_line(item.name, item.price, item.vat, unit_price=item.price, **more), amount, ((item.vat, amount),))


def _deal(deal: Item) -> Priced:
    off = sum(part.price for part in deal.parts) - deal.price
    first, *rest = deal.parts
    lines = [_line(first.name, first.price, first.vat, discounts=[{"description": deal.name, "amount": off}])]
    lines += [_line(part.name, part.price, part.vat) for part in rest]
    gross = [(first.vat, first.price - off), *((part.vat, part.price) for part in rest)]
    return Priced(",".join(lines), deal.price, tuple(gross))


def _weighed(item: Item, random: Random) -> Priced:
    kilos = f"{random.uniform(0.15, 1.6):.3f}"
    amount = round(float(kilos) * item.price)
    line = _line(item.name, amount, item.vat, quantity=kilos, unit="kg", unit_price=item.price)
    return Priced(line, amount, ((item.vat, amount),))


def _line(description: str, amount: int, vat: str, quantity: str = "1", **more: Any) -> str:
    line = {"description": description, "quantity": quantity, "amount": amount, "vat_rate": vat, **more}
    return json.dumps(line, separators=(",", ":"))


def _vat_entry(rate: str, gross: int) -> str:
    percent = int(rate)
    amount = round(gross * percent / (100 + percent))
    return f'{{"rate":"{rate}","net":{gross - amount},"amount":{amount}}}'
