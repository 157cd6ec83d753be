"""A person with a browser, who links an account at Monzo and unlinks it: plain requests, for where no browser is."""

import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

_FORM = re.compile(r'name="form" value="([^"]+)"')


@dataclass
class Visitor:
    """`address`: Counterfoil's. Cookies are kept as browsers keep them on a loopback address, which counts as safe."""

    http: httpx.Client
    address: str
    account_id: str
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def page(self) -> str:
        return f"{self.address}/connect/monzo"

    def connect(self) -> httpx.Response:
        """Presses Connect here and Allow there; the page that it ends on."""
        leaving = self.ask("POST", self.page)
        there = leaving.headers["location"]
        wish = dict(parse_qsl(urlsplit(there).query)) | {"account_id": self.account_id}
        back = self.http.post(there.partition("?")[0], data=wish).headers["location"]
        answer = self.ask("GET", back)
        return self.ask("GET", urljoin(back, answer.headers["location"])) if answer.is_redirect else answer

    def disconnect(self) -> httpx.Response:
        """Presses Disconnect on the page that says connected."""
        form = _FORM.search(self.ask("GET", self.page).text)
        return self.ask("POST", f"{self.page}/disconnect", {"form": unescape(form[1]) if form else ""})

    def ask(self, method: str, url: str, form: dict[str, str] | None = None) -> httpx.Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.http.request(method, url, data=form, headers={"cookie": cookie} if cookie else {})
        for kept in answer.headers.get_list("set-cookie"):
            name, _, value = kept.partition(";")[0].partition("=")
            self.cookies[name] = value
        self.cookies = {name: value for name, value in self.cookies.items() if value}
        return answer
