"""What a customer may ask under data protection law, and how what they asked stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from counterfoil.domain.letters import letter
from counterfoil.domain.rights import Kind, PrivacyRequest, State
from counterfoil.pages.frame import Place, form, hidden, page
from counterfoil.pages.html import Html, tag
from counterfoil.pages.words import day
from counterfoil.runtime.api import Page

KINDS: tuple[tuple[Kind, str], ...] = (
    ("access", "A copy of my data"),
    ("portability", "My data to take along"),
    ("rectification", "Put right what is wrong"),
    ("restriction", "Store it and do nothing else"),
    ("lifting", "End that restriction"),
    ("objection", "I object to what you do"),
    ("erasure", "Erase my data"),
)
_TITLES: dict[Kind, str] = {
    "access": "A copy of your data",
    "portability": "Your data to take along",
    "rectification": "A correction",
    "restriction": "A restriction",
    "lifting": "The end of a restriction",
    "objection": "An objection",
    "erasure": "Erasure",
}
_STATES: dict[State, str] = {
    "received": "Received",
    "waiting_for_identity": "Waiting: is it you?",
    "waiting_for_clarification": "Waiting for your answer",
    "in_progress": "Being worked on",
    "extended": "Being worked on, extended",
    "partial": "Partly done",
    "done": "Done",
    "refused": "Declined",
    "withdrawn": "Withdrawn",
}


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """A request, and what ops asked about it."""

    request: PrivacyRequest
    question: str | None = None


def data(place: Place, requests: Sequence[Shown], once: str) -> Page:
    """`once`: the name of the next request, so that a form sent twice asks once."""
    return page(
        "Your data",
        tag("h1", "Your data"),
        *(_request(place, each) for each in requests),
        _ask(place, once),
        _prove(place),
        place=place,
        tab="data",
    )


def _request(place: Place, shown: Shown) -> Html:
    request = shown.request
    head = (tag("h2", _TITLES[request.kind], id=request.id), tag("span", _STATES[request.state], class_="badge"))
    return tag(
        "section",
        tag("div", *head, class_="head"),
        *(tag("p", paragraph) for paragraph in letter(request, shown.question).split("\n\n")),
        *_answers(place, request),
        class_="card",
        aria_labelledby=request.id,
    )


def _answers(place: Place, request: PrivacyRequest) -> Iterator[Html]:
    if request.export_until:
        address = f"{place.to('data')}?fetch={request.id}"
        yield tag("p", tag("a", "Download it", class_="button", href=address))
    named = hidden(do="amend", request=request.id)
    if request.state == "waiting_for_clarification":
        field = f"answer-{request.id}"
        yield form(
            place,
            "data",
            named,
            tag("label", "Your answer", for_=field),
            tag("textarea", id=field, name="answer", required=True, maxlength=2000),
            tag("div", tag("button", "Send the answer"), class_="row"),
        )
    if request.is_open and not (request.kind == "erasure" and request.phases):
        words = f"Withdraw this request of {day(request.received_at)}"
        yield form(place, "data", named, tag("button", words, class_="link"))


def _ask(place: Place, once: str) -> Html:
    options = (tag("option", words, value=kind) for kind, words in KINDS)
    return form(
        place,
        "data",
        tag("h2", "Ask for something"),
        tag("p", "It is free. We answer within a month, and say here how it stands."),
        hidden(do="ask", once=once),
        tag("label", "What do you want?", for_="kind"),
        tag("select", *options, id="kind", name="kind"),
        tag("label", "Anything that we should know (you may leave it empty)", for_="details"),
        tag("textarea", id="details", name="details", maxlength=2000),
        tag("div", tag("button", "Send the request"), class_="row"),
        class_="card",
    )


def _prove(place: Place) -> Html:
    return form(
        place,
        "data",
        tag("h2", "You wrote to us without signing in?"),
        tag("p", "Show that it was you: give the reference and the token that you were told. Only do this for a "
                 "request that you made yourself."),
        hidden(do="prove"),
        tag("label", "Reference", for_="reference"),
        tag("input", id="reference", name="reference", required=True, maxlength=64, autocomplete="off"),
        tag("label", "Token", for_="token"),
        tag("input", id="token", name="token", required=True, maxlength=64, autocomplete="off"),
        tag("div", tag("button", "It was me", class_="quiet"), class_="row"),
        class_="card",
    )  # fmt: skip
