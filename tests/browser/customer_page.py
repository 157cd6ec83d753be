"""A customer's own page in a browser, for tests: who serves it, how a person goes about it, and what holds on each."""

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from threading import Lock
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests import edge
from tests.flows.scenarios import payment
from tests.world import World

PREFIX = "/_aws/execute-api/abc/$default"
SMALL = {"width": 360, "height": 740}


class Gateway(BaseHTTPRequestHandler):
    """Answers with the real handlers, below a prefix; one request at a time, as the world has one list of calls."""

    one_at_a_time = Lock()

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            with self.one_at_a_time:
                answer = edge.call(self.command, self.path.removeprefix(PREFIX), body, _lowered(self.headers), "")
        except LookupError:
            answer = {"statusCode": 404, "headers": {}, "body": ""}
        self.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            self.send_header(name, value)
        for kept in answer.get("cookies", []):
            self.send_header("set-cookie", kept)
        self.end_headers()
        self.wfile.write(answer.get("bytes") or answer["body"].encode())

    do_POST = do_GET  # noqa: N815 - as the library names them

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


def _lowered(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def visit(chromium: Browser, scheme: Any) -> Iterator[Page]:
    """A browser in which nothing of ours may complain."""
    context = chromium.new_context(viewport=SMALL, locale="en-GB", color_scheme=scheme, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(20_000)
    complaints: list[str] = []
    # Of our pages alone: the simulated Monzo's has no icon.
    page.on("console", lambda said: complaints.append(said.text) if _is_wrong(said) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == [], complaints


def _is_wrong(said: ConsoleMessage) -> bool:
    """Of an answer of 403, which is a page too, Chromium says so by itself."""
    return f"{PREFIX}/" in said.location.get("url", "") and "status of 403" not in said.text


def sign_in(page: Page, home: str) -> None:
    page.goto(home)
    page.get_by_role("button", name="Sign in with Openbank").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your choices")


def buys(world: World) -> None:
    """A payment, and the till's receipt for it."""
    world.pays(payment(world))
    world.sells(world.body_of("retailer_receipt.sale"))
    world.run(60)


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def looked_at(page: Page, name: str) -> None:
    """What holds on every page of ours; with PICTURES, a picture of it."""
    page.wait_for_load_state()  # a press waits for the answer's beginning alone
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert page.locator("html").get_attribute("lang") == "en-GB", name
    assert page.locator("h1").count() == 1, name
    levels = [
        int(level) for level in page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => h.tagName[1])")
    ]
    assert all(after - before <= 1 for before, after in pairwise(levels)), name
    poor = page.evaluate(CONTRAST)
    assert poor == [], (name, json.dumps(poor))
    folder = os.environ.get("PICTURES")
    if folder:
        scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
        page.screenshot(path=f"{folder}/{name}-{scheme}.png", full_page=True)


# What can be read has a contrast of 4.5 to what is behind it (WCAG 2.2, 1.4.3); what is pressed has a name.
CONTRAST = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
      .map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (!/, 0\\)|transparent/.test(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  for (const element of document.body.querySelectorAll('*')) {
    const words = [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
    if (!words.length || !element.checkVisibility()) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
    if ((one + .05) / (other + .05) < 4.5) found.push(words[0].data.trim().slice(0, 30));
  }
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (!field.labels.length) found.push(field.name);
  }
  return found;
}"""
