"""Requests under data protection law: through the bank (…/customers/{customer_id}/privacy-requests), and by anybody
(/v1/privacy-requests), who reads theirs with the token that they were given once."""

from datetime import UTC, datetime
from typing import Any

from counterfoil.domain import strict_json
from counterfoil.domain.fields import is_id, validated
from counterfoil.domain.rights import PrivacyRequest
from counterfoil.domain.rights_wishes import MOST_PUBLIC_BYTES, PrivacyChange, PrivacyWish, PublicPrivacyWish
from counterfoil.errors import NotFound, TooLarge
from counterfoil.flows import pacing, rights, telling
from counterfoil.runtime import api, observe, queues, secrets
from counterfoil.runtime.api import Reply, Request


def _answer(request: Request) -> Reply:
    return _of_bank(request) if "bank" in request.path else _of_anybody(request)


def _of_bank(request: Request) -> Reply:
    bank, customer_id, now = request.path["bank"], request.path["customer_id"], datetime.now(UTC)
    request.require_scope(f"counterfoil/{bank}.rights")
    observe.count(pacing.admit_bank(bank, now))
    if not is_id(customer_id):
        raise NotFound("no such customer")
    subject = secrets.sealer().subject(bank, customer_id)
    if request.method == "POST":
        wish = validated(PrivacyWish, strict_json.loads(request.body))
        observe.count(["RightsAsked"])
        made = rights.ask(bank, subject, wish, "bank", secrets.sealer(), now, queues.announce)
        return Reply(202, _told(made, now))
    if "request_id" not in request.path:
        return Reply(200, {"requests": [_told(each, now) for each in rights.all_of(subject)]})
    return _one(request, rights.of_customer(request.path["request_id"], subject), now)


def _of_anybody(request: Request) -> Reply:
    now = datetime.now(UTC)
    if request.method == "POST":
        if len(request.body) > MOST_PUBLIC_BYTES:
            raise TooLarge("a public request is at most 4 KiB")
        wish = validated(PublicPrivacyWish, strict_json.loads(request.body))
        made, token = rights.ask_publicly(wish, secrets.sealer(), now)
        observe.count(["RightsAskedPublicly"])
        return Reply(202, _told(made, now) | {"token": token})
    known = rights.with_token(request.path["reference"], request.headers.get("privacy-request-token", ""))
    return _one(request, known, now)


def _one(request: Request, known: PrivacyRequest, now: datetime) -> Reply:
    if request.method == "PUT":
        wish = validated(PrivacyChange, strict_json.loads(request.body))
        known = rights.amend(known.id, wish, secrets.sealer(), now, queues.announce)
    return Reply(200, _told(known, now, may_fetch="bank" in request.path or known.is_its_writers))


def _told(request: PrivacyRequest, now: datetime, *, may_fetch: bool = False) -> dict[str, Any]:
    return telling.told(request, secrets.sealer(), now, may_fetch=may_fetch)


handler = api.endpoint(_answer)
