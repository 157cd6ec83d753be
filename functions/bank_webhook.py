"""A bank tells of a card transaction: POST /v1/banks/{bank}/transactions."""

from datetime import UTC, datetime

from counterfoil.banks import adapter_named
from counterfoil.banks.adapter import Arrival, Credentials
from counterfoil.domain import strict_json
from counterfoil.domain.fields import is_id
from counterfoil.errors import NotFound
from counterfoil.flows import intake
from counterfoil.runtime import api, env, observe, queues, secrets
from counterfoil.runtime.api import Reply, Request
from counterfoil.runtime.queues import Outgoing
from counterfoil.store import registry


def _take(request: Request) -> Reply:
    now = datetime.now(UTC)
    name = request.path["bank"]
    record = registry.bank(name) if is_id(name) else None
    if record is None:
        raise NotFound("no such bank")
    adapter = adapter_named(record.bank.adapter)
    bank = record.bank
    credentials = Credentials(tuple(secrets.active(bank.secrets)), bank.public_keys)
    arrival = Arrival(request.method, request.raw_path, request.headers, request.body)
    adapter.proof.verify(arrival, credentials, now)
    event = adapter.parse(strict_json.loads(request.body))
    outcome = intake.take_transaction(bank.bank, adapter, event, secrets.sealer(), now)
    queues.send_or_fail([Outgoing(env.text("MATCH_QUEUE_URL"), send.body, send.delay) for send in outcome.sends])
    observe.count(outcome.counts)
    return Reply(202, {"status": "taken"})


handler = api.endpoint(_take)
