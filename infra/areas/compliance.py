"""What the law asks of us, and what follows from a customer's choice: the queue of rights and who works it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration

from infra.areas import erasures
from infra.function import QUERY, READ_ITEM, WRITE_ITEM, Function
from infra.names import SEALING_SECRET
from infra.queues import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.app_stack import AppStack


def add(app: AppStack, matching: WorkQueue, links: WorkQueue, delivery_queues: Mapping[str, WorkQueue]) -> WorkQueue:
    """The queue of rights."""
    timeout = 30 if app.settings.sandbox else 300
    rights = WorkQueue(
        app,
        "Rights",
        key=app.key,
        alarms=app.alarms,
        timeout_seconds=timeout,
        receives=12,
        oldest=Duration.hours(6),
    )
    _rights_worker(app, rights, timeout, matching, links, delivery_queues)
    erasures.add(app, rights)
    return rights


def _rights_worker(
    app: AppStack,
    rights: WorkQueue,
    timeout: int,
    matching: WorkQueue,
    links: WorkQueue,
    delivery_queues: Mapping[str, WorkQueue],
) -> None:
    data = app.data
    function = Function(
        app,
        "rights_worker",
        app.platform,
        description="Does what a customer's choice or request leaves to be done",
        timeout_seconds=timeout,
        memory_mb=1024,
        makes_documents=True,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "RENDEZVOUS_TABLE": data.rendezvous.table_name,
            "SALTS_TABLE": data.salts.table_name,
            "SEALING_SECRET": SEALING_SECRET,
            "RIGHTS_QUEUE_URL": rights.queue.queue_url,
            "MATCH_QUEUE_URL": matching.queue.queue_url,
            "LINKS_QUEUE_URL": links.queue.queue_url,
            "DELIVERY_QUEUE_URLS": app.to_json_string(
                {bank: queue.queue.queue_url for bank, queue in delivery_queues.items()}
            ),
            "ALLOW_LOOPBACK_CALLBACKS": str(app.settings.sandbox).lower(),
            "STOPPED_AGAIN_AFTER": str(app.settings.stopped_again_after),
            "ERASURE_WAITS": ",".join(map(str, app.settings.erasure_waits)),
            "PAYLOADS_BUCKET": data.payloads.bucket_name,
            "FILES_BUCKET": data.files.bucket_name,
        },
    )
    erasures.may_erase(app, function)
    function.use_table(data.ledger, *READ_ITEM, *QUERY, *WRITE_ITEM)
    function.use_index(data.ledger, "by_subject")
    function.use_table(data.rendezvous, "dynamodb:DeleteItem", "dynamodb:PutItem")
    function.use_table(data.salts, *READ_ITEM, "dynamodb:PutItem", "dynamodb:DeleteItem")
    function.read_secret(SEALING_SECRET)
    function.send_to(rights.queue, matching.queue, links.queue, *(queue.queue for queue in delivery_queues.values()))
    rights.work_off(function, max_concurrency=5, batch_size=1)
