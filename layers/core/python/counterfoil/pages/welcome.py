"""Before a customer is signed in, and after they left."""

from datetime import datetime

from counterfoil.domain.merchants import Bank
from counterfoil.pages.frame import Place, form, origin, page
from counterfoil.pages.html import Html, join, tag
from counterfoil.pages.words import clock
from counterfoil.runtime.api import Page


def welcome(place: Place, *cookies: str) -> Page:
    """What this is, and one button. Who signs in has agreed to nothing yet; who links an account agrees here."""
    linked = place.bank.oauth
    client = place.bank.sign_in or linked
    assert client is not None
    body = _linking(place) if linked else _signing_in(place)
    return page(
        f"Receipts in {place.bank.name}",
        tag("div", body, class_="card"),
        place=place,
        form_action=origin(client.authorise_url),
        cookies=cookies,
    )


def _signing_in(place: Place) -> Html:
    name = place.bank.name
    return join(
        tag("h1", f"Your shop receipts, in {name}"),
        tag("p", f"Counterfoil puts the itemised receipt of a shop beside your card payment in the {name} app. Nothing "
                 "happens unless you switch it on."),
        tag("h2", "On your page you can"),
        tag("ul",
            tag("li", "see what you switched on, and change it with one tap"),
            tag("li", "read, find and download your receipts"),
            tag("li", "get a copy of your data, have it corrected or erased, or disconnect altogether")),
        form(place, None, tag("button", f"Sign in with {name}")),
        tag("p", f"{name} tells us who you are, and nothing else. You type no password here, and we see none. ",
            tag("a", "You cannot sign in?", href=place.to("link")), class_="small"),
    )  # fmt: skip


def _linking(place: Place) -> Html:
    name = place.bank.name
    return join(
        tag("h1", f"Your shop receipts, in {name}"),
        tag("p", f"Counterfoil puts the itemised receipt of a shop beside your card payment in the {name} app."),
        tag("h2", "What will happen"),
        tag("ol",
            tag("li", f"You go to {name} and allow Counterfoil to see the payments of your account."),
            tag("li", "We look at your card payments of the last 90 days, and at each new one."),
            tag("li", "Only a payment at a shop that takes part is kept, sealed, to find its receipt. All others are "
                      "forgotten."),
            tag("li", f"The receipt goes to {name}, and to nobody else. The shop does not learn who you are.")),
        tag("h2", "What will not"),
        tag("ul",
            tag("li", "Nothing is paid, moved or changed: we cannot touch your money."),
            tag("li", "No loyalty schemes and no offers. You are not asked for them here.")),
        form(place, None, tag("button", f"Connect {name}")),
        tag("p", f"You can end this at any time: sign in here again, or remove Counterfoil in the {name} app. ",
            tag("a", "You cannot sign in?", href=place.to("link")), class_="small"),
    )  # fmt: skip


def approve(bank: Bank, kept: str) -> Page:
    """The customer has yet to confirm in the bank's app."""
    body = (
        tag("h1", f"One more step in your {bank.name} app"),
        tag("p", "Open the app on your phone and confirm that Counterfoil may see your account. Then come back here."),
        tag("a", "I have confirmed it", class_="button", href="linked"),
    )
    return page(f"Confirm in {bank.name}", tag("div", *body, class_="card"), place=Place(bank, 1), cookies=(kept,))


def disconnected(bank: Bank, kept: str) -> Page:
    title = f"{bank.name} is disconnected"
    body = (
        tag("h1", title),
        tag("p", "Nothing more is kept or sent. What slipped out in the last seconds is taken back."),
        tag("p", f"Now the receipts that {bank.name} has from us are recalled where it allows that, and everything "
                 "that we hold about you is erased. It takes about half an hour, longer where your bank is slow. "
                 "After that you can come back, as somebody new."),
        tag("p", "What stays is the proof that you were asked and that we erased it, without anything personal. "
                 "Copies in backups can be read no more, and are gone within 35 days."),
    )  # fmt: skip
    return page(title, tag("div", *body, class_="card"), place=Place(bank, 1), cookies=(kept,))


def still_leaving(bank: Bank, over_at: datetime, kept: str) -> Page:
    """To who wants to link their account, and is not erased yet."""
    body = (
        *_erasure(over_at),
        tag("p", f"Nothing was connected now. That {bank.name} let us in again serves one thing alone: to take back "
                 "what it has from us."),
        tag("a", "Back", class_="button", href=f"../{bank.bank}"),
    )  # fmt: skip
    return page(_ERASURE, tag("div", *body, class_="card"), place=Place(bank, 1), status=409, cookies=(kept,))


def being_erased(place: Place, over_at: datetime) -> Page:
    """The page of who signs in meanwhile."""
    return page(_ERASURE, tag("div", *_erasure(over_at), class_="card"), place=place, tab="")


_ERASURE = "Your data is being erased"


def _erasure(over_at: datetime) -> tuple[Html, ...]:
    return (
        tag("h1", _ERASURE),
        tag("p", "As you asked, what we hold about you is being erased. It goes on by itself, and cannot be stopped."),
        tag("p", f"You can come back once it is over: at about {clock(over_at)}, later where your bank is slow.",
            class_="note"),
    )  # fmt: skip
