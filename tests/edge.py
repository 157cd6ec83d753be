"""API Gateway in front of the real handlers: a request becomes an event of payload format 2.0."""

import base64
import importlib
import json
import re
from collections.abc import Mapping
from typing import Any

from counterfoil.openapi.operations import OPERATIONS

# Pages for people, which the API's description leaves out, as "GET /path", and the function that serves each.
PAGES = {
    "GET /connect/{bank}": "customer_page",
    "POST /connect/{bank}": "customer_sign_in",
    "GET /connect/{bank}/linked": "customer_sign_in",
    "GET /connect/{bank}/signed-in": "customer_sign_in",
    "POST /connect/{bank}/choose": "customer_page",
    "POST /connect/{bank}/disconnect": "customer_page",
    "POST /connect/{bank}/sign-out": "customer_page",
    "GET /connect/{bank}/receipts": "customer_receipts_page",
    "GET /connect/{bank}/receipts/{match_id}": "customer_receipts_page",
    "GET /connect/{bank}/data": "customer_data_page",
    "POST /connect/{bank}/data": "customer_data_page",
    "GET /connect/{bank}/link": "customer_link_page",
    "POST /connect/{bank}/link": "customer_link_page",
}
ROUTES = {f"{one.method} {one.path}": one.function for one in OPERATIONS} | PAGES


def call(method: str, path: str, body: bytes, headers: Mapping[str, str], scope: str) -> dict[str, Any]:
    """The handler's answer, its body, where it is JSON, also decoded as `json`, and that of a file as `bytes`. `path`
    may have a query, `headers` a cookie. `scope`: what the caller's token was given."""
    path, _, query = path.partition("?")
    for route, function in ROUTES.items():
        found = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route), f"{method} {path}")
        if found:
            event = {
                "requestContext": {"http": {"method": method}, "authorizer": {"jwt": {"claims": {"scope": scope}}}},
                "headers": {name: value for name, value in headers.items() if name.lower() != "cookie"},
                "cookies": headers.get("cookie", "").split("; "),
                "rawPath": path,
                "rawQueryString": query,
                "pathParameters": found.groupdict(),
            }
            if body:
                event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
            answer = importlib.import_module(f"functions.{function}").handler(event, None)
            if answer.get("isBase64Encoded"):
                return {**answer, "bytes": base64.b64decode(answer["body"], validate=True)}
            is_json = "json" in answer["headers"]["content-type"]
            return {**answer, "json": json.loads(answer["body"])} if is_json else answer
    raise LookupError(path)
