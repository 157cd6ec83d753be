"""The arithmetic of a receipt: what must add up, and the VAT in it.

The sums are exact. VAT is rounded by tills in ways of their own, so it may be out by one minor unit a line a rate.
"""

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
    """The VAT in the lines, one `{"rate", "net", "amount"}` a rate, highest rate first; none without rates."""
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


def _apart(difference: int) -> str:
    return f"{abs(difference)} minor units {'more' if difference > 0 else 'less'} than"


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
    """Where `vat` and the lines differ. A charge or tip counts towards a rate only as far as `vat` says so.

    Without any rate on the lines, each entry is only checked in itself and against the total.
    """
    if not receipt.vat:
        return
    rated = [Fraction(line.vat_rate) for line in receipt.lines if line.vat_rate is not None]
    gross = _gross_by_rate(receipt)
    extra = 0 if not rated else receipt.service_charge + receipt.tip
    spare = Fraction(extra if rated else receipt.total)
    for index, entry in enumerate(receipt.vat):
        rate = Fraction(entry.rate)
        field = f"vat[{index}]"
        if any(Fraction(earlier.rate) == rate for earlier in receipt.vat[:index]):
            yield Problem(f"{field}.rate", "is given twice")
            continue
        slack = max(1, rated.count(rate) if rated else len(receipt.lines))
        paid = entry.net + entry.amount
        over = paid - gross.pop(rate, Fraction(0))
        spare -= max(Fraction(0), over - slack)
        if over < -slack or spare < 0:
            yield Problem(field, f"differs by {_minor_units(over)} from the lines at its rate")
            spare = max(Fraction(0), spare)
        off = entry.amount - paid * rate / (100 + rate)
        if abs(off) > slack:
            yield Problem(
                f"{field}.amount", f"differs by {_minor_units(off)} from its rate of net and amount"
            )
    for rate, missing in gross.items():
        if rate and missing > rated.count(rate):
            yield Problem("vat", f"leaves out a rate that the lines have, of {_minor_units(missing)}")


def _minor_units(value: Fraction) -> str:
    return f"{float(abs(value)):.2f} minor units"
