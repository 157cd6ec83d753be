"""A receipt as lines of expenses: what each thing cost, and the VAT in it, so that all lines come to the receipt.

Amounts are integers in minor units. A discount on the whole receipt is shared out by amount, as VAT is, to the unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """`rate`: a percentage, None where nothing is said of VAT or there is none. `gross` is `net` and `vat`."""

    description: str
    quantity: str
    rate: str | None
    vat: int
    gross: int

    @property
    def net(self) -> int:
        return self.gross - self.vat


def lines(receipt: Mapping[str, Any]) -> list[Line]:
    """The lines of a delivered receipt, and what was charged beside them; of a refund as it stands there, positive."""
    if receipt["vat"] and all(line.get("vat_rate") is None for line in receipt["lines"]):
        return _by_rate(receipt)
    bought = _bought(receipt)
    spare = receipt["service_charge"] + receipt["tip"]
    charged: list[Line] = []
    for entry in receipt["vat"]:
        places = [place for place, line in enumerate(bought) if line.rate and _same(line.rate, entry["rate"])]
        paid = sum(bought[place].gross for place in places)
        vat, beyond = entry["amount"], entry["net"] + entry["amount"] - paid
        if spare and beyond > len(places):
            # This till counts the service charge or tip in, at this rate.
            rate = Fraction(entry["rate"])
            vat = round(paid * rate / (100 + rate))
            charged.append(Line("Service charge or tip", "1", entry["rate"], entry["amount"] - vat, min(beyond, spare)))
            spare -= charged[-1].gross
        for place, share in zip(places, _shared(vat, [bought[place].gross for place in places]), strict=True):
            bought[place] = replace(bought[place], vat=share)
    rest = [("Service charge or tip", spare), ("Rounding", receipt["rounding"])]
    return [*bought, *charged, *(Line(words, "1", None, 0, amount) for words, amount in rest if amount)]


def _value_of(line: Mapping[str, Any]) -> int:
    """What a line of a receipt comes to, with its modifiers and discounts."""
    added = sum(int(modifier["amount"]) for modifier in line["modifiers"])
    return int(line["amount"]) + added - sum(int(discount["amount"]) for discount in line["discounts"])


def _bought(receipt: Mapping[str, Any]) -> list[Line]:
    values = [_value_of(line) for line in receipt["lines"]]
    off = sum(discount["amount"] for discount in receipt["discounts"])
    gross = _shared(sum(values) - off, values)
    return [
        Line(line["description"], line["quantity"], line.get("vat_rate"), 0, amount)
        for line, amount in zip(receipt["lines"], gross, strict=True)
    ]


def _by_rate(receipt: Mapping[str, Any]) -> list[Line]:
    """Of a till that tells VAT for the whole receipt only: a line a rate, and the rest."""
    told = [
        Line(f"Items at {entry['rate']}% VAT", "1", entry["rate"], entry["amount"], entry["net"] + entry["amount"])
        for entry in receipt["vat"]
    ]
    rest = receipt["total"] - sum(line.gross for line in told)
    return [*told, *([Line("Items without VAT", "1", None, 0, rest)] if rest else [])]


def _same(first: str, second: str) -> bool:
    return Fraction(first) == Fraction(second)


def _shared(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in whole parts by weight, that come to it exactly: who loses most by rounding down gets the rest."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [divmod(total * weight, whole) for weight in weights]
    left = total - sum(part for part, _ in parts)
    first = sorted(range(len(parts)), key=lambda place: -parts[place][1])[:left]
    return [part + (place in first) for place, (part, _) in enumerate(parts)]
