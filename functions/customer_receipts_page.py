"""A customer's receipts on their own page: /connect/{bank}/receipts, and …/receipts/{match_id}; `as` says in which form
they are downloaded."""

from collections.abc import Mapping
from datetime import UTC, datetime

from counterfoil.documents import expenses_csv, receipt_json, receipt_pdf
from counterfoil.domain.fields import validated
from counterfoil.domain.history import Entry, HistoryRequest
from counterfoil.domain.history import Page as Receipts
from counterfoil.flows import history, visits
from counterfoil.flows.history import Reader
from counterfoil.pages import browser, receipts
from counterfoil.pages.browser import SESSION
from counterfoil.pages.frame import Place, go_to, refused
from counterfoil.runtime import api, secrets
from counterfoil.runtime.api import File, Page, Request

MOST_IN_A_TABLE = 1000
PDF, CSV, JSON = "application/pdf", "text/csv; charset=utf-8", "application/json"


def _answer(request: Request) -> Page | File:
    bank, now, sealer = visits.bank_of(request.path["bank"]), datetime.now(UTC), secrets.sealer()
    subject = visits.subject_of(bank.bank, browser.kept(request, SESSION), sealer, now)
    match_id = request.path.get("match_id")
    place = Place(bank, depth=2 if match_id else 1)
    if subject is None:
        return go_to(place.to())
    place = Place(bank, place.depth, visits.form_of(subject, sealer, now))
    who, form = history.find_reader(subject, sealer), request.query.get("as")
    if match_id:
        return _one(place, history.one(who or history.reader(subject, sealer), match_id), form)
    asked = {name: value for name, value in request.query.items() if value and name != "as"}
    return _table(place, who, asked) if form == "csv" else _list(place, who, asked)


def _one(place: Place, entry: Entry, form: str | None) -> Page | File:
    match form:
        case "pdf":
            return File(receipt_pdf.pdf_of(entry), PDF, f"{entry.match_id}.pdf")
        case "csv":
            return File(expenses_csv.csv_of([entry]), CSV, f"{entry.match_id}.csv")
        case "json":
            return File(receipt_json.json_of(entry), JSON, f"{entry.match_id}.json")
        case _:
            return receipts.one(place, entry)


def _list(place: Place, who: Reader | None, asked: Mapping[str, str]) -> Page:
    wish = validated(HistoryRequest, {"limit": "20", **asked})
    found = history.page(who, wish) if who else Receipts((), None)
    return receipts.listed(place, found, {name: value for name, value in asked.items() if name != "cursor"})


def _table(place: Place, who: Reader | None, asked: Mapping[str, str]) -> Page | File:
    wish = validated(HistoryRequest, {**asked, "limit": "100"})
    entries = history.all_of(who, wish, MOST_IN_A_TABLE) if who else []
    if entries is None:
        return receipts.too_many(place)
    return File(expenses_csv.csv_of(entries), CSV, "receipts.csv")


handler = api.pages(_answer, refused)
