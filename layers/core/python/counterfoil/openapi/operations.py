"""The table of routes: one entry a route of the machine API. Pages for people (`/connect/…`) are not part of it.

Documentation, the tests' edge and the test of the deployed routes read it; a route without an entry fails them.
"""

from counterfoil.banks import BANKS
from counterfoil.domain.receipt_files import ReceiptFileRequest
from counterfoil.errors import Conflict, Forbidden, NotFound, Unauthenticated
from counterfoil.openapi import answers
from counterfoil.openapi.consent_operations import CONSENT_OPERATIONS
from counterfoil.openapi.customer_operations import CUSTOMER_OPERATIONS
from counterfoil.openapi.operation import Operation
from counterfoil.openapi.rights_operations import RIGHTS_OPERATIONS

SIGNING_BANKS = tuple(adapter for adapter in BANKS if adapter.proof.headers)
BANKS_WITH_A_PATH = tuple(adapter for adapter in BANKS if not adapter.proof.headers)

_FILES = "/v1/retailers/{retailer}/receipt-files"
_DELIVERY = "/v1/banks/{bank}/deliveries/{delivery_id}"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/v1/banks/{bank}/transactions",
        "bank_webhook",
        "Transactions",
        "Report a card transaction",
        "Each bank sends its own form, proved in its own way. Facts of one `transaction_id` (authorised, cleared, "
        "reversed) merge into one record, in whatever order and however often they come. What is not ours to keep "
        "(no consent, a merchant that is not live) gets the same answer and leaves nothing behind.",
        "bank_signed",
        202,
        answers.Taken,
        takes=tuple(dict.fromkeys(body for adapter in SIGNING_BANKS for body in adapter.takes)),
        refuses=(NotFound,),
    ),
    Operation(
        "POST",
        "/v1/banks/{bank}/transactions/{secret}",
        "bank_webhook",
        "Transactions",
        "Report a card transaction of one linked account",
        "For a bank that signs nothing (Monzo). Counterfoil registers this address itself when a customer links an "
        "account; its last part is a secret of that account alone. Transfers, pots and declined payments get the same "
        "answer, and nothing of them is kept.",
        "path_secret",
        202,
        answers.Taken,
        takes=tuple(dict.fromkeys(form for adapter in BANKS_WITH_A_PATH for form in adapter.takes)),
        refuses=(Unauthenticated, Forbidden, NotFound),
    ),
    Operation(
        "POST",
        "/v1/retailers/{retailer}/receipts",
        "retailer_receipt",
        "Receipts",
        "Send a receipt, or up to a hundred",
        "The sums must hold exactly: lines with their modifiers and discounts, less the receipt's discounts, plus "
        "service charge, tip and rounding, are `total`, and so are the tenders. The same `receipt_id` with another "
        "body is a correction. Fields that are not listed are refused, so that nothing personal gets in by accident.",
        "signed",
        202,
        answers.ReceiptsTaken,
        takes=(answers.Receipts,),
        refuses=(NotFound,),
    ),
    Operation(
        "POST",
        _FILES,
        "receipt_files",
        "Receipts",
        "Ask for a form to upload a file of receipts",
        "JSON Lines (a receipt a line) or CSV (a line item a row), of up to 1 GiB. The form is posted straight to the "
        "storage; what is uploaded first counts. `docs/receipt-files.md` lists the columns.",
        "signed",
        201,
        answers.ReceiptFileAskedFor,
        takes=(ReceiptFileRequest,),
        refuses=(NotFound, Conflict),
    ),
    Operation(
        "GET",
        f"{_FILES}/{{file_id}}",
        "receipt_files",
        "Receipts",
        "See how a file of receipts stands",
        "Signed as everything else, over the empty body. `waiting`: not uploaded yet. `failed`: nothing in it could be "
        "read, or a million errors were found. A wrong row never stops the others. Files are forgotten after 30 days.",
        "signed",
        200,
        answers.ReceiptFileState,
        refuses=(NotFound,),
    ),
    *CONSENT_OPERATIONS,
    *RIGHTS_OPERATIONS,
    *CUSTOMER_OPERATIONS,
    Operation(
        "GET",
        _DELIVERY,
        "delivery_status",
        "Deliveries",
        "See how a delivery stands",
        "`queued`: not tried yet. `failing`: tried, and tried again for three days. `delivered`: answered 2xx. "
        "`suppressed`: not sent, since the customer withdrew. `held`: waits until the restriction on the customer's "
        "data is lifted. `superseded`: overtaken by a later version.",
        "deliveries",
        200,
        answers.DeliveryStatus,
        refuses=(NotFound,),
    ),
    Operation(
        "POST",
        f"{_DELIVERY}/resend",
        "resend_delivery",
        "Deliveries",
        "Have a delivery sent again",
        "Whether it was delivered, is failing, or was given up: it is sent again at once, and tried for three days. "
        "The consent is read anew: where the customer withdrew meanwhile, nothing is sent, and the delivery is "
        "`suppressed`. Asked again within a minute, it is not sent twice. A 409 where there is nothing to send: a "
        "later version overtook it, or it is `suppressed`.",
        "deliveries",
        202,
        answers.DeliveryAsked,
        refuses=(NotFound, Conflict),
    ),
    Operation(
        "GET",
        "/v1/merchants",
        "merchant_api",
        "Public",
        "List who takes part",
        "May be cached for a minute.",
        "public",
        200,
        answers.PublicMerchants,
    ),
    Operation(
        "GET",
        "/v1/openapi.json",
        "openapi_document",
        "Public",
        "Read this description",
        "OpenAPI 3.1. May be cached for an hour.",
        "public",
        200,
        answers.Description,
    ),
)
