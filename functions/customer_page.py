"""A customer's own page: what they switched on, and how they end it: /connect/{bank}, …/choose, …/disconnect,
…/sign-out."""

from datetime import UTC, datetime, timedelta

from counterfoil.domain.consent import ConsentRequest, Customer
from counterfoil.domain.fields import validated
from counterfoil.domain.merchants import Bank
from counterfoil.domain.purposes import PURPOSES
from counterfoil.errors import NotFound
from counterfoil.flows import consent, disconnecting, linking, visits
from counterfoil.pages import browser
from counterfoil.pages.browser import SESSION
from counterfoil.pages.frame import Place, go_to, refused
from counterfoil.pages.home import home
from counterfoil.pages.welcome import being_erased, disconnected, welcome
from counterfoil.runtime import api, env, observe, queues, secrets
from counterfoil.runtime.api import Page, Request
from counterfoil.store import customers


def _answer(request: Request) -> Page:
    bank, now, sealer = visits.bank_of(request.path["bank"]), datetime.now(UTC), secrets.sealer()
    subject = visits.subject_of(bank.bank, browser.kept(request, SESSION), sealer, now)
    if request.method == "GET":
        return _show(bank, subject, now)
    form = browser.form(request)
    subject = visits.required_form(subject, form.get("form", ""), sealer, now)
    match request.raw_path.rpartition("/")[2]:
        case "sign-out":
            return go_to(f"../{bank.bank}", browser.cookie(SESSION, "", 0))
        case "disconnect":
            disconnecting.disconnect(subject, "our_page", now, queues.announce)
            observe.count(["CustomerDisconnected"])
            return disconnected(bank, browser.cookie(SESSION, "", 0))
        case _:
            return _choose(bank, subject, form, now)


def _show(bank: Bank, subject: str | None, now: datetime) -> Page:
    if subject is None:
        return welcome(Place(bank))
    place = Place(bank, form=visits.form_of(subject, secrets.sealer(), now))
    customer = customers.get(subject) or Customer(subject)
    if customer.is_being_erased:
        settle, *_ = env.seconds("ERASURE_WAITS")
        return being_erased(place, consent.barred_until(subject, timedelta(seconds=settle), now))
    return home(place, customer, now)


def _choose(bank: Bank, subject: str, form: browser.Form, now: datetime) -> Page:
    purpose = next((known for known in PURPOSES if known == form.get("purpose")), None)
    if purpose is None:
        raise NotFound("no such purpose")
    granted = form.get("granted") == "yes"
    shown = {"notice_version": form.get("notice"), "expected_version": browser.number(form, "version")}
    wish = validated(ConsentRequest, {"granted": granted, "origin": "our_page", **(shown if granted else {})})
    if bank.oauth and purpose == "receipts" and not granted:
        # Without them there is no reason to see the account.
        linking.unlink(subject, wish, now, queues.announce)
    else:
        consent.choose(subject, purpose, wish, now, queues.announce)
    observe.count(["ConsentGranted" if granted else "ConsentWithdrawn"])
    return go_to(f"../{bank.bank}#{purpose}")


handler = api.pages(_answer, refused)
