"""A bank's customer goes to their bank and comes back: POST /connect/{bank}, and GET …/linked or …/signed-in.

Where the bank lets us in by OAuth 2.0, they link their account, and are signed in by that; elsewhere they sign in.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from counterfoil.domain import notices
from counterfoil.domain.consent import ConsentRequest
from counterfoil.domain.merchants import Bank
from counterfoil.flows import consent, linked_accounts, linking, signing_in, visits
from counterfoil.flows.linking import BeingErased, Outside
from counterfoil.flows.visits import SESSION_SECONDS, VISIT_SECONDS
from counterfoil.pages import browser, welcome
from counterfoil.pages.browser import SESSION, VISIT
from counterfoil.pages.frame import go_to, refused
from counterfoil.runtime import api, env, http, observe, queues, secrets
from counterfoil.runtime.api import Page, Request


def _answer(request: Request) -> Page:
    bank = visits.bank_of(request.path["bank"])
    outside = Outside(secrets.sealer(), http.send, secrets.active, lambda: datetime.now(UTC))
    handle = {"linked": _linked, "signed-in": _signed_in}.get(request.raw_path.rpartition("/")[2], _leave)
    return handle(request, bank, outside)


def _leave(_: Request, bank: Bank, outside: Outside) -> Page:
    visit = visits.new_visit(bank.bank)
    kept = visits.keep_visit(visit, outside.sealer, outside.clock())
    url = linking.authorise_url(bank, visit.state) if bank.oauth else signing_in.authorise_url(bank, visit)
    return go_to(url, browser.cookie(VISIT, kept, VISIT_SECONDS))


def _signed_in(request: Request, bank: Bank, outside: Outside) -> Page:
    visit = visits.visit_to(bank.bank, browser.kept(request, VISIT), outside.sealer, outside.clock())
    subject = signing_in.subject_of(bank, visit, request.query, outside)
    observe.count(["CustomerSignedIn"])
    return _welcome_back(bank, subject, outside)


def _linked(request: Request, bank: Bank, outside: Outside) -> Page:
    visit = visits.visit_to(bank.bank, browser.kept(request, VISIT), outside.sealer, outside.clock())
    tokens = linking.tokens_of(bank, visit, request.query, outside)
    words = ConsentRequest(granted=True, notice_version=notices.current().version, origin="our_page")
    link = linking.link(bank, tokens, words, outside)
    if isinstance(link, BeingErased):
        (settle, *_), now = env.seconds("ERASURE_WAITS"), outside.clock()
        until = consent.barred_until(link.subject, timedelta(seconds=settle), now)
        return welcome.still_leaving(bank, until, browser.cookie(VISIT, "", 0))
    if link is None:
        kept = visits.keep_visit(replace(visit, tokens=tokens), outside.sealer, outside.clock())
        return welcome.approve(bank, browser.cookie(VISIT, kept, VISIT_SECONDS))
    queues.announce(linked_accounts.to_set_up(link))
    observe.count(["AccountLinked"])
    return _welcome_back(bank, link.subject, outside)


def _welcome_back(bank: Bank, subject: str, outside: Outside) -> Page:
    session = visits.keep_session(bank.bank, subject, outside.sealer, outside.clock())
    return go_to(f"../{bank.bank}", browser.cookie(SESSION, session, SESSION_SECONDS), browser.cookie(VISIT, "", 0))


handler = api.pages(_answer, refused)
