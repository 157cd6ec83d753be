"""What a customer's browser keeps and sends: cookies of this host alone, and the fields of forms."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from counterfoil.runtime.api import Request

VISIT, SESSION, REQUEST = "visit", "session", "request"

Form = Mapping[str, str]
"""The fields that were filled in."""


def kept(request: Request, name: str) -> str:
    """What `cookie` was given, if the browser still has it."""
    return request.cookies.get(f"__Host-{name}", "")


def form(request: Request) -> Form:
    """What was posted; of a name that comes twice the last."""
    return dict(parse_qsl(request.body.decode("utf-8", "replace")))


def number(fields: Form, name: str) -> int | None:
    """A whole number; None where it is none."""
    told = fields.get(name, "")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else None


def cookie(name: str, value: str, seconds: int) -> str:
    """A Set-Cookie value for this host alone, out of reach of scripts and of other sites' forms; 0 seconds: forget."""
    return f"__Host-{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}"
