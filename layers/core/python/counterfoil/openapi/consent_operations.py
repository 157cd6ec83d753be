"""The routes of consents, of what proves them, and of the notices they rest on."""

from counterfoil.domain.consent import ConsentRequest
from counterfoil.errors import Conflict, NotFound
from counterfoil.openapi import consent_answers
from counterfoil.openapi.operation import Operation

_CUSTOMER = "/v1/banks/{bank}/customers/{customer_id}"

CONSENT_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "PUT",
        f"{_CUSTOMER}/consents/{{purpose}}",
        "consent_update",
        "Consents",
        "Grant or withdraw one purpose",
        "A grant names the version it saw (`expected_version`; else a 409) and the published notice that was shown "
        "(`notice_version`; else a 422). `loyalty` and `offers` need `receipts`: a 422 that names `granted`, since "
        "nothing stands there that another version could mend. A withdrawal needs neither, and withdrawing `receipts` "
        "withdraws what rests on it, each with an entry of its own. The same request again changes nothing and gets "
        "the same answer, with the same consent receipt.",
        "consents",
        200,
        consent_answers.ConsentChosen,
        takes=(ConsentRequest,),
        refuses=(NotFound, Conflict),
    ),
    Operation(
        "GET",
        f"{_CUSTOMER}/consents",
        "consent_update",
        "Consents",
        "Read a customer's consents and their history",
        "A customer never heard of has everything off. `ask_again`: show the current notice and ask, since a later "
        "notice changed what was granted.",
        "consents",
        200,
        consent_answers.Consents,
        refuses=(NotFound,),
    ),
    Operation(
        "DELETE",
        _CUSTOMER,
        "disconnect_customer",
        "Customers",
        "Disconnect a customer",
        "Everything is withdrawn at once, what is under way ends, receipts that were delivered are recalled, and the "
        "customer is erased; it cannot be undone, and a grant before it is done is a 409. A customer never heard of "
        "gets the same answer, as does the same call when all is gone. Withdrawing `receipts` alone stops new receipts "
        "and erases nothing.",
        "customers",
        202,
        consent_answers.Disconnecting,
        refuses=(NotFound,),
    ),
    Operation(
        "GET",
        f"{_CUSTOMER}/disconnections/{{disconnection_id}}",
        "disconnect_customer",
        "Customers",
        "See how a disconnection stands",
        "A 404 where the customer is connected (again).",
        "customers",
        200,
        consent_answers.DisconnectionState,
        refuses=(NotFound,),
    ),
    Operation(
        "GET",
        "/v1/keys",
        "consent_update",
        "Public",
        "Read the public keys",
        "What our signatures on consent receipts are verified with. May be cached for an hour.",
        "public",
        200,
        consent_answers.PublicKeys,
    ),
    Operation(
        "GET",
        "/v1/notices",
        "notice_api",
        "Public",
        "List the privacy notices",
        "May be cached for five minutes.",
        "public",
        200,
        consent_answers.NoticeVersions,
    ),
    Operation(
        "GET",
        "/v1/notices/{version}",
        "notice_api",
        "Public",
        "Read a privacy notice",
        "As JSON; who asks for `text/html` gets a page to read. What was published stays, since consents rest on it; "
        "the periods are those that apply today.",
        "public",
        200,
        consent_answers.PrivacyNotice,
        refuses=(NotFound,),
    ),
)
