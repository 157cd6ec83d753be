"""Requests under data protection law: taken and shown, watched by the clock, answered by ops where a person must."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Duration

from infra.function import READ_ITEM, Function, alarm, counted
from infra.names import SEALING_SECRET

if TYPE_CHECKING:
    from infra.app_stack import AppStack
    from infra.queues import WorkQueue

WHOSE_REQUEST = "The handler checks the request's own token of 128 random bits."


def add(app: AppStack, rights: WorkQueue) -> None:
    _rights_api(app, rights)
    _rights_clock(app, rights)


def _rights_api(app: AppStack, rights: WorkQueue) -> None:
    data = app.data
    function = Function(
        app,
        "rights_api",
        app.platform,
        description="Takes requests under data protection law, and tells how they stand",
        memory_mb=1024,
        makes_documents=True,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "SALTS_TABLE": data.salts.table_name,
            "SEALING_SECRET": SEALING_SECRET,
            "RIGHTS_QUEUE_URL": rights.queue.queue_url,
            "FILES_BUCKET": data.files.bucket_name,
        },
    )
    function.use_objects(
        data.files, "exports/*", "Any customer's archive: its name is made at run time.", "s3:GetObject"
    )
    function.use_table(data.ledger, *READ_ITEM, "dynamodb:PutItem", "dynamodb:DeleteItem")
    function.use_index(data.ledger, "by_subject")
    function.use_table(data.salts, *READ_ITEM, "dynamodb:PutItem")
    function.read_secret(SEALING_SECRET)
    function.send_to(rights.queue)
    requests = "/v1/banks/{bank}/customers/{customer_id}/privacy-requests"
    for method, path in (("POST", requests), ("GET", requests)):
        app.partner_route(method, path, function, rate=20, burst=50, scope="rights")
    for method in ("GET", "PUT"):
        app.partner_route(method, f"{requests}/{{request_id}}", function, rate=20, burst=50, scope="rights")
    anybody = "/v1/privacy-requests"
    asked = "Public: whoever asks is told the same, known or not, and nothing is done before identity is proved."
    app.public_route("POST", anybody, function, rate=1, burst=10, proof=asked)
    for method in ("GET", "PUT"):
        app.public_route(method, f"{anybody}/{{reference}}", function, rate=10, burst=20, proof=WHOSE_REQUEST)


def _rights_clock(app: AppStack, rights: WorkQueue) -> None:
    data = app.data
    function = Function(
        app,
        "rights_clock",
        app.platform,
        description="Watches the deadlines of requests under data protection law, and does what ops say about one",
        timeout_seconds=300,
        memory_mb=1024,
        makes_documents=True,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "SALTS_TABLE": data.salts.table_name,
            "SEALING_SECRET": SEALING_SECRET,
            "RIGHTS_QUEUE_URL": rights.queue.queue_url,
        },
    )
    function.use_table(data.ledger, *READ_ITEM, "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
    function.use_index(data.ledger, "by_due")
    function.use_table(data.salts, *READ_ITEM)
    function.read_secret(SEALING_SECRET)
    function.send_to(rights.queue)
    function.run_every("1 hour", "Requests near or beyond their deadline are told, what waited in vain is closed")
    CfnOutput(app, "RightsClockFunction", value=function.lambda_function.function_name)
    for name in ("RightsDeadlineNear", "RightsOverdue"):
        alarm(function, name, app.alarms, counted(name, "rights_clock", Duration.hours(1)), 1)
    alarm(function, "RightsByHand", app.alarms, counted("RightsByHand", "rights_worker", Duration.hours(1)), 1)
