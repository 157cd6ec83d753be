"""What comes in: transactions from banks, receipts from tills, and the matcher that both end in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration

from infra.function import QUERY, READ_ITEM, WRITE_ITEM, Function, alarm, counted
from infra.names import SEALING_SECRET, WEBHOOK_SECRETS
from infra.queues import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.app_stack import AppStack

BY_PATH = "The path ends in a secret of 256 random bits, of one linked account."
SIGNED = "The body is signed as its sender signs; the handler verifies it before it parses anything."


def add(app: AppStack, delivery_queues: Mapping[str, WorkQueue]) -> WorkQueue:
    """The match queue."""
    timeout = 10 if app.settings.sandbox else 30
    matching = WorkQueue(
        app,
        "Match",
        key=app.key,
        alarms=app.alarms,
        timeout_seconds=timeout,
        receives=5,
        oldest=Duration.minutes(20),  # the last planned look at an undecided side comes after ten
    )
    _bank_webhook(app, matching)
    _retailer_receipt(app, matching)
    _match_receipts(app, matching, timeout, delivery_queues)
    return matching


def _bank_webhook(app: AppStack, matching: WorkQueue) -> None:
    data = app.data
    function = Function(
        app,
        "bank_webhook",
        app.platform,
        description="Takes a bank's card transactions",
        memory_mb=1024,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "SALTS_TABLE": data.salts.table_name,
            "MATCH_QUEUE_URL": matching.queue.queue_url,
            "SEALING_SECRET": SEALING_SECRET,
        },
    )
    function.use_table(data.ledger, *READ_ITEM)
    function.use_table(data.salts, *READ_ITEM)
    function.read_secret(SEALING_SECRET)
    function.read_secrets_under(WEBHOOK_SECRETS)
    function.send_to(matching.queue)
    function.keep_pace(data.rendezvous)
    app.public_route("POST", "/v1/banks/{bank}/transactions", function, rate=5000, burst=5000, proof=SIGNED)
    app.public_route("POST", "/v1/banks/{bank}/transactions/{secret}", function, rate=500, burst=1000, proof=BY_PATH)


def _retailer_receipt(app: AppStack, matching: WorkQueue) -> None:
    data = app.data
    function = Function(
        app,
        "retailer_receipt",
        app.platform,
        description="Takes a till's receipts",
        memory_mb=1024,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "PAYLOADS_BUCKET": data.payloads.bucket_name,
            "MATCH_QUEUE_URL": matching.queue.queue_url,
            "SEALING_SECRET": SEALING_SECRET,
        },
    )
    function.use_table(data.ledger, *READ_ITEM)
    function.use_bodies(data.payloads, "s3:PutObject")
    function.read_secret(SEALING_SECRET)
    function.read_secrets_under(WEBHOOK_SECRETS)
    function.send_to(matching.queue)
    function.keep_pace(data.rendezvous)
    app.public_route("POST", "/v1/retailers/{retailer}/receipts", function, rate=5000, burst=5000, proof=SIGNED)


def _match_receipts(app: AppStack, matching: WorkQueue, timeout: int, delivery_queues: Mapping[str, WorkQueue]) -> None:
    data = app.data
    function = Function(
        app,
        "match_receipts",
        app.platform,
        description="Brings transactions and receipts together",
        timeout_seconds=timeout,
        memory_mb=1024,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "RENDEZVOUS_TABLE": data.rendezvous.table_name,
            "PAYLOADS_BUCKET": data.payloads.bucket_name,
            "MATCH_QUEUE_URL": matching.queue.queue_url,
            "DELIVERY_QUEUE_URLS": app.to_json_string(
                {bank: queue.queue.queue_url for bank, queue in delivery_queues.items()}
            ),
            "SEALING_SECRET": SEALING_SECRET,
            "MATCH_WAITS": ",".join(map(str, app.settings.match_waits)),
        },
    )
    function.use_table(data.ledger, *READ_ITEM, *QUERY, *WRITE_ITEM)
    function.use_table(data.rendezvous, *READ_ITEM, *QUERY, *WRITE_ITEM)
    function.use_bodies(data.payloads, "s3:DeleteObject")
    function.read_secret(SEALING_SECRET)
    function.send_to(matching.queue, *(queue.queue for queue in delivery_queues.values()))
    matching.work_off(function, max_concurrency=500)
    flood = counted("TillFlooding", "match_receipts", Duration.minutes(5))
    alarm(function, "TillFlooding", app.alarms, flood, 20)
