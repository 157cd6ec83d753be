"""For who cannot sign in: /connect/{bank}/link, where they ask by e-mail, and read what becomes of it."""

from datetime import UTC, datetime

from counterfoil.domain.fields import validated
from counterfoil.domain.merchants import Bank
from counterfoil.domain.rights import PrivacyRequest
from counterfoil.domain.rights_wishes import PrivacyChange, PublicPrivacyWish
from counterfoil.errors import Forbidden
from counterfoil.flows import mailed_links, rights, visits
from counterfoil.flows.visits import SESSION_SECONDS
from counterfoil.pages import browser, link
from counterfoil.pages.browser import REQUEST, SESSION
from counterfoil.pages.frame import Place, go_to, refused
from counterfoil.runtime import api, mail, observe, queues, secrets
from counterfoil.runtime.api import Page, Request
from counterfoil.store import rights as store


def _answer(request: Request) -> Page:
    bank, now, sealer = visits.bank_of(request.path["bank"]), datetime.now(UTC), secrets.sealer()
    form = browser.form(request)
    if request.method == "GET":
        told = request.query.get("link")
        return link.open_it(Place(bank, 1), told) if told else link.ask(Place(bank, 1))
    match form.get("do"):
        case "ask":
            return _ask(bank, form, now)
        case "open":
            return _show(bank, *mailed_links.open_link(bank, form.get("link", ""), sealer, now), now)
        case "read":
            known = rights.with_token(form.get("reference", ""), form.get("token", ""))
            return _show(bank, known, None, now)
        case _:
            return _go_on(bank, request, form, now)


def _ask(bank: Bank, form: browser.Form, now: datetime) -> Page:
    fields = {name: form[name] for name in ("kind", "email", "details") if name in form}
    wish = validated(PublicPrivacyWish, {**fields, "bank": bank.name})
    sent = mailed_links.ask(bank, wish, secrets.sealer(), now)
    if sent:
        mail.send(sent.to, sent.subject, sent.text)
    observe.count(["LinkMailed" if sent else "LinkNotMailed"])
    return link.sent(Place(bank, 1))


def _show(bank: Bank, known: PrivacyRequest, token: str | None, now: datetime) -> Page:
    sealer = secrets.sealer()
    kept = browser.cookie(REQUEST, visits.keep_opened(bank.bank, known.id, sealer, now), SESSION_SECONDS)
    place = Place(bank, 1, visits.form_of(known.id, sealer, now))
    lets_in = mailed_links.subject_let_in(known, now) is not None
    question = rights.question_of(known, sealer)
    return link.request(place, known, question, token, lets_in=lets_in, cookies=(kept,))


def _go_on(bank: Bank, request: Request, form: browser.Form, now: datetime) -> Page:
    """What the person does about the request that their browser has open."""
    sealer = secrets.sealer()
    opened = visits.opened(bank.bank, browser.kept(request, REQUEST), sealer, now)
    request_id = visits.required_form(opened, form.get("form", ""), sealer, now)
    if form.get("do") == "withdraw":
        wish = validated(PrivacyChange, {"withdrawn": True})
        return _show(bank, rights.amend(request_id, wish, sealer, now, queues.announce), None, now)
    known = store.get(request_id)
    subject = mailed_links.subject_let_in(known, now) if known else None
    if subject is None:
        raise Forbidden("it is not known whose this is")
    session = visits.keep_session(bank.bank, subject, sealer, now)
    return go_to(f"../{bank.bank}", browser.cookie(SESSION, session, SESSION_SECONDS))


handler = api.pages(_answer, refused)
