"""What an open request keeps from being swept: all that its customer has, and as long as it is open."""

from typing import Final

from counterfoil.domain.holds import Hold
from counterfoil.domain.rights import Kind, PrivacyRequest

KEPT_FOR: Final[frozenset[Kind]] = frozenset({"access", "portability", "rectification", "restriction", "objection"})
"""The requests that are about what there is."""


def of_request(request: PrivacyRequest) -> Hold | None:
    """The hold that belongs to a request; None where it has none, or nobody knows yet whose it is.

    An erasure has one only while it waits for who asks: if it was somebody else, all must still be there.
    """
    waits = request.kind == "erasure" and request.state == "waiting_for_identity"
    if request.subject is None or not request.is_open or not (request.kind in KEPT_FOR or waits):
        return None
    return Hold(request.id, "rights request", request.received_at)
