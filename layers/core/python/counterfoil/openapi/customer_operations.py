"""The routes to a customer's cards and receipts."""

from counterfoil.domain.cards import CardRequest
from counterfoil.domain.claims import ClaimRequest
from counterfoil.domain.history import HistoryRequest
from counterfoil.errors import Conflict, Invalid, NotFound
from counterfoil.openapi import customer_answers
from counterfoil.openapi.operation import Operation

_CUSTOMER = "/v1/banks/{bank}/customers/{customer_id}"

CUSTOMER_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "PUT",
        f"{_CUSTOMER}/cards/{{card_id}}",
        "customer_api",
        "Customers",
        "Tell of a card in the customer's name",
        "A card that `replaces` another carries on what hangs on it; told once, that stays. Each token of a wallet is "
        "an alias of the card. The same again changes nothing. A 409 where the customer has granted nothing, the card "
        "is in another customer's name, or another card replaced that one already.\n\n"
        "**Joint accounts.** Each holder has the receipts of the cards in their name: a payment whose `card_id` is in "
        "another customer's name than its `customer_id` is that customer's, rests on their consent, and is shown to "
        "nobody else. A card counts from when it is told of; one that nobody told of is the `customer_id`'s.",
        "customers",
        200,
        customer_answers.CustomerCard,
        takes=(CardRequest,),
        refuses=(NotFound, Conflict),
    ),
    Operation(
        "GET",
        f"{_CUSTOMER}/cards",
        "customer_api",
        "Customers",
        "List the cards in the customer's name",
        "As the bank told of them, in that order.",
        "customers",
        200,
        customer_answers.CustomerCards,
        refuses=(NotFound,),
    ),
    Operation(
        "GET",
        f"{_CUSTOMER}/receipts",
        "customer_receipts",
        "Customers",
        "Read a customer's receipts",
        "The latest payment first, each receipt as last corrected; none that was taken back. `next` is the cursor of "
        "the next page, and null at the end; a page may hold fewer than `limit`. With `barcode` only the receipts that "
        "bear it, of this customer alone. What is kept of a customer is theirs to read, also after they withdrew and "
        "while they are restricted. An erased customer is unknown.\n\n"
        "With `Accept: text/csv` the page is a table of expenses: a row for each line of a receipt, with supplier, VAT "
        "number, tax point, net, rate, VAT and gross; a refund is negative. UTF-8 with a byte order mark. A header "
        "`Link` with the relation `next` leads on.",
        "customers",
        200,
        customer_answers.CustomerReceipts,
        asks=HistoryRequest,
        also=("text/csv",),
        refuses=(NotFound, Invalid),
    ),
    Operation(
        "GET",
        f"{_CUSTOMER}/receipts/{{match_id}}",
        "customer_receipts",
        "Customers",
        "Read one receipt of a customer",
        "As last corrected. A 404 where it is another customer's, or was taken back. With `Accept: application/pdf` as "
        "a document that looks like the till's, with `text/csv` as a table of expenses; a 422 that names `Accept` "
        "where it allows none of the three.",
        "customers",
        200,
        customer_answers.CustomerReceipt,
        also=("application/pdf", "text/csv"),
        refuses=(NotFound, Invalid),
    ),
    Operation(
        "POST",
        f"{_CUSTOMER}/receipts/claims",
        "customer_api",
        "Customers",
        "Say that the receipt of a payment is missing",
        "The answer is in words for the customer. A payment that may still get its receipt is looked at once more, at "
        "most once a minute, by the same rules as ever: a receipt is shown only when it is sure. A payment that we do "
        "not know has one answer, for whatever reason.",
        "customers",
        200,
        customer_answers.ClaimAnswered,
        takes=(ClaimRequest,),
        refuses=(NotFound,),
    ),
)
