"""What the description says in words."""

from typing import Any

from counterfoil.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    TooLarge,
    TooMany,
    Unauthenticated,
)

SUMMARY = "Itemised receipts in the bank's app: card payments and till receipts, matched and delivered."

DESCRIPTION = """\
Banks report card transactions, shops' tills send anonymous itemised receipts; the two are matched, and the receipt is
delivered to the customer's bank. Nothing is kept before the customer granted it.

**Two kinds of proof.** Events (transactions, receipts) are signed as each sender signs. Calls carry an OAuth 2.0 access
token (client credentials) whose scope names the bank of the path.

**Money** is an integer in minor units with its ISO 4217 `currency`. **Times** are RFC 3339 with an offset. **Ids** are
the partner's own and unique within that partner only.

**Idempotency.** The partner's own id is the key: the same fact again has no second effect and gets the same answer. An
answer of 5xx, or none, promises nothing: send it again.

**Refusals** are RFC 9457 problems that name every wrong field and never repeat a value.

**Limits.** A body is at most 256 KiB and 16 levels deep. Slow down when told 429, for as long as `Retry-After` says.
"""

DELIVERY = """\
Sent to the bank's registered https callback. `webhook-id` is the `delivery_id`: it and the body stay the same at every
try, timestamp and signature are fresh. Verify the signature before anything is parsed. Order is not promised: of one
`match_id` the highest `version` wins, and a `delivery_id` already seen needs no second look.
"""

TOKEN = {
    "Privacy-Request-Token": "The token of one request: 128 random bits, told once when the request was made. Only its "
    "hash is kept."
}
SIGN_IN_URL = "https://the-stacks-output.invalid/TokenUrl"
SIGN_IN = (
    "OAuth 2.0 client credentials; a token lives 15 minutes. The token address is the deployment's own (the stack's "
    "output TokenUrl), and `{bank}` stands for the name under which the bank is registered."
)
SCOPES = {
    "consents": "Read and change what the bank's customers agreed to",
    "customers": "Read their receipts, tell of their cards, disconnect them",
    "rights": "Pass on what a customer asks under data protection law",
    "deliveries": "Read and repeat deliveries to the bank",
}

_ID = {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,64}$"}
PARAMETERS: dict[str, dict[str, Any]] = {
    "bank": {"description": "The name under which the bank is registered", "example": "openbank", "schema": _ID},
    "retailer": {"description": "The name under which the retailer is registered", "example": "kite", "schema": _ID},
    "file_id": {
        "description": "From the answer that gave the form",
        "example": "file_q3bJ0vLr8yXwT1mZk5dN2A",
        "schema": _ID,
    },
    "secret": {
        "description": "The secret of one linked account",
        "example": "wXo0Jr8cT1mZk5dN2Aq3bJ0vLr8yXwT1mZk5dN2Aq3b",
        "schema": _ID,
    },
    "customer_id": {"description": "The bank's own id of its customer", "example": "cust_42", "schema": _ID},
    "request_id": {
        "description": "From the answer to the request",
        "example": "prq_q3bJ0vLr8yXwT1mZ",
        "schema": _ID,
    },
    "reference": {
        "description": "The `request_id` of the answer to the request",
        "example": "prq_q3bJ0vLr8yXwT1mZ",
        "schema": _ID,
    },
    "disconnection_id": {
        "description": "From the answer to the disconnection",
        "example": "dis_q3bJ0vLr8yXwT1mZ",
        "schema": _ID,
    },
    "version": {"description": "The version of a notice", "example": "2026-11", "schema": _ID},
    "purpose": {
        "description": "What the customer agrees to",
        "schema": {"type": "string", "enum": ["receipts", "loyalty", "offers"]},
    },
    "card_id": {"description": "The bank's own id of the card", "example": "card_9", "schema": _ID},
    "match_id": {
        "description": "From the delivery, or from the list",
        "example": "match_q3bJ0vLr8yXwT1mZk5dN2A_Zk5dN2Aq3",
        "schema": _ID,
    },
    "delivery_id": {
        "description": "From the delivery, or its `webhook-id`",
        "example": "dlv_q3bJ0vLr8yXwT1mZk5dN2A_1",
        "schema": _ID,
    },
}

REFUSALS: dict[type[Refused], str] = {
    BadRequest: "not JSON, or not as we read it (duplicate keys, NaN, more than 16 levels, not UTF-8)",
    Unauthenticated: "the signature or token is missing, wrong, too old, or made with a retired secret",
    Forbidden: "authenticated, but not for this partner",
    NotFound: "no such thing, or another partner's",
    Conflict: "the detail says what stands there now",
    TooLarge: "more than 256 KiB",
    Invalid: "`errors` names each field",
    TooMany: "wait as long as `Retry-After` says",
}
"""Why each is given."""
