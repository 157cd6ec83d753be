"""The arithmetic of a receipt: what must add up, and the VAT in it.

The sums are exact. VAT is rounded by tills in ways of their own, so it may be out by one minor unit a line
a rate.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from counterfoil.errors import Problem

if TYPE_CHECKING:
    from counterfoil.domain.receipts import Line, Receipt


def problems(receipt: "Receipt") -> list[Problem]:
    """Everything that does not add up, each with by how much in minor units."""
    found = [*_line_problems(receipt), *_total_problems(receipt)]
    return found or list(_vat_problems(receipt))


def vat_summary(receipt: "Receipt") -> list[dict[str, Any]]:
    """The VAT in the lines, one `{"rate", "net", "amount"}` a rate, highest rate first; none without
    rates."""
    spelled = {Fraction(line.vat_rate): line.vat_rate for line in receipt.lines if line.vat_rate is not None}
    gross = _gross_by_rate(receipt)
    summary = []
    for rate in sorted(spelled, reverse=True):
        paid = round(gross[rate])
        amount = round(gross[rate] * rate / (100 + rate))
        summary.append({"rate": spelled[rate], "net": paid - amount, "amount": amount})
    return summary


def _line_value(line: "Line") -> int:
    added = sum(modifier.amount for modifier in line.modifiers)
    return line.amount + added - sum(discount.amount for discount in line.discounts)


def _line_problems(receipt: "Receipt") -> Iterator[Problem]:
    for index, line in enumerate(receipt.lines):
        if _line_value(line) < 0:
            yield Problem(f"lines[{index}].discounts", "take off more than the line and its modifiers cost")
        if line.unit_price is not None and not _is_product(line, line.unit_price):
            yield Problem(f"lines[{index}].amount", "is not quantity times unit_price")


def _is_product(line: "Line", unit_price: int) -> bool:
    # The unit price itself may be rounded (fuel at 145.9p), and half a minor unit counts once a unit bought.
    quantity = Fraction(line.quantity)
    tolerance = max(Fraction(1), (quantity + 1) / 2)
    return abs(line.amount - quantity * unit_price) < tolerance


def _total_problems(receipt: "Receipt") -> Iterator[Problem]:
    charged = sum(_line_value(line) for line in receipt.lines)
    charged -= sum(discount.amount for discount in receipt.discounts)
    charged += receipt.service_charge + receipt.tip + receipt.rounding
    if charged != receipt.total:
        yield Problem("total", f"is {_apart(receipt.total - charged)} what the lines and the rest come to")
    paid = sum(tender.amount for tender in receipt.tenders)
    if paid != receipt.total:
        yield Problem("tenders", f"come to {_apart(paid - receipt.total)} the total")
    if receipt.total == 0 and any(tender.type == "card" for tender in receipt.tenders):
        yield Problem("total", "must be more than zero where a card paid")


def _gross_by_rate(receipt: "Receipt") -> dict[Fraction, Fraction]:
    """What was paid at each rate, VAT included, the receipt's discounts apportioned by amount.

    Service charge, tip and rounding are at no rate.
    """
    by_rate: dict[Fraction, int] = {}
    everything = 0
    for line in receipt.lines:
        value = _line_value(line)
        everything += value
        if line.vat_rate is not None:
            rate = Fraction(line.vat_rate)
            by_rate[rate] = by_rate.get(rate, 0) + value
    off = sum(discount.amount for discount in receipt.discounts)
    kept = Fraction(everything - off, everything) if everything else Fraction(1)
    return {rate: value * kept for rate, value in by_rate.items()}


def _vat_problems(receipt: "Receipt") -> Iterator[Problem]:
    """Where `vat` differs from the lines, and from its own rates."""
    rated = [Fraction(line.vat_rate) for line in receipt.lines if line.vat_rate is not None]
    rates = [Fraction(entry.rate) for entry in receipt.vat]
    for index, (entry, rate) in enumerate(zip(receipt.vat, rates, strict=True)):
        if rate in rates[:index]:
            yield Problem(f"vat[{index}].rate", "is given twice")
        off = entry.amount - (entry.net + entry.amount) * rate / (100 + rate)
        if abs(off) > max(1, rated.count(rate) if rated else len(receipt.lines)):
            yield Problem(f"vat[{index}].amount", f"is {_apart(off)} its rate of net and amount together")
    if receipt.vat and rated:
        yield from _gross_problems(receipt, rated)
    elif sum(entry.net + entry.amount for entry in receipt.vat) > receipt.total + len(receipt.lines):
        yield Problem("vat", "comes to more than the total")


def _gross_problems(receipt: "Receipt", rated: list[Fraction]) -> Iterator[Problem]:
    """Where net and amount of a rate are not what its lines come to.

    Tills differ on whether a service charge or tip bears VAT: `vat` may count them in, at any rate, or
    leave them out.
    """
    stated = {Fraction(entry.rate): entry.net + entry.amount for entry in receipt.vat}
    field = {Fraction(entry.rate): f"vat[{index}]" for index, entry in enumerate(receipt.vat)}
    gross = _gross_by_rate(receipt)
    spare = receipt.service_charge + receipt.tip
    for rate in sorted(field.keys() | {rate for rate in gross if rate}):
        difference = stated.get(rate, 0) - gross.get(rate, Fraction(0))
        slack = max(1, rated.count(rate))
        counted_in = min(spare, max(0, math.ceil(difference) - slack))
        spare -= counted_in
        if abs(difference - counted_in) > slack:
            where = "the lines at its rate" if rate in field else "the lines at a rate that it leaves out"
            yield Problem(field.get(rate, "vat"), f"is {_apart(difference)} {where}")


def _apart(difference: int | Fraction) -> str:
    by = abs(float(difference))
    return f"{by:.10g} minor unit{'' if by == 1 else 's'} {'more' if difference > 0 else 'less'} than"
