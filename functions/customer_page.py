"""A bank's customer links their account, and unlinks it: /connect/{bank} and what lies below it."""

from dataclasses import replace
from datetime import UTC, datetime

from counterfoil.domain.consent import ConsentRequest
from counterfoil.domain.fields import is_id
from counterfoil.domain.merchants import Bank
from counterfoil.errors import NotFound
from counterfoil.flows import linked_accounts, linking, visits
from counterfoil.flows.visits import SESSION_SECONDS, VISIT_SECONDS
from counterfoil.runtime import api, http, observe, pages, queues, secrets
from counterfoil.runtime.api import Page, Request
from counterfoil.store import registry

VISIT, SESSION = "visit", "session"


def _answer(request: Request) -> Page:
    record = registry.bank(request.path["bank"]) if is_id(request.path["bank"]) else None
    if record is None or record.bank.oauth is None:
        raise NotFound("no bank whose customers connect here")
    step = request.raw_path.removesuffix("/").rpartition("/")[2]
    handle = {"linked": _come_back, "unlink": _unlink}.get(step) or (_leave if request.method == "POST" else _show)
    return handle(request, record.bank, datetime.now(UTC))


def _show(request: Request, bank: Bank, now: datetime) -> Page:
    if subject := _subject(request, bank, now):
        return pages.connected(bank.bank, bank.name, visits.form_of(subject, secrets.sealer(), now))
    return pages.connect(bank.name, linking.client_of(bank).authorise_url)


def _subject(request: Request, bank: Bank, now: datetime) -> str | None:
    return visits.subject_of(bank.bank, pages.kept(request, SESSION), secrets.sealer(), now)


def _leave(_: Request, bank: Bank, now: datetime) -> Page:
    visit = visits.new_visit(bank.bank)
    kept = visits.keep_visit(visit, secrets.sealer(), now)
    return pages.go_to(linking.authorise_url(bank, visit.state), pages.cookie(VISIT, kept, VISIT_SECONDS))


def _come_back(request: Request, bank: Bank, now: datetime) -> Page:
    outside = linking.Outside(secrets.sealer(), http.send, secrets.active, lambda: datetime.now(UTC))
    visit = visits.visit_to(bank.bank, pages.kept(request, VISIT), outside.sealer, now)
    tokens = linking.tokens_of(bank, visit, request.query, outside)
    words = ConsentRequest(granted=True, notice_version=pages.NOTICE_VERSION, origin="our_page")
    link = linking.link(bank, tokens, words, outside)
    if link is None:
        kept = visits.keep_visit(replace(visit, tokens=tokens), outside.sealer, now)
        return pages.approve(bank.name, (pages.cookie(VISIT, kept, VISIT_SECONDS),))
    queues.announce(linked_accounts.to_set_up(link))
    observe.count(["AccountLinked"])
    session = visits.keep_session(bank.bank, link.subject, outside.sealer, now)
    return pages.go_to(f"../{bank.bank}", pages.cookie(SESSION, session, SESSION_SECONDS), pages.cookie(VISIT, "", 0))


def _unlink(request: Request, bank: Bank, now: datetime) -> Page:
    subject, form = _subject(request, bank, now), pages.form_field(request, "form")
    subject = visits.required_form(subject, form, secrets.sealer(), now)
    words = ConsentRequest(granted=False, origin="our_page")
    linking.unlink(subject, words, now, queues.announce)
    observe.count(["AccountUnlinked"])
    return pages.disconnected(bank.name, (pages.cookie(SESSION, "", 0),))


handler = api.pages(_answer, pages.refused)
