"""API Gateway in front of the real handlers: a request becomes an event of payload format 2.0."""

import base64
import importlib
import json
import re
from collections.abc import Mapping
from typing import Any

from counterfoil.openapi.operations import OPERATIONS

# Pages for people, which the API's description leaves out, as "GET /path", and the function that serves each.
PAGES: dict[str, str] = {}
ROUTES = {f"{one.method} {one.path}": one.function for one in OPERATIONS} | PAGES


def call(method: str, path: str, body: bytes, headers: Mapping[str, str], scope: str) -> dict[str, Any]:
    """The handler's answer, its body also decoded as `json`. `scope`: what the caller's token was given."""
    for route, function in ROUTES.items():
        found = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route), f"{method} {path}")
        if found:
            event = {
                "requestContext": {"http": {"method": method}, "authorizer": {"jwt": {"claims": {"scope": scope}}}},
                "headers": dict(headers),
                "rawPath": path,
                "pathParameters": found.groupdict(),
            }
            if body:
                event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
            answer = importlib.import_module(f"functions.{function}").handler(event, None)
            return {**answer, "json": json.loads(answer["body"])}
    raise LookupError(path)
