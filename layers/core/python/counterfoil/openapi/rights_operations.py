"""The routes of requests under data protection law: through the bank, and by anybody."""

from counterfoil.domain.rights_wishes import PrivacyChange, PrivacyWish, PublicPrivacyWish
from counterfoil.errors import Conflict, NotFound
from counterfoil.openapi import rights_answers
from counterfoil.openapi.operation import Operation

_REQUESTS = "/v1/banks/{bank}/customers/{customer_id}/privacy-requests"

RIGHTS_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        _REQUESTS,
        "rights_api",
        "Rights",
        "Pass on what a customer asks under data protection law",
        "The bank vouches for who asks. `due_by` is the last day for the answer, as the law counts it (a month, to a "
        "working day of England); null while we wait for an answer ourselves. With a `request_id` of the bank's own "
        "the same call again is the same request. What the customer writes in `details` is sealed at once.",
        "rights",
        202,
        rights_answers.PrivacyRequestState,
        takes=(PrivacyWish,),
        refuses=(NotFound, Conflict),
    ),
    Operation(
        "GET",
        _REQUESTS,
        "rights_api",
        "Rights",
        "List what a customer asked",
        "The latest first. One that was made a moment ago may be missing.",
        "rights",
        200,
        rights_answers.PrivacyRequests,
        refuses=(NotFound,),
    ),
    Operation(
        "GET",
        f"{_REQUESTS}/{{request_id}}",
        "rights_api",
        "Rights",
        "See how a request stands",
        "`message` is what the customer is to be told, in plain words.",
        "rights",
        200,
        rights_answers.PrivacyRequestState,
        refuses=(NotFound,),
    ),
    Operation(
        "PUT",
        f"{_REQUESTS}/{{request_id}}",
        "rights_api",
        "Rights",
        "Pass on what was meant, or that it is wanted no more",
        "A 409 where nothing was asked, where it is closed, and where an erasure is under way.",
        "rights",
        200,
        rights_answers.PrivacyRequestState,
        takes=(PrivacyChange,),
        refuses=(NotFound, Conflict),
    ),
    Operation(
        "POST",
        "/v1/privacy-requests",
        "rights_api",
        "Rights",
        "Ask under data protection law, as anybody",
        "For people whose bank does not pass it on. The answer is the same whether we know of the person or not. "
        "`token` is told this once: whoever has it reads how the request stands. Nothing is done or disclosed before "
        "it is proved who asks. At most 4 KiB.",
        "public",
        202,
        rights_answers.PrivacyRequestTaken,
        takes=(PublicPrivacyWish,),
    ),
    Operation(
        "GET",
        "/v1/privacy-requests/{reference}",
        "rights_api",
        "Rights",
        "See how your request stands",
        "A wrong token and an unknown reference have the same answer.",
        "token",
        200,
        rights_answers.PrivacyRequestState,
        refuses=(NotFound,),
    ),
    Operation(
        "PUT",
        "/v1/privacy-requests/{reference}",
        "rights_api",
        "Rights",
        "Say what you meant, or that you want it no more",
        "A 409 where nothing was asked, where it is closed, and where an erasure is under way.",
        "token",
        200,
        rights_answers.PrivacyRequestState,
        takes=(PrivacyChange,),
        refuses=(NotFound, Conflict),
    ),
)
