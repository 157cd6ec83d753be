"""What a customer asks under data protection law, on their own page: /connect/{bank}/data."""

from datetime import UTC, datetime

from counterfoil.domain.fields import validated
from counterfoil.domain.merchants import Bank
from counterfoil.domain.rights_wishes import PrivacyChange, PrivacyWish, new_request_id
from counterfoil.flows import rights, visits
from counterfoil.pages import browser
from counterfoil.pages.browser import SESSION
from counterfoil.pages.data import Shown, data
from counterfoil.pages.frame import Place, go_to, refused
from counterfoil.runtime import api, observe, queues, secrets
from counterfoil.runtime.api import Page, Request


def _answer(request: Request) -> Page:
    bank, now, sealer = visits.bank_of(request.path["bank"]), datetime.now(UTC), secrets.sealer()
    subject = visits.subject_of(bank.bank, browser.kept(request, SESSION), sealer, now)
    if request.method == "POST":
        form = browser.form(request)
        subject = visits.required_form(subject, form.get("form", ""), sealer, now)
        return go_to(f"data?request={_do(bank, subject, form, now)}")
    if subject is None:
        return go_to(f"../{bank.bank}")
    if wanted := request.query.get("fetch"):
        return go_to(rights.archive(wanted, subject))
    return _show(bank, subject, request.query.get("request"), now)


def _show(bank: Bank, subject: str, latest: str | None, now: datetime) -> Page:
    sealer = secrets.sealer()
    place = Place(bank, 1, visits.form_of(subject, sealer, now))
    shown = [Shown(one, rights.question_of(one, sealer)) for one in rights.all_of(subject, latest)]
    return data(place, shown, new_request_id())


def _do(bank: Bank, subject: str, form: browser.Form, now: datetime) -> str:
    """The id of the request that was made, answered, withdrawn or proved."""
    sealer = secrets.sealer()
    match form.get("do"):
        case "ask":
            fields = {"kind": form.get("kind"), "details": form.get("details"), "request_id": form.get("once")}
            observe.count(["RightsAsked"])
            wish = validated(PrivacyWish, fields)
            return rights.ask(bank.bank, subject, wish, "page", sealer, now, queues.announce).id
        case "prove":
            reference, token = form.get("reference", ""), form.get("token", "")
            return rights.prove(reference, token, subject, sealer, now, queues.announce).id
        case _:
            answer = form.get("answer")
            change = {"clarification": answer} if answer else {"withdrawn": True}
            known = rights.of_customer(form.get("request", ""), subject)
            return rights.amend(known.id, validated(PrivacyChange, change), sealer, now, queues.announce).id


handler = api.pages(_answer, refused)
