"""A shop's till: posts its receipts, signed with the retailer's secret."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from infra.sandbox.signing import signed_post


@dataclass(frozen=True)
class Till:
    """The tills of one retailer."""

    retailer: str
    secret: str
    api_url: str
    http: httpx.Client

    def send(self, *receipts: Mapping[str, Any], secret: str | None = None) -> httpx.Response:
        """Post one receipt, or several as a batch (up to 100). `secret` replaces the retailer's own."""
        body = receipts[0] if len(receipts) == 1 else {"receipts": receipts}
        url = f"{self.api_url.rstrip('/')}/v1/retailers/{self.retailer}/receipts"
        return signed_post(self.http, url, secret or self.secret, json.dumps(body).encode())
