"""Two methods to compare with, on the same files: the nearest receipt in time, and the codes alone.

Both know everything at once, which no matcher does: each payment, in order of time, takes the best receipt of its
shop and amount that is left, whenever it arrived. Decided counts from when both were there.
"""

import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from infra.retail.files import MERCHANTS, RECEIPTS, TRANSACTIONS
from infra.sandbox.quality.truth import Payment, Said, epoch, lines

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
REFUND_WINDOW: Final = 7 * DAY

type Place = tuple[str, str, int]
"""Where the two sides meet: the merchant id, sale or refund, the amount."""


@dataclass(slots=True, eq=False)
class Tender:
    """A card tender of a receipt. `at`: what the till's clock said; `arrived`: when it was here."""

    receipt: tuple[str, str]
    place: Place
    at: float
    arrived: float
    auth: str | None
    last4: str | None
    taken: bool = False


@dataclass(slots=True)
class Paid:
    """A payment, with all amounts that its bank told, the last first."""

    payment: Payment
    merchant_id: str
    kind: str
    at: float
    told: float
    auth: str | None
    last4: str | None
    amounts: list[int] = field(default_factory=list)
    is_void: bool = False

    def places(self) -> Iterator[Place]:
        for amount in self.amounts:
            yield self.merchant_id, self.kind, amount


def payments(folder: Path) -> list[Paid]:
    """The payments of `folder` that were not reversed, by their time."""
    found: dict[Payment, Paid] = {}
    for line in lines(folder / TRANSACTIONS):
        data: dict[str, Any] = line["body"]["data"]
        payment = (line["bank"], data["transaction_id"])
        paid = found.get(payment)
        if paid is None:
            kind = "refund" if data["direction"] == "credit" else "sale"
            paid = found[payment] = Paid(
                payment, data["merchant"]["merchant_id"], kind, epoch(data["authorised_at"]), epoch(line["at"]),
                data.get("auth_code"), data["card"].get("last4"),
            )  # fmt: skip
        paid.is_void |= data["status"] == "reversed"
        if data["amount"] not in paid.amounts:
            paid.amounts.insert(0, data["amount"])
    return sorted((paid for paid in found.values() if not paid.is_void), key=lambda paid: paid.at)


def tenders(folder: Path) -> list[Tender]:
    """The card tenders of `folder`, as corrected last."""
    merchant_ids = {
        (merchant["retailer"], store["store_id"]): store["merchant_ids"][0]
        for merchant in json.loads((folder / MERCHANTS).read_text(encoding="utf-8"))["merchants"]
        for store in merchant["stores"]
    }
    found: dict[tuple[str, str, int], Tender] = {}
    for line in lines(folder / RECEIPTS):
        body = line["body"]
        receipt, shop = (line["retailer"], body["receipt_id"]), merchant_ids[line["retailer"], body["store_id"]]
        for index, tender in enumerate(body["tenders"]):
            if tender["type"] == "card":
                found[*receipt, index] = Tender(
                    receipt, (shop, body["kind"], tender["amount"]), epoch(body["issued_at"]), epoch(line["at"]),
                    tender.get("auth_code"), tender.get("last4"),
                )  # fmt: skip
    return sorted(found.values(), key=lambda tender: tender.at)


def nearest_in_time(paid: list[Paid], printed: list[Tender]) -> list[Said]:
    """The nearest within an hour (a refund: within a week) of the same shop and amount that nobody took before."""
    shelf = _Shelf((tender.place, tender) for tender in printed)

    def best(each: Paid) -> Tender | None:
        return next((tender for place in each.places() if (tender := shelf.nearest(place, each))), None)

    return _each_takes(paid, best)


def auth_else_last4(paid: list[Paid], printed: list[Tender]) -> list[Said]:
    """The one with the same authorisation code, within a day; else the only one with the same last four digits, within
    an hour (a refund: both within a week)."""
    by_auth = _Shelf(((tender.place, tender.auth), tender) for tender in printed if tender.auth)
    by_last4 = _Shelf(((tender.place, tender.last4), tender) for tender in printed if tender.last4)

    def best(each: Paid) -> Tender | None:
        for place in each.places():
            if each.auth and (tender := by_auth.nearest((place, each.auth), each, DAY)):
                return tender
        for place in each.places():
            near = by_last4.near((place, each.last4), each, HOUR)
            alike = [tender for tender in near if not (tender.auth and each.auth)]
            if len(alike) == 1:
                return alike[0]
        return None

    return _each_takes(paid, best)


def _each_takes(paid: list[Paid], best: Callable[[Paid], Tender | None]) -> list[Said]:
    said = []
    for each in paid:
        if tender := best(each):
            tender.taken = True
            said.append(Said(each.payment, tender.receipt, max(each.told, tender.arrived)))
    return said


class _Shelf:
    """Tenders by what they have in common, each row in order of time. All are free again."""

    def __init__(self, tenders: Iterable[tuple[object, Tender]]) -> None:
        self._rows: dict[object, list[Tender]] = defaultdict(list)
        for label, tender in tenders:
            tender.taken = False
            self._rows[label].append(tender)

    def near(self, label: object, paid: Paid, window: float) -> list[Tender]:
        """Those of a row that nobody took, near in time."""
        window = REFUND_WINDOW if paid.kind == "refund" else window
        row = self._rows.get(label, [])
        start = bisect_left(row, paid.at - window, key=lambda tender: tender.at)
        end = bisect_right(row, paid.at + window, key=lambda tender: tender.at)
        return [tender for tender in row[start:end] if not tender.taken]

    def nearest(self, label: object, paid: Paid, window: float = HOUR) -> Tender | None:
        near = self.near(label, paid, window)
        return min(near, key=lambda tender: abs(tender.at - paid.at), default=None)
