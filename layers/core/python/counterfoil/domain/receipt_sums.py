"""The arithmetic of a receipt: what must add up, and the VAT in it.

The sums are exact. VAT is rounded by tills in ways of their own, so it may be out by one minor unit a line
a rate.

Decimals are counted in units of their last place, because integers are many times as fast as fractions.
"""

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from counterfoil.errors import Problem

if TYPE_CHECKING:
    from counterfoil.domain.receipts import Line, Receipt

# The decimals that a rate and a quantity may have, and so how many units make up the whole.
_RATE_DECIMALS = 4
_HUNDRED_PERCENT = 100_0000
_QUANTITY_DECIMALS = 6
_ONE_BOUGHT = 1_000000


def problems(receipt: "Receipt") -> list[Problem]:
    """Everything that does not add up, each with by how much in minor units."""
    values = [_line_value(line) for line in receipt.lines]
    found = [*_line_problems(receipt, values), *_total_problems(receipt, sum(values))]
    return found or list(_vat_problems(receipt, values))


def vat_summary(receipt: "Receipt") -> list[dict[str, Any]]:
    """The VAT in the lines, one `{"rate", "net", "amount"}` a rate, highest rate first; none without
    rates."""
    spelled = {_rate(line.vat_rate): line.vat_rate for line in receipt.lines if line.vat_rate is not None}
    values = [_line_value(line) for line in receipt.lines]
    gross = _gross_by_rate(receipt, sum(values), _values_by_rate(receipt, values))
    summary = []
    for rate in sorted(spelled, reverse=True):
        paid = round(gross[rate])
        amount = round(Fraction(gross[rate] * rate, _HUNDRED_PERCENT + rate))
        summary.append({"rate": spelled[rate], "net": paid - amount, "amount": amount})
    return summary


@lru_cache(maxsize=256)  # A shop has few rates, and most things are bought singly.
def _scaled(decimal: str, decimals: int) -> int:
    whole, _, rest = decimal.partition(".")
    return int(whole + rest.ljust(decimals, "0"))


def _rate(vat_rate: str) -> int:
    return _scaled(vat_rate, _RATE_DECIMALS)


def _line_value(line: "Line") -> int:
    value = line.amount
    if not line.modifiers and not line.discounts:
        return value
    for modifier in line.modifiers:
        value += modifier.amount
    for discount in line.discounts:
        value -= discount.amount
    return value


def _line_problems(receipt: "Receipt", values: list[int]) -> Iterator[Problem]:
    for index, (line, value) in enumerate(zip(receipt.lines, values, strict=True)):
        if value < 0:
            yield Problem(f"lines[{index}].discounts", "take off more than the line and its modifiers cost")
        if line.unit_price is not None and not _is_product(line, line.unit_price):
            yield Problem(f"lines[{index}].amount", "is not quantity times unit_price")


def _is_product(line: "Line", unit_price: int) -> bool:
    if line.quantity == "1":
        return line.amount == unit_price
    # The unit price itself may be rounded (fuel at 145.9p), and half a minor unit counts once a unit bought.
    quantity = _scaled(line.quantity, _QUANTITY_DECIMALS)
    twice_tolerance = max(2 * _ONE_BOUGHT, quantity + _ONE_BOUGHT)
    return 2 * abs(line.amount * _ONE_BOUGHT - quantity * unit_price) < twice_tolerance


def _total_problems(receipt: "Receipt", bought: int) -> Iterator[Problem]:
    charged = bought - sum(discount.amount for discount in receipt.discounts)
    charged += receipt.service_charge + receipt.tip + receipt.rounding
    if charged != receipt.total:
        yield Problem("total", f"is {_apart(receipt.total - charged)} what the lines and the rest come to")
    paid = sum(tender.amount for tender in receipt.tenders)
    if paid != receipt.total:
        yield Problem("tenders", f"come to {_apart(paid - receipt.total)} the total")
    if receipt.total == 0 and any(tender.type == "card" for tender in receipt.tenders):
        yield Problem("total", "must be more than zero where a card paid")


def _values_by_rate(receipt: "Receipt", values: list[int]) -> dict[int, list[int]]:
    """What the lines at each rate come to, each of them."""
    by_rate: dict[int, list[int]] = {}
    for line, value in zip(receipt.lines, values, strict=True):
        if line.vat_rate is not None:
            by_rate.setdefault(_rate(line.vat_rate), []).append(value)
    return by_rate


def _gross_by_rate(receipt: "Receipt", bought: int, by_rate: dict[int, list[int]]) -> Mapping[int, int | Fraction]:
    """What was paid at each rate, VAT included, the receipt's discounts apportioned by amount.

    Service charge, tip and rounding are at no rate.
    """
    gross = {rate: sum(values) for rate, values in by_rate.items()}
    off = sum(discount.amount for discount in receipt.discounts)
    if not off:
        return gross
    kept = Fraction(bought - off, bought) if bought else Fraction(1)
    return {rate: value * kept for rate, value in gross.items()}


def _vat_problems(receipt: "Receipt", values: list[int]) -> Iterator[Problem]:
    """Where `vat` differs from the lines, and from its own rates."""
    if not receipt.vat:
        return
    by_rate = _values_by_rate(receipt, values)
    rates = [_rate(entry.rate) for entry in receipt.vat]
    for index, (entry, rate) in enumerate(zip(receipt.vat, rates, strict=True)):
        if rate in rates[:index]:
            yield Problem(f"vat[{index}].rate", "is given twice")
        parts = _HUNDRED_PERCENT + rate
        off = entry.amount * parts - (entry.net + entry.amount) * rate
        if abs(off) > (_slack(by_rate, rate) if by_rate else len(receipt.lines)) * parts:
            told = _apart(Fraction(off, parts))
            yield Problem(f"vat[{index}].amount", f"is {told} its rate of net and amount together")
    if by_rate:
        yield from _gross_problems(receipt, rates, by_rate, sum(values))
    elif sum(entry.net + entry.amount for entry in receipt.vat) > receipt.total + len(receipt.lines):
        yield Problem("vat", "comes to more than the total")


def _gross_problems(
    receipt: "Receipt", rates: list[int], by_rate: dict[int, list[int]], bought: int
) -> Iterator[Problem]:
    """Where net and amount of a rate are not what its lines come to.

    Tills differ on whether a service charge or tip bears VAT: `vat` may count them in, at any rate, or
    leave them out.
    """
    stated = {rate: entry.net + entry.amount for rate, entry in zip(rates, receipt.vat, strict=True)}
    places = {rate: index for index, rate in enumerate(rates)}
    gross = _gross_by_rate(receipt, bought, by_rate)
    spare = receipt.service_charge + receipt.tip
    for rate in sorted(places.keys() | {rate for rate in gross if rate}):
        difference = stated.get(rate, 0) - gross.get(rate, 0)
        slack = _slack(by_rate, rate)
        if -slack <= difference <= slack:
            continue
        counted_in = min(spare, max(0, math.ceil(difference) - slack))
        spare -= counted_in
        if not -slack <= difference - counted_in <= slack:
            told = _apart(difference)
            if rate in places:
                yield Problem(f"vat[{places[rate]}]", f"is {told} the lines at its rate")
            else:
                yield Problem("vat", f"is {told} the lines at a rate that it leaves out")


def _slack(by_rate: dict[int, list[int]], rate: int) -> int:
    return max(1, len(by_rate.get(rate, ())))


def _apart(difference: int | Fraction) -> str:
    by = abs(float(difference))
    return f"{by:.10g} minor unit{'' if by == 1 else 's'} {'more' if difference > 0 else 'less'} than"
