"""A person who cannot sign in asks by e-mail, and reads what becomes of it through a link.

The link shows that they read that mailbox, and nothing more: we hold no e-mail addresses, so it says nothing of whose
data it is about. Anything of a customer's is there only once ops saw documents (`rights.assign`), or at their bank.

The link is good for a day, and once: it names the token that the request has now, and whoever opens it gives the
request a new one, which is told to the person that one time. The one before was told to nobody.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from counterfoil.domain.flooding import Allowance
from counterfoil.domain.merchants import Bank
from counterfoil.domain.rates import Limits
from counterfoil.domain.rights import PrivacyRequest
from counterfoil.domain.rights_wishes import PublicPrivacyWish, hashed, new_token
from counterfoil.errors import Forbidden
from counterfoil.flows import pacing, rights
from counterfoil.sealing import Sealer

LINK_SECONDS = 24 * 3600
ENTERED_WITHIN = timedelta(days=7)
"""So long after it was answered a request still lets its writer in."""
_LINK = "mailed link"
_ADDRESS = Allowance(Limits(per_second=1, burst=3600), takes=1200)
"""Three e-mails to an address at once, and one each twenty minutes."""


@dataclass(frozen=True, slots=True, repr=False)
class Mail:
    to: str
    subject: str
    text: str


def ask(bank: Bank, wish: PublicPrivacyWish, sealer: Sealer, now: datetime) -> Mail | None:
    """Takes the request, and says what to send; None for an address that has had enough of them."""
    address = sealer.code("email", bank.bank, wish.email.lower())
    if pacing.is_flood({f"email/{address}": _ADDRESS}, now):
        return None
    request, _ = rights.ask_publicly(wish, sealer, now)
    link = sealer.for_browser(_LINK, json.dumps([bank.bank, request.id, request.token]).encode(), now)
    text = (
        f"Somebody, we hope you, asked us about the receipts of a {bank.name} customer.\n\n"
        f"Open this within a day to see how it stands. It works once:\n{_url(bank)}?{urlencode({'link': link})}\n\n"
        "Was it not you? Then do nothing: nothing is done or disclosed before we know who asked.\n"
    )
    return Mail(wish.email, "Your request to Counterfoil", text)


def open_link(bank: Bank, link: str, sealer: Sealer, now: datetime) -> tuple[PrivacyRequest, str]:
    """The request, and its token from now on. Raises Forbidden for a link that was opened, is too old, or not ours."""
    content = sealer.from_browser(_LINK, link, LINK_SECONDS, now)
    name, request_id, named = json.loads(content) if content else ("", "", "")
    if name != bank.bank:
        raise Forbidden("this link is not ours, or too old")
    token = new_token()

    def decide(request: PrivacyRequest) -> PrivacyRequest:
        if request.token != named:
            raise Forbidden("this link was opened before")
        return replace(request, token=hashed(token), rev=request.rev + 1)

    return rights.change(request_id, decide, now), token


def subject_let_in(request: PrivacyRequest, now: datetime) -> str | None:
    """Whose page its writer may open: a customer's, once documents showed that it is theirs, and for a while."""
    if not request.is_its_writers or request.subject is None:
        return None
    closed = request.closed_at
    return request.subject if closed is None or now < closed + ENTERED_WITHIN else None


def _url(bank: Bank) -> str:
    client = bank.sign_in or bank.oauth
    assert client is not None
    return f"{client.our_url.rstrip('/')}/connect/{bank.bank}/link"
