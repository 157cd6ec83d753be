"""What goes out: a queue a bank, so that one bank's failing never slows another's receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration

from counterfoil.domain.deliveries import LONGEST_TRY
from infra.function import READ_ITEM, Function
from infra.names import OAUTH_SECRETS, SEALING_SECRET, WEBHOOK_SECRETS
from infra.queues import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.app_stack import AppStack


def add(app: AppStack) -> dict[str, WorkQueue]:
    """The delivery queues by bank."""
    timeout = 20 if app.settings.sandbox else int(LONGEST_TRY.total_seconds())
    queues = {
        bank: WorkQueue(
            app,
            f"Delivery-{bank}",
            key=app.key,
            alarms=app.alarms,
            timeout_seconds=timeout,
            receives=len(app.settings.delivery_waits) + 1,
            oldest=Duration.hours(1),
        )
        for bank in app.settings.banks
    }
    _deliver_receipt(app, queues, timeout)
    _delivery_status(app)
    _resend_delivery(app, queues)
    return queues


def _deliver_receipt(app: AppStack, queues: dict[str, WorkQueue], timeout: int) -> None:
    function = Function(
        app,
        "deliver_receipt",
        app.platform,
        description="Sends a matched receipt to its bank",
        timeout_seconds=timeout,
        memory_mb=1024,
        environment=settings_of_delivering(app, queues),
    )
    allow_delivering(app, function)
    for queue in queues.values():
        queue.work_off(function, max_concurrency=20)


def settings_of_delivering(app: AppStack, queues: Mapping[str, WorkQueue]) -> dict[str, str]:
    """What a function is told that delivers receipts."""
    data = app.data
    return {
        "LEDGER_TABLE": data.ledger.table_name,
        "SALTS_TABLE": data.salts.table_name,
        "PAYLOADS_BUCKET": data.payloads.bucket_name,
        "DELIVERY_QUEUE_URLS": app.to_json_string({bank: queue.queue.queue_url for bank, queue in queues.items()}),
        "SEALING_SECRET": SEALING_SECRET,
        "DELIVERY_WAITS": ",".join(map(str, app.settings.delivery_waits)),
        "ALLOW_LOOPBACK_CALLBACKS": str(app.settings.sandbox).lower(),
    }


def allow_delivering(app: AppStack, function: Function) -> None:
    """What it may."""
    data = app.data
    function.use_table(data.ledger, *READ_ITEM, "dynamodb:PutItem", "dynamodb:UpdateItem")
    function.use_table(data.salts, *READ_ITEM)
    function.use_bodies(data.payloads, "s3:GetObject")
    function.read_secret(SEALING_SECRET)
    function.read_secrets_under(WEBHOOK_SECRETS)
    function.read_secrets_under(OAUTH_SECRETS)


def _delivery_status(app: AppStack) -> None:
    function = Function(
        app,
        "delivery_status",
        app.platform,
        description="Tells a bank how one delivery stands",
        environment={"LEDGER_TABLE": app.data.ledger.table_name},
    )
    function.use_table(app.data.ledger, "dynamodb:GetItem")
    app.partner_route(
        "GET", "/v1/banks/{bank}/deliveries/{delivery_id}", function, rate=500, burst=1000, scope="deliveries"
    )


def _resend_delivery(app: AppStack, queues: Mapping[str, WorkQueue]) -> None:
    function = Function(
        app,
        "resend_delivery",
        app.platform,
        description="Sends a delivery again, as its bank wants",
        environment={
            "LEDGER_TABLE": app.data.ledger.table_name,
            "DELIVERY_QUEUE_URLS": app.to_json_string({bank: queue.queue.queue_url for bank, queue in queues.items()}),
        },
    )
    function.use_table(app.data.ledger, "dynamodb:GetItem", "dynamodb:PutItem")
    function.keep_pace(app.data.rendezvous)
    function.send_to(*(queue.queue for queue in queues.values()))
    app.partner_route(
        "POST",
        "/v1/banks/{bank}/deliveries/{delivery_id}/resend",
        function,
        rate=100,
        burst=200,
        scope="deliveries",
    )
