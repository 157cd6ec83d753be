"""A customer's receipts, through the bank: GET …/customers/{customer_id}/receipts, and …/receipts/{match_id}."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from counterfoil.documents import expenses_csv, receipt_json, receipt_pdf
from counterfoil.domain.fields import is_id, validated
from counterfoil.domain.history import Entry, HistoryRequest, Page
from counterfoil.errors import NotFound
from counterfoil.flows import history, pacing
from counterfoil.runtime import api, observe, secrets
from counterfoil.runtime.api import File, Reply, Request

JSON, PDF, CSV = "application/json", "application/pdf", "text/csv"


def _answer(request: Request) -> Reply | File:
    bank, customer_id = request.path["bank"], request.path["customer_id"]
    request.require_scope(f"counterfoil/{bank}.customers")
    observe.count(pacing.admit_bank(bank, datetime.now(UTC)))
    if not is_id(customer_id):
        raise NotFound("no such customer")
    sealer = secrets.sealer()
    who = history.reader(sealer.subject(bank, customer_id), sealer)
    if "match_id" in request.path:
        form = request.preferred((JSON, PDF, CSV))
        return _one(history.one(who, request.path["match_id"]), form)
    form = request.preferred((JSON, CSV))
    page = history.page(who, validated(HistoryRequest, dict(request.query)))
    if form == CSV:
        return _table(page.entries, "receipts", _next(request, page))
    return Reply(200, {"receipts": [receipt_json.told(entry) for entry in page.entries], "next": page.cursor})


def _one(entry: Entry, form: str) -> Reply | File:
    if form == PDF:
        return File(receipt_pdf.pdf_of(entry), PDF, f"{entry.match_id}.pdf")
    if form == CSV:
        return _table([entry], entry.match_id, {})
    return Reply(200, receipt_json.told(entry))


def _table(entries: Iterable[Entry], name: str, headers: Mapping[str, str]) -> File:
    return File(expenses_csv.csv_of(entries), f"{CSV}; charset=utf-8", f"{name}.csv", headers)


def _next(request: Request, page: Page) -> dict[str, str]:
    """Where a table goes on, as the relation `next` (RFC 8288)."""
    query = urlencode({**request.query, "cursor": page.cursor})
    return {"link": f'<?{query}>; rel="next"'} if page.cursor else {}


handler = api.endpoint(_answer)
