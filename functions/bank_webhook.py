"""A bank tells of a card transaction: POST /v1/banks/{bank}/transactions, or below it at an account's path secret."""

from datetime import UTC, datetime

from counterfoil.banks import adapter_named
from counterfoil.banks.adapter import Arrival, Credentials
from counterfoil.domain import path_secrets, strict_json
from counterfoil.domain.fields import is_id
from counterfoil.domain.merchants import Bank
from counterfoil.errors import Forbidden, NotFound
from counterfoil.flows import intake, pacing
from counterfoil.runtime import api, env, observe, queues, secrets
from counterfoil.runtime.api import Reply, Request
from counterfoil.runtime.queues import Outgoing
from counterfoil.store import links, registry


def _take(request: Request) -> Reply:
    now = datetime.now(UTC)
    name = request.path["bank"]
    record = registry.bank(name) if is_id(name) else None
    if record is None:
        raise NotFound("no such bank")
    bank, adapter = record.bank, adapter_named(record.bank.adapter)
    secret = request.path.get("secret", "")
    credentials, holder = _credentials(bank, secret)
    arrival = Arrival(request.method, request.raw_path, request.headers, request.body, secret)
    adapter.proof.verify(arrival, credentials, now)
    observe.count(pacing.admit_bank(bank.bank, now))
    event = adapter.parse(strict_json.loads(request.body))
    sealer = secrets.sealer()
    if event is not None and holder not in (None, sealer.subject(bank.bank, event.data.customer_id)):
        raise Forbidden("the address is another account's")
    outcome = intake.take_transaction(bank.bank, adapter, event, sealer, now)
    queues.send_or_fail([Outgoing(env.text("MATCH_QUEUE_URL"), send.body, send.delay) for send in outcome.sends])
    observe.count(outcome.counts)
    return Reply(202, {"status": "taken"})


def _credentials(bank: Bank, secret: str) -> tuple[Credentials, str | None]:
    """What this call is to be verified with, and whose account alone it may tell of (None: any)."""
    if not secret:
        return Credentials(tuple(secrets.active(bank.secrets)), bank.public_keys), None
    hashed = path_secrets.hashed(secret)
    holder = links.holder(hashed)
    if holder is None or holder.bank != bank.bank:
        return Credentials(), None
    return Credentials(secrets=(hashed,)), holder.subject


handler = api.endpoint(_take)
