"""What a customer has switched on, and how they end it."""

from datetime import datetime

from counterfoil.domain import notices
from counterfoil.domain.consent import WITHDRAWAL_TAKES_EFFECT, Choice, Customer
from counterfoil.domain.controller import AUTHORITY, CONTROLLER
from counterfoil.domain.purposes import MEANINGS, NEEDS, PURPOSES, Purpose
from counterfoil.pages.frame import Place, form, hidden, notice_link, origin, page
from counterfoil.pages.html import Html, join, tag
from counterfoil.pages.words import day, minute, second
from counterfoil.runtime.api import Page

_SECONDS = int(WITHDRAWAL_TAKES_EFFECT.total_seconds())


def home(place: Place, customer: Customer, now: datetime) -> Page:
    name, client = place.bank.name, place.bank.oauth
    linked = client and customer.allows("receipts", now)
    title = f"{name} is connected" if linked else "Your choices"
    return page(
        title,
        tag("h1", title),
        _restricted(place) if customer.restricted else None,
        tag("p", "Everything is off until you switch it on, each by itself. Switching off counts at once: after "
                 f"{_SECONDS} seconds nothing of it is under way any more. What it means in full: ",
            notice_link(place), "."),
        *(_purpose(place, customer, purpose, now) for purpose in PURPOSES),
        _complain(),
        _disconnect(place),
        place=place,
        tab="",
        form_action=origin(client.authorise_url) if client else "",
    )  # fmt: skip


def _restricted(place: Place) -> Html:
    told = "Your data is restricted: it is stored, and nothing else is done with it. How that ends: "
    return tag("p", told, tag("a", "Your data", href=place.to("data")), ".", class_="note")


def _purpose(place: Place, customer: Customer, purpose: Purpose, now: datetime) -> Html:
    meaning, choice, needed = MEANINGS[purpose], customer.choices.get(purpose), NEEDS.get(purpose)
    on = choice is not None and choice.holds(now)
    head = tag(
        "div",
        tag("h2", meaning.title, id=purpose),
        tag("span", "On" if on else "Off", class_="badge on" if on else "badge"),
        class_="head",
    )
    told = (tag("p", meaning.means), tag("p", meaning.done, class_="small"), _state(choice, now))
    if not on and needed and not customer.allows(needed, now):
        button = tag("p", f"It rests on {MEANINGS[needed].title.lower()}: switch those on first.", class_="small")
    else:
        button = _button(place, purpose, choice, switch_on=not on)
    return tag("section", head, *told, _asked_again(place, choice, on=on), button, class_="card",
               aria_labelledby=purpose)  # fmt: skip


def _button(place: Place, purpose: Purpose, choice: Choice | None, *, switch_on: bool) -> Html:
    if place.bank.oauth and purpose == "receipts" and switch_on:
        return form(place, "", tag("button", f"Connect {place.bank.name}"))
    title = MEANINGS[purpose].title.lower()
    wish = hidden(purpose=purpose, granted="yes" if switch_on else "no", version=choice.version if choice else 0)
    notice = hidden(notice=notices.current().version)
    words = f"Switch {title} {'on' if switch_on else 'off'}"
    return form(place, "choose", wish, notice, tag("button", words, class_=None if switch_on else "quiet"))


def _asked_again(place: Place, choice: Choice | None, *, on: bool) -> Html | None:
    """Of what was granted on a notice whose meaning a later one changes."""
    if choice is None or not on or choice.lapses_at is None:
        return None
    told = f"What this means has changed. Without your answer it ends on {day(choice.lapses_at)}."
    return join(tag("p", told, class_="note"), _button(place, choice.purpose, choice, switch_on=True))


def _state(choice: Choice | None, now: datetime) -> Html:
    if choice is None:
        return tag("p", "Never switched on.", class_="small")
    if choice.granted:
        said = f"Switched on {minute(choice.changed_at)}, on notice {choice.notice_version}."
    elif now < choice.effective_at:
        said = f"Switched off just now. At {second(choice.effective_at)} nothing of it is under way any more."
    else:
        said = f"Switched off {minute(choice.changed_at)}."
    return tag("p", said, class_="small")


def _complain() -> Html:
    mail = tag("a", CONTROLLER.complaints, href=f"mailto:{CONTROLLER.complaints}")
    return tag(
        "section",
        tag("h2", "Not content?", id="complain"),
        tag("p", "Write to ", mail, f", or to {CONTROLLER.name}, {CONTROLLER.address}."),
        tag("p", f"You can also complain to the authority: {AUTHORITY}.", class_="small"),
        class_="card",
        aria_labelledby="complain",
    )


def _disconnect(place: Place) -> Html:
    name = place.bank.name
    access = "Our access to your account ends within a minute. " if place.bank.oauth else ""
    what = (
        tag("p", f"At once: everything above is switched off. {access}After {_SECONDS} seconds nothing of it is under "
                 "way any more."),
        tag("p", f"Then: {name} is asked to remove the receipts that it has from us, and all that we hold about you is "
                 "erased, receipts on this page too. It cannot be undone. You may want to download them first."),
        form(place, "disconnect", tag("button", f"Disconnect {name} and erase my data", class_="stop")),
    )  # fmt: skip
    return tag(
        "section",
        tag("h2", "Disconnect", id="disconnect"),
        tag("details", tag("summary", "End all of it, and have my data erased"), *what),
        class_="card",
        aria_labelledby="disconnect",
    )
