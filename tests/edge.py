"""API Gateway in front of the real handlers: a request becomes an event of payload format 2.0."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from functions import (
    bank_webhook,
    consent_update,
    delivery_status,
    merchant_api,
    retailer_receipt,
)

ROUTES = [
    ("POST", r"/v1/banks/(?P<bank>[^/]+)/transactions", bank_webhook),
    ("POST", r"/v1/retailers/(?P<retailer>[^/]+)/receipts", retailer_receipt),
    ("PUT", r"/v1/banks/(?P<bank>[^/]+)/customers/(?P<customer_id>[^/]+)/consents/(?P<purpose>[^/]+)", consent_update),
    ("GET", r"/v1/banks/(?P<bank>[^/]+)/customers/(?P<customer_id>[^/]+)/consents", consent_update),
    ("GET", r"/v1/banks/(?P<bank>[^/]+)/deliveries/(?P<delivery_id>[^/]+)", delivery_status),
    ("GET", r"/v1/merchants", merchant_api),
]


def call(method: str, path: str, body: bytes, headers: Mapping[str, str], scope: str) -> dict[str, Any]:
    """The handler's answer, its body also decoded as `json`. `scope`: what the caller's token was given."""
    for verb, pattern, module in ROUTES:
        found = re.fullmatch(pattern, path)
        if found and verb == method:
            event = {
                "requestContext": {"http": {"method": method}, "authorizer": {"jwt": {"claims": {"scope": scope}}}},
                "headers": dict(headers),
                "rawPath": path,
                "pathParameters": found.groupdict(),
            }
            if body:
                event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
            answer = module.handler(event, None)
            return {**answer, "json": json.loads(answer["body"])}
    raise LookupError(path)
