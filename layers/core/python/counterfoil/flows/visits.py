"""What a customer's browser keeps for us between two requests, readable by us alone, and for a while only."""

import json
import secrets as randomness
from dataclasses import dataclass
from datetime import datetime

from counterfoil.banks.oauth import Tokens
from counterfoil.domain.fields import is_id
from counterfoil.domain.merchants import Bank
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.errors import Forbidden, NotFound
from counterfoil.sealing import Sealer
from counterfoil.store import registry

VISIT_SECONDS = 900
SESSION_SECONDS = 1800
_VISIT, _SESSION, _OPENED, _FORM = "visit", "session", "opened", "form"


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """A way to a bank and back. `state` ties the return to the browser that left, and so does `verifier` the code that
    it brings (PKCE); `tokens` are those of a customer who has yet to confirm in the bank's app."""

    bank: str
    state: str
    verifier: str
    tokens: Tokens | None = None


def bank_of(name: str) -> Bank:
    """A bank whose customers have a page of their own. Raises NotFound for any other."""
    record = registry.bank(name) if is_id(name) else None
    if record is None or not (record.bank.oauth or record.bank.sign_in):
        raise NotFound("no bank whose customers sign in here")
    return record.bank


def new_visit(bank: str) -> Visit:
    return Visit(bank, randomness.token_urlsafe(32), randomness.token_urlsafe(48))


def keep_visit(visit: Visit, sealer: Sealer, now: datetime) -> str:
    tokens = visit.tokens and [visit.tokens.access, visit.tokens.refresh, to_millis(visit.tokens.expires_at)]
    return sealer.for_browser(_VISIT, json.dumps([visit.bank, visit.state, visit.verifier, tokens]).encode(), now)


def visit_to(bank: str, kept: str, sealer: Sealer, now: datetime) -> Visit:
    """Raises Forbidden where the browser keeps none for this bank, or for too long."""
    content = sealer.from_browser(_VISIT, kept, VISIT_SECONDS, now)
    name, state, verifier, tokens = json.loads(content) if content else ("", "", "", None)
    if name != bank:
        raise Forbidden("this visit has ended")
    return Visit(bank, state, verifier, Tokens(tokens[0], tokens[1], from_millis(tokens[2])) if tokens else None)


def keep_session(bank: str, subject: str, sealer: Sealer, now: datetime) -> str:
    return sealer.for_browser(_SESSION, json.dumps([bank, subject]).encode(), now)


def subject_of(bank: str, kept: str, sealer: Sealer, now: datetime) -> str | None:
    """Whose session it is; None where there is none at this bank, or it has ended."""
    content = sealer.from_browser(_SESSION, kept, SESSION_SECONDS, now)
    name, subject = json.loads(content) if content else ("", "")
    return subject if name == bank else None


def keep_opened(bank: str, request_id: str, sealer: Sealer, now: datetime) -> str:
    return sealer.for_browser(_OPENED, json.dumps([bank, request_id]).encode(), now)


def opened(bank: str, kept: str, sealer: Sealer, now: datetime) -> str | None:
    """Which request this browser has open, of somebody who did not sign in."""
    content = sealer.from_browser(_OPENED, kept, SESSION_SECONDS, now)
    name, request_id = json.loads(content) if content else ("", "")
    return request_id if name == bank else None


def form_of(subject: str, sealer: Sealer, now: datetime) -> str:
    """What a form of ours carries, so that no other site can send one. `subject`: whose session it is, or the request
    that is open."""
    return sealer.for_browser(_FORM, subject.encode(), now)


def required_form(subject: str | None, carried: str, sealer: Sealer, now: datetime) -> str:
    """The customer whose session it is. Raises Forbidden unless the form is one that we made for them."""
    if subject is None or sealer.from_browser(_FORM, carried, SESSION_SECONDS, now) != subject.encode():
        raise Forbidden("this form is not ours, or too old")
    return subject
