"""For who cannot sign in: asking by e-mail, and how what they asked stands."""

from counterfoil.domain.letters import letter
from counterfoil.domain.rights import PrivacyRequest
from counterfoil.pages.data import KINDS
from counterfoil.pages.frame import Place, form, hidden, page
from counterfoil.pages.html import Html, Inside, join, tag
from counterfoil.runtime.api import Page


def ask(place: Place) -> Page:
    options = (tag("option", words, value=kind) for kind, words in KINDS)
    asking = _card(
        place,
        tag("h2", "Ask by e-mail"),
        tag("p", "We send you a link to follow it. A mailbox does not show whose receipts they are, so nothing is done "
                 "or disclosed before you have shown us who you are; the link says how."),
        hidden(do="ask"),
        tag("label", "What do you want?", for_="kind"),
        tag("select", *options, id="kind", name="kind"),
        _field("email", "Your e-mail address", "email", "email"),
        tag("label", "Anything that we should know (you may leave it empty)", for_="details"),
        tag("textarea", id="details", name="details", maxlength=2000),
        tag("div", tag("button", "Send me the link"), class_="row"),
    )  # fmt: skip
    coming_back = _card(
        place,
        tag("h2", "You have a reference and a token?"),
        hidden(do="read"),
        _field("reference", "Reference"),
        _field("token", "Token"),
        tag("div", tag("button", "Show my request", class_="quiet"), class_="row"),
    )
    return page("Without signing in", tag("h1", "Without signing in"), asking, coming_back, place=place)


def sent(place: Place) -> Page:
    """The same whatever was sent."""
    return _only(
        place,
        "Look into your mailbox",
        tag("p", "If the address is right, the link is on its way. It works for a day, and once."),
    )


def open_it(place: Place, link: str) -> Page:
    """A button, since programs that look through mail follow links too."""
    return _only(place, "Your request", form(place, "link", hidden(do="open", link=link), tag("button", "Show it")))


def request(place: Place, shown: PrivacyRequest, question: str | None, token: str | None, *, lets_in: bool,
            cookies: tuple[str, ...] = ()) -> Page:  # fmt: skip
    """`token`: told this once."""
    told = (tag("p", paragraph) for paragraph in letter(shown, question).split("\n\n"))
    keep: tuple[Inside, ...] = ()
    if token:
        keep = (
            tag("p", "Keep this token. With it and the reference you come back here, also on another day:"),
            tag("p", tag("strong", token), class_="note"),
        )
    enter = form(place, "link", hidden(do="enter"), tag("button", "Open my page")) if lets_in else None
    stop = form(place, "link", hidden(do="withdraw"), tag("button", "Withdraw this request", class_="link"))
    body = join(*told, *keep, enter, stop if shown.is_waiting else None)
    return _only(place, "Your request", body, cookies=cookies)


def _only(place: Place, title: str, body: Html, cookies: tuple[str, ...] = ()) -> Page:
    return page(title, tag("div", tag("h1", title), body, class_="card"), place=place, cookies=cookies)


def _card(place: Place, *inside: Inside) -> Html:
    return form(place, "link", *inside, class_="card")


def _field(name: str, words: str, kind: str = "text", fill: str = "off") -> Html:
    field = tag("input", type=kind, id=name, name=name, required=True, maxlength=254, autocomplete=fill)
    return join(tag("label", words, for_=name), field)
