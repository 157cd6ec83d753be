"""What a bank's backend asks of Counterfoil: an access token, its customers' consents, a delivery's state."""

import time
from typing import Any

import httpx

NOTICE_VERSION = "2026-11"


class PartnerApi:
    """Calls made with OAuth 2.0 client credentials. Any answer but 2xx raises httpx.HTTPStatusError."""

    def __init__(
        self, bank: str, api_url: str, token_url: str, client_id: str, client_secret: str, http: httpx.Client
    ) -> None:
        self.bank = bank
        self.api_url = api_url.rstrip("/")
        self.http = http
        self._token_url = token_url
        self._client = (client_id, client_secret)
        self._token = ""
        self._token_ends = 0.0

    def receipts(self, customer_id: str) -> dict[str, Any]:
        """The customer's standing choice for `receipts`: {granted, version, effective_at}."""
        answer = self._call("GET", f"/customers/{customer_id}/consents")
        return answer["consents"].get("receipts") or {"granted": False, "version": 0, "effective_at": None}

    def set_receipts(self, customer_id: str, *, granted: bool) -> dict[str, Any]:
        """Grant or withdraw `receipts`; the answer says from when (`effective_at`)."""
        wish: dict[str, Any] = {"granted": granted, "origin": "bank_app", "language": "en-GB"}
        if granted:
            wish["expected_version"] = self.receipts(customer_id)["version"]
            wish["notice_version"] = NOTICE_VERSION
        return self._call("PUT", f"/customers/{customer_id}/consents/receipts", wish)["consent"]

    def delivery(self, delivery_id: str) -> dict[str, Any]:
        """What became of one delivery to this bank."""
        return self._call("GET", f"/deliveries/{delivery_id}")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.http.request(
            method,
            f"{self.api_url}/v1/banks/{self.bank}{path}",
            json=body,
            headers={"authorization": f"Bearer {self._access_token()}"},
        )
        answer.raise_for_status()
        return answer.json()

    def _access_token(self) -> str:
        if time.monotonic() >= self._token_ends:
            names = ("consents", "customers", "deliveries", "rights")
            scopes = " ".join(f"counterfoil/{self.bank}.{name}" for name in names)
            answer = self.http.post(
                self._token_url,
                data={"grant_type": "client_credentials", "scope": scopes},
                auth=self._client,
            )
            answer.raise_for_status()
            token = answer.json()
            self._token = token["access_token"]
            self._token_ends = time.monotonic() + token.get("expires_in", 300) - 30
        return self._token
