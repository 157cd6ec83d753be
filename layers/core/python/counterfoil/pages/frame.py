"""What all pages have in common: head, landmarks and the rules for the browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from counterfoil.domain import notices
from counterfoil.domain.controller import CONTROLLER
from counterfoil.domain.merchants import Bank
from counterfoil.pages.html import Html, Inside, join, tag
from counterfoil.pages.style import STYLE, STYLE_HASH
from counterfoil.runtime.api import Page

_WRONG = {
    403: "That did not go through. You may have said no at your bank, or waited too long. Nothing was changed.",
    404: "There is no such page.",
    409: "Something changed meanwhile. Please go back and try again.",
    422: "Something in the form is not as we need it. Please go back and look at it again.",
    429: "That was a little fast. Please try again in a minute.",
}
_OUR_FAULT = "That is our fault, not yours. Please go back and try again in a minute."
_TABS = (("", "Choices"), ("receipts", "Receipts"), ("data", "Your data"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: `depth` steps below /connect/{bank}. `form`: what the forms of a signed-in customer carry
    back, so that they are known for ours; None for who is not signed in."""

    bank: Bank
    depth: int = 0
    form: str | None = None

    def to(self, path: str = "") -> str:
        """The relative address of a page of this bank's customers."""
        return f"{'../' * self.depth}{self.bank.bank}{'/' if path else ''}{path}"

    def outside(self, path: str) -> str:
        """The relative address of something beside /connect."""
        return f"../{'../' * self.depth}{path}"


def page(
    title: str,
    *body: Inside,
    place: Place | None = None,
    tab: str | None = None,
    status: int = 200,
    form_action: str = "",
    cookies: tuple[str, ...] = (),
) -> Page:
    """`form_action`: an address to which a form's answer may send the browser on. `tab`: which of the customer's pages
    it is."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · Counterfoil"),
        tag("style", Html(STYLE)),
    )
    parts = (
        tag("a", "Skip to the content", class_="skip", href="#content"),
        _header(place, tab),
        tag("main", *body, id="content"),
        _footer(place),
    )
    html = join(Html("<!doctype html>\n"), tag("html", head, tag("body", *parts), lang="en-GB"), "\n")
    return Page(status, html, _headers(form_action), cookies)


def form(place: Place, action: str | None, *inside: Inside, **attributes: str) -> Html:
    """A form that is known for ours when it comes back. Without `action` it is sent to where it stands."""
    carried = tag("input", type="hidden", name="form", value=place.form) if place.form else None
    target = place.to(action) if action is not None else None
    return tag("form", carried, *inside, method="post", action=target, **attributes)


def hidden(**fields: str | int) -> Html:
    return join(*(tag("input", type="hidden", name=name, value=value) for name, value in fields.items()))


def notice_link(place: Place) -> Html:
    version = notices.current().version
    return tag("a", f"Privacy notice {version}", href=place.outside(f"v1/notices/{version}"))


def refused(status: int) -> Page:
    title = "That did not work"
    return page(
        title, tag("div", tag("h1", title), tag("p", _WRONG.get(status, _OUR_FAULT)), class_="card"), status=status
    )


def go_to(url: str, *kept: str) -> Page:
    """Sends the browser on, by GET."""
    return Page(303, "", {**_headers(""), "location": url}, kept)


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _header(place: Place | None, tab: str | None) -> Html:
    bank = tag("span", f" for {place.bank.name}") if place else None
    mark = tag("p", "Counterfoil", bank, class_="mark")
    if place is None or place.form is None or tab is None:
        return tag("header", mark)
    leave = form(place, "sign-out", tag("button", "Sign out", class_="link"))
    tabs = (
        tag("li", tag("a", name, href=place.to(path), aria_current="page" if path == tab else None))
        for path, name in _TABS
    )
    return tag("header", mark, leave, tag("nav", tag("ul", *tabs), aria_label="Your pages"))


def _footer(place: Place | None) -> Html:
    about = join(notice_link(place), " · ") if place else None
    mail = tag("a", CONTROLLER.email, href=f"mailto:{CONTROLLER.email}")
    return tag("footer", tag("p", about, f"{CONTROLLER.name}, {CONTROLLER.address} · ", mail))


def _headers(form_action: str) -> Mapping[str, str]:
    policy = f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self' {form_action}".rstrip()
    return {
        "content-security-policy": f"{policy}; base-uri 'none'; frame-ancestors 'none'",
        "strict-transport-security": "max-age=63072000",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
    }
