"""Reads the requests of `events/` (their shape: `events/README.md`) and makes them of the present, signed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.sandbox import signing

EVENTS = Path(__file__).parents[2] / "events"
STRANGER = "stranger"

_BANK = re.compile(r"/v1/banks/([^/]+)")
_TIME = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class Event:
    """A request of the present. `by`: whose signature it carries; `token`: whose client calls."""

    name: str
    about: str
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]
    by: str | None
    seconds_ahead: int
    token: str | None
    expect: Mapping[str, Any]

    @property
    def bank(self) -> str:
        """The bank of the path, or empty."""
        found = _BANK.match(self.path)
        return found[1] if found else ""

    def signed(self, keys: Mapping[str, str], now: datetime) -> dict[str, str]:
        """The headers to send. `keys` holds what each partner signs with: a bank by its own scheme (`signing`), the
        stranger as the partner would whose path this is."""
        headers = {"content-type": "application/json"} if self.body else {}
        if self.by is not None:
            scheme = signing.scheme_of(self.bank if self.by == STRANGER else self.by)
            key = signing.strangers_key(scheme) if self.by == STRANGER else keys[self.by]
            request = signing.Request(self.method, self.path, self.body, f"msg_{self.name}")
            headers |= scheme.sign(key, request, now + timedelta(seconds=self.seconds_ahead))
        return headers | dict(self.headers)

    def address(self, keys: Mapping[str, str]) -> str:
        """The path to call: with the bank's path secret where it has one, and nobody's where a stranger calls."""
        secret = signing.strangers_key(signing.scheme_of(self.bank)) if self.by == STRANGER else keys.get(self.bank, "")
        return self.path.replace("{secret}", secret)


def names(function: str = "*") -> list[str]:
    """The events of a function, or of all, as `<function>.<case>`."""
    return sorted(path.stem for path in EVENTS.glob(f"{function}.*.json"))


def played(function: str = "*") -> list[str]:
    """As `names`, without those of banks that the sandbox does not simulate: the contract tests alone play these."""
    now = datetime.now(UTC)
    banks = {name: load(name, now).bank for name in names(function)}
    return [name for name, bank in banks.items() if not bank or bank in signing.adapters()]


def load(name: str, now: datetime) -> Event:
    """The event `<function>.<case>`, as it would be sent at `now`."""
    told = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    request = told["request"]
    text = request["raw"] if "raw" in request else json.dumps(request["body"]) if "body" in request else ""
    if "now" in told:
        text = moved(text, now - datetime.fromisoformat(told["now"]))
    signed = request.get("signed", {})
    return Event(
        name=name,
        about=told["about"],
        method=request["method"],
        path=request["path"],
        body=text.encode("utf-8"),
        headers=request.get("headers", {}),
        by=signed.get("by"),
        seconds_ahead=signed.get("seconds_ahead", 0),
        token=request.get("token"),
        expect=told["expect"],
    )


def moved(text: str, span: timedelta) -> str:
    """`text` with every RFC 3339 time in it later by `span`, to the second, in UTC."""
    return _TIME.sub(lambda match: _later(match.group(), span), text)


def _later(time: str, span: timedelta) -> str:
    at = (datetime.fromisoformat(time) + span).astimezone(UTC)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
