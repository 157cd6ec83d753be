"""The HTTP edge: from API Gateway's event (payload 2.0) to a request, and from a result or an error to an answer.

Every refusal is an RFC 9457 problem, made here and nowhere else; a page for people tells it as a page.
"""

import binascii
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from counterfoil.errors import BadRequest, Forbidden, Invalid, Problem, Refused, TooLarge, TooMany
from counterfoil.runtime import observe

MOST_BYTES = 256 * 1024
_SAFE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)", re.IGNORECASE)
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What a handler needs of a call. `body` are the raw bytes received; header names are lower case.

    `path` are the values in the path, `raw_path` is all of it as it was called. Of a query's repeated name the last
    counts.
    """

    body: bytes
    headers: Mapping[str, str]
    path: Mapping[str, str]
    raw_path: str
    method: str
    scopes: frozenset[str]
    query: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)

    def preferred(self, offers: Sequence[str]) -> str:
        """Of `offers`, media types, the one that `Accept` wants most (RFC 9110); the first where it says nothing.

        Raises Invalid where it allows none of them.
        """
        ranges = (self.headers.get("accept") or "*/*").split(",")
        weights = {offer: max(_weight(each, offer) for each in ranges)[1] for offer in offers}
        best = max(offers, key=weights.__getitem__)
        if not weights[best]:
            raise Invalid([Problem("Accept", f"must allow one of {', '.join(offers)}")])
        return best

    def require_scope(self, scope: str) -> None:
        """Raises Forbidden unless the caller's token was given `scope`: it names the partner that may call."""
        if scope not in self.scopes:
            raise Forbidden("the token is not for this partner, or not for this call")


@dataclass(frozen=True, slots=True)
class Reply:
    """A JSON answer."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """An answer that is a file, to be kept under `name`."""

    content: bytes
    content_type: str
    name: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer for people; `cookies` are whole Set-Cookie values."""

    status: int
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()


Handler = Callable[[Mapping[str, Any], object], Answer]


def endpoint(handle: Callable[[Request], Reply | Page | File]) -> Handler:
    """The Lambda handler around a function from Request to Reply, or to a Page or File for who asked for one."""
    our_fault = {"type": "about:blank", "title": "Our fault", "status": 500}
    return _handler(lambda request: _answer(handle(request)), problem, lambda: _problem_answer(our_fault, {}))


def pages(handle: Callable[[Request], Page | File], refused: Callable[[int], Page]) -> Handler:
    """The Lambda handler around a function from Request to Page or File; `refused(status)` tells people what went
    wrong."""
    return _handler(
        lambda request: _answer(handle(request)),
        lambda refusal: _page_answer(refused(refusal.status)),
        lambda: _page_answer(refused(500)),
    )


def _handler(
    answer: Callable[[Request], Answer], refuse: Callable[[Refused], Answer], our_fault: Callable[[], Answer]
) -> Handler:
    @observe.nameless
    def handler(event: Mapping[str, Any], _context: object) -> Answer:
        try:
            return answer(_request(event))
        except Refused as refusal:
            observe.count([f"Refused{refusal.status}"])
            return refuse(refusal)
        except Exception as error:
            observe.tell("failed", error)
            return our_fault()
        finally:
            observe.flush()

    return handler


def problem(refusal: Refused) -> Answer:
    """The answer that says what was refused, field by field."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
    }
    if refusal.problems:
        body["errors"] = [{"field": item.field, "message": item.message} for item in refusal.problems]
    headers = {"retry-after": str(refusal.retry_after)} if isinstance(refusal, TooMany) else {}
    return _problem_answer(body, headers)


def _problem_answer(body: dict[str, Any], headers: Mapping[str, str]) -> Answer:
    return _json_answer(body["status"], body, {"content-type": "application/problem+json", **headers})


def _answer(reply: Reply | Page | File) -> Answer:
    if isinstance(reply, Page):
        return _page_answer(reply)
    if isinstance(reply, File):
        return _file_answer(reply)
    return _json_answer(reply.status, reply.body, {"content-type": "application/json", **reply.headers})


def _weight(media_range: str, offer: str) -> tuple[int, float]:
    """How closely a range of `Accept` names the offer, and its quality: of several the closest counts."""
    name, quality = media_range.partition(";")[0].strip().lower(), _QUALITY.search(media_range)
    names = ("*/*", f"{offer.partition('/')[0]}/*", offer)
    if name not in names:
        return 0, 0.0
    return names.index(name) + 1, float(quality[1]) if quality else 1.0


def _file_answer(file: File) -> Answer:
    """In base64, from which API Gateway makes bytes again."""
    about = {"content-type": file.content_type, "content-disposition": f'attachment; filename="{file.name}"'}
    body = b64encode(file.content).decode()
    return {"statusCode": 200, "headers": {**_SAFE, **about, **file.headers}, "body": body, "isBase64Encoded": True}


def _page_answer(page: Page) -> Answer:
    safe = {"content-type": "text/html; charset=utf-8", **_SAFE}
    return {
        "statusCode": page.status,
        "headers": {**safe, **page.headers},
        "cookies": list(page.cookies),
        "body": page.html,
    }


def _json_answer(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return {"statusCode": status, "headers": {**_SAFE, **headers}, "body": text}


def _request(event: Mapping[str, Any]) -> Request:
    context = event.get("requestContext", {})
    claims = context.get("authorizer", {}).get("jwt", {}).get("claims", {})
    return Request(
        body=_raw_body(event),
        headers={name.lower(): value for name, value in event.get("headers", {}).items()},
        path=event.get("pathParameters") or {},
        raw_path=event.get("rawPath", ""),
        method=context["http"]["method"],
        scopes=frozenset(str(claims.get("scope", "")).split()),
        query=dict(parse_qsl(event.get("rawQueryString", ""))),
        cookies=_cookies(event),
    )


def _cookies(event: Mapping[str, Any]) -> dict[str, str]:
    # The embedded engine leaves them in the header.
    listed = event.get("cookies") or event.get("headers", {}).get("cookie", "").split(";")
    pairs = (cookie.partition("=") for cookie in listed)
    return {name.strip(): value for name, _, value in pairs}


def _raw_body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            raw = b64decode(text, validate=True)
        except binascii.Error:
            raise BadRequest("the body did not arrive whole") from None
    else:
        raw = text.encode("utf-8", "surrogatepass")
    if len(raw) > MOST_BYTES:
        raise TooLarge("a request body is at most 256 KiB")
    return raw
