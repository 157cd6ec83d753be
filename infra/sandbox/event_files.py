"""Reads the requests of `events/` (their shape: `events/README.md`) and makes them of the present, signed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

EVENTS = Path(__file__).parents[2] / "events"

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

    def signed(self, secrets: Mapping[str, str], now: datetime) -> dict[str, str]:
        """The headers to send; `secrets` holds each partner's `whsec_…`, and the stranger's."""
        headers = {"content-type": "application/json"} if self.body else {}
        if self.by is not None:
            at = now + timedelta(seconds=self.seconds_ahead)
            message_id = "msg_" + self.name
            headers |= {
                "webhook-id": message_id,
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": Webhook(secrets[self.by]).sign(message_id, at, self.body.decode()),
            }
        return headers | dict(self.headers)


def names(function: str = "*") -> list[str]:
    """The events of a function, or of all, as `<function>.<case>`."""
    return sorted(path.stem for path in EVENTS.glob(f"{function}.*.json"))


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
