"""The pages of /connect, plain HTML without scripts. Addresses in them are relative: they hold below any prefix."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from counterfoil.runtime.api import Page, Request

NOTICE_VERSION = "2026-11"
"""Of what the first page says; kept with the consent that it led to."""

_STYLE = """
:root { color-scheme: light dark; --ground: #f3f4f6; --card: #fff; --ink: #16191f; --quiet: #4d5563; --go: #1d3fae; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #11141a; --card: #1b1f27; --ink: #eef0f4; --quiet: #aab2c0; --go: #9db4ff; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1.05rem/1.55 system-ui, sans-serif; }
main { max-width: 34rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
article { background: var(--card); border-radius: 1rem; padding: 1.5rem; }
.mark { margin: 0 0 1rem; font-weight: 650; letter-spacing: .02em; color: var(--quiet); }
h1 { margin: 0 0 .75rem; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 1.5rem 0 .25rem; font-size: 1.1rem; }
p { margin: .5rem 0; }
ol, ul { margin: .5rem 0; padding-left: 1.4rem; }
li { margin: .35rem 0; }
form, .next { margin: 1.5rem 0 .5rem; }
button, .next a {
  display: block; width: 100%; min-height: 3rem; padding: .75rem 1rem;
  border: 2px solid var(--go); border-radius: .75rem;
  background: var(--go); color: var(--card); font: inherit; font-weight: 650; text-align: center; text-decoration: none;
}
button.quiet { background: transparent; color: var(--go); }
button:focus-visible, a:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; }
.small { color: var(--quiet); font-size: .95rem; }
table { width: 100%; border-collapse: collapse; font-size: .95rem; }
th, td { padding: .4rem .5rem .4rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
tr { border-bottom: 1px solid var(--ground); }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_WRONG = {
    403: "That did not go through. You may have said no at your bank, or waited too long. Nothing was connected.",
    404: "There is no such page.",
    409: "Something changed meanwhile. Please go back and try again.",
}
_OUR_FAULT = "That is our fault, not yours. Please go back and try again in a minute."


def connect(bank: str, authorise_url: str) -> Page:
    """What will happen, in plain words, and one button."""
    name = escape(bank)
    return _page(
        f"Receipts in {bank}",
        f"""
<h1>Your shop receipts, in {name}</h1>
<p>Counterfoil puts the itemised receipt of a shop beside your card payment in the {name} app.</p>
<h2>What will happen</h2>
<ol>
<li>You go to {name} and allow Counterfoil to see the payments of your account.</li>
<li>We look at your card payments of the last 90 days, and at each new one.</li>
<li>Only a payment at a shop that takes part is kept, sealed, to find its receipt. All others are forgotten.</li>
<li>The receipt goes to {name}, and to nobody else. The shop does not learn who you are.</li>
</ol>
<h2>What will not</h2>
<ul>
<li>Nothing is paid, moved or changed: we cannot touch your money.</li>
<li>No loyalty schemes and no offers. You did not ask for them here.</li>
</ul>
<form method="post"><button>Connect {name}</button></form>
<p class="small">You can end this at any time: sign in here again, or remove Counterfoil in the {name} app.
Notice {NOTICE_VERSION}.</p>
""",
        form_action=_origin(authorise_url),
    )


def approve(bank: str, kept: tuple[str, ...]) -> Page:
    """The customer has yet to confirm in the bank's app."""
    name = escape(bank)
    return _page(
        f"Confirm in {bank}",
        f"""
<h1>One more step in your {name} app</h1>
<p>Open the app on your phone and confirm that Counterfoil may see your account. Then come back here.</p>
<p class="next"><a href="linked">I have confirmed it</a></p>
""",
        cookies=kept,
    )


def connected(bank_id: str, bank: str, form: str) -> Page:
    """`form`: what the form carries back, so that it is known for ours."""
    name = escape(bank)
    return _page(
        f"{bank} is connected",
        f"""
<h1>{name} is connected</h1>
<p>Receipts of shops that take part will appear beside your payments in the {name} app, usually within a minute.</p>
<form method="post" action="{escape(bank_id)}/unlink">
<input type="hidden" name="form" value="{escape(form)}">
<button class="quiet">Disconnect</button>
</form>
<p class="small">Disconnecting stops everything at once and ends our access to your account.
Receipts that are already in your app stay there.</p>
""",
    )


def disconnected(bank: str, kept: tuple[str, ...]) -> Page:
    return _page(
        f"{bank} is disconnected",
        f"""
<h1>{escape(bank)} is disconnected</h1>
<p>Nothing more is kept or sent. Our access to your account ends within a minute.</p>
""",
        cookies=kept,
    )


class Section(Protocol):
    """A heading, and below it paragraphs, points, and rows of a table with its headings."""

    @property
    def heading(self) -> str: ...
    @property
    def paragraphs(self) -> Sequence[str]: ...
    @property
    def points(self) -> Sequence[str]: ...
    @property
    def columns(self) -> Sequence[str]: ...
    @property
    def rows(self) -> Sequence[Sequence[str]]: ...


def notice(title: str, sections: Sequence[Section]) -> Page:
    """A privacy notice to be read."""
    return _page(title, f"<h1>{escape(title)}</h1>" + "".join(map(_section, sections)))


def _section(section: Section) -> str:
    parts = [f"<h2>{escape(section.heading)}</h2>", *(f"<p>{escape(text)}</p>" for text in section.paragraphs)]
    if section.points:
        parts.append("<ul>" + "".join(f"<li>{escape(point)}</li>" for point in section.points) + "</ul>")
    if section.rows:
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in section.columns)
        rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in section.rows)
        parts.append(f"<table><tr>{head}</tr>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>")
    return "\n".join(parts)


def refused(status: int) -> Page:
    page = _page("That did not work", f"<h1>That did not work</h1><p>{_WRONG.get(status, _OUR_FAULT)}</p>")
    return Page(status, page.html, page.headers)


def go_to(url: str, *kept: str) -> Page:
    """Sends the browser on, by GET."""
    return Page(303, "", {**_headers(""), "location": url}, kept)


def kept(request: Request, name: str) -> str:
    """What `cookie` was given, if the browser still has it."""
    return request.cookies.get(f"__Host-{name}", "")


def form_field(request: Request, name: str) -> str:
    """A field of a posted form; empty where there is none."""
    return parse_qs(request.body.decode("utf-8", "replace")).get(name, [""])[-1]


def cookie(name: str, value: str, seconds: int) -> str:
    """A Set-Cookie value for this host alone, out of reach of scripts and of other sites' forms; 0 seconds: forget."""
    return f"__Host-{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}"


def _page(title: str, body: str, *, form_action: str = "", cookies: tuple[str, ...] = ()) -> Page:
    html = f"""<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Counterfoil</title>
<style>{_STYLE}</style>
</head>
<body><main><p class="mark">Counterfoil</p><article>{body}</article></main></body>
</html>
"""
    return Page(200, html, _headers(form_action), cookies)


def _headers(form_action: str) -> Mapping[str, str]:
    """`form_action`: where a form's answer may send the browser on to, beside ourselves."""
    policy = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self' {form_action}".rstrip()
    return {
        "content-security-policy": f"{policy}; base-uri 'none'; frame-ancestors 'none'",
        "strict-transport-security": "max-age=63072000",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
