"""A customer's receipts: the list, and one that looks as it was printed."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from counterfoil.documents import barcodes
from counterfoil.domain.currencies import with_symbol
from counterfoil.domain.history import Entry
from counterfoil.domain.history import Page as Receipts
from counterfoil.pages.frame import Place, page
from counterfoil.pages.html import Html, join, tag
from counterfoil.pages.words import day
from counterfoil.runtime.api import Page

_TENDERS = {"card": "Card", "cash": "Cash", "gift_card": "Gift card", "voucher": "Voucher", "points": "Points"}
_FORMS = (("pdf", "PDF"), ("csv", "CSV"), ("json", "JSON"))


def listed(place: Place, found: Receipts, asked: Mapping[str, str]) -> Page:
    """`asked`: what the form said; it stands there again."""
    onward = {**asked, "cursor": found.cursor}
    return page(
        "Your receipts",
        tag("h1", "Your receipts"),
        tag("ul", *(tag("li", _line(place, entry)) for entry in found.entries), class_="list")
        if found.entries
        else tag("p", _nothing(asked, more=found.cursor is not None), class_="card"),
        tag(
            "p", tag("a", "Earlier receipts", class_="button quiet", href=f"{place.to('receipts')}?{urlencode(onward)}")
        )
        if found.cursor
        else None,
        _finder(place, asked),
        place=place,
        tab="receipts",
    )


def too_many(place: Place) -> Page:
    return page(
        "Too many receipts",
        tag("h1", "Too many receipts for one table"),
        tag("p", "Please choose a shorter time."),
        tag("p", tag("a", "Back", class_="button", href=place.to("receipts"))),
        place=place,
        tab="receipts",
        status=422,
    )


def one(place: Place, entry: Entry) -> Page:
    shop = entry.receipt["store"]["name"]
    forms = (tag("a", name, class_="button quiet", href=f"?as={form}", download=True) for form, name in _FORMS)
    return page(
        f"Receipt from {shop}",
        tag("p", tag("a", "← Your receipts", href=place.to("receipts"))),
        _paper(entry),
        tag("h2", "Download it"),
        tag("div", *forms, class_="row"),
        place=place,
        tab="receipts",
    )


def _line(place: Place, entry: Entry) -> Html:
    receipt = entry.receipt
    things = ", ".join(line["description"] for line in receipt["lines"])
    refund = receipt["kind"] == "refund"
    paid = with_symbol(entry.paid, receipt["currency"])
    return tag(
        "a",
        tag(
            "span",
            tag("strong", receipt["store"]["name"]),
            tag("span", f"{day(entry.paid_at)} · {things}"),
            class_="what",
        ),
        tag("span", f"+{paid}" if refund else paid, class_="sum credit" if refund else "sum"),
        href=place.to(f"receipts/{entry.match_id}"),
    )


def _nothing(asked: Mapping[str, str], *, more: bool) -> str:
    if more:
        return "None among those looked at so far. There are earlier ones."
    return "None that fits." if asked else "No receipts yet. They appear here once receipts are on and a shop sent one."


def _finder(place: Place, asked: Mapping[str, str]) -> Html:
    """Finds some, or has them downloaded for one's expenses."""
    return tag(
        "form",
        tag("h2", "Find some, or download them"),
        tag("div", _day("from", "From", asked), _day("to", "To", asked), class_="row"),
        tag("label", "What the barcode at its foot says", for_="barcode"),
        tag("input", id="barcode", name="barcode", value=asked.get("barcode", ""), maxlength=256, autocomplete="off"),
        tag("div", tag("button", "Find"), class_="row"),
        tag(
            "p",
            "For your expenses: all of them as one table (CSV), a row for each thing, with its VAT.",
            class_="small",
        ),
        tag("button", "Download the table", class_="quiet", name="as", value="csv"),
        method="get",
        action=place.to("receipts"),
        class_="card",
    )


def _day(name: str, label: str, asked: Mapping[str, str]) -> Html:
    field = tag("input", type="date", id=name, name=name, value=asked.get(name, ""))
    return tag("div", tag("label", label, for_=name), field)


def _paper(entry: Entry) -> Html:
    receipt = entry.receipt
    shop, retailer = receipt["store"], receipt["retailer"]
    printed = datetime.fromisoformat(receipt["issued_at"]).astimezone(ZoneInfo(shop["timezone"]))
    return tag(
        "article",
        tag(
            "div",
            tag("h1", shop["name"]),
            tag("p", f"{shop['address']}, {shop['postcode']}"),
            tag("p", f"{retailer['name']} · VAT no. {retailer['vat_number']}"),
            class_="shop",
        ),
        tag("p", "REFUND" if receipt["kind"] == "refund" else None, f"  {printed:%-d %b %Y %H:%M}", class_="shop"),
        tag("dl", *_things(receipt)),
        tag("dl", *_totals(entry)),
        tag("dl", *_vat(receipt)) if receipt["vat"] else None,
        _bars(receipt),
        class_="paper",
    )


def _things(receipt: Mapping[str, Any]) -> Iterator[Html]:
    currency = receipt["currency"]
    for line in receipt["lines"]:
        times = f"{line['quantity']} {line.get('unit', '×')} " if line["quantity"] != "1" else ""
        yield _pair(times + line["description"], line["amount"], currency)
        for modifier in line["modifiers"]:
            yield _pair(modifier["description"], modifier["amount"], currency, "more")
        for discount in line["discounts"]:
            yield _pair(discount["description"], -discount["amount"], currency, "more")
    for discount in receipt["discounts"]:
        yield _pair(discount["description"], -discount["amount"], currency)
    for name, words in (("service_charge", "Service charge"), ("tip", "Tip"), ("rounding", "Rounding")):
        if receipt[name]:
            yield _pair(words, receipt[name], currency)


def _totals(entry: Entry) -> Iterator[Html]:
    receipt = entry.receipt
    yield _pair("Total", receipt["total"], receipt["currency"], "total")
    for tender in receipt["tenders"]:
        last4 = f" •••• {tender['last4']}" if tender.get("last4") else ""
        yield _pair(f"{_TENDERS[tender['type']]}{last4}", tender["amount"], receipt["currency"])


def _vat(receipt: Mapping[str, Any]) -> Iterator[Html]:
    for each in receipt["vat"]:
        net = with_symbol(each["net"], receipt["currency"])
        yield _pair(f"VAT {each['rate']}% of {net}", each["amount"], receipt["currency"])


def _pair(words: str, amount: int, currency: str, class_: str | None = None) -> Html:
    return tag("div", tag("dt", words), tag("dd", with_symbol(amount, currency)), class_=class_)


def _bars(receipt: Mapping[str, Any]) -> Html | None:
    barcode = receipt.get("barcode")
    if barcode is None:
        return None
    modules = barcodes.modules(barcode["symbology"], barcode["value"])
    return tag("div", _drawn(modules) if modules else None, tag("p", barcode["value"]), class_="bars")


def _drawn(modules: str) -> Html:
    """One rectangle for each run of black."""
    bars, place = [], 0
    for run in modules.replace("10", "1 0").replace("01", "0 1").split():
        if run[0] == "1":
            bars.append(tag("rect", x=place, y=0, width=len(run), height=1))
        place += len(run)
    return tag("svg", join(*bars), viewBox=f"0 0 {place} 1", preserveAspectRatio="none", aria_hidden="true",
               shape_rendering="crispEdges")  # fmt: skip
