"""Files of receipts: asked for, uploaded straight to the bucket, and worked off a part at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets

from infra.function import Function
from infra.names import SEALING_SECRET, WEBHOOK_SECRETS
from infra.queues import WorkQueue

if TYPE_CHECKING:
    from infra.app_stack import AppStack

SIGNED = "The body, empty or not, is signed (Standard Webhooks); the handler verifies it before it parses anything."
UPLOADS, REPORTS = "uploads/*", "reports/*"


def add(app: AppStack, matching: WorkQueue) -> WorkQueue:
    """The files queue."""
    timeout = 30 if app.settings.sandbox else 300
    files = WorkQueue(
        app,
        "Files",
        key=app.key,
        alarms=app.alarms,
        timeout_seconds=timeout,
        receives=5,
        oldest=Duration.hours(1),
    )
    _receipt_files(app)
    _receipt_file_rows(app, files, matching, timeout)
    _on_upload(app, files)
    return files


def _receipt_files(app: AppStack) -> None:
    data = app.data
    function = Function(
        app,
        "receipt_files",
        app.platform,
        description="Gives a retailer a form to upload receipts, and tells how a file stands",
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "FILES_BUCKET": data.files.bucket_name,
        },
    )
    function.use_table(data.ledger, "dynamodb:GetItem", "dynamodb:PutItem")
    function.keep_pace(data.rendezvous)
    # The form and the link are signed with the function's own permissions.
    function.use_objects(data.files, UPLOADS, "The name of an upload is made at run time.", "s3:PutObject")
    function.use_objects(data.files, REPORTS, "The name of a report is made at run time.", "s3:GetObject")
    function.read_secrets_under(WEBHOOK_SECRETS)
    path = "/v1/retailers/{retailer}/receipt-files"
    app.public_route("POST", path, function, rate=20, burst=50, proof=SIGNED)
    app.public_route("GET", f"{path}/{{file_id}}", function, rate=100, burst=200, proof=SIGNED)


def _receipt_file_rows(app: AppStack, files: WorkQueue, matching: WorkQueue, timeout: int) -> None:
    data = app.data
    function = Function(
        app,
        "receipt_file_rows",
        app.platform,
        description="Takes the receipts of an uploaded file",
        timeout_seconds=timeout,
        memory_mb=1769,  # one whole processor
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "PAYLOADS_BUCKET": data.payloads.bucket_name,
            "FILES_BUCKET": data.files.bucket_name,
            "FILES_QUEUE_URL": files.queue.queue_url,
            "MATCH_QUEUE_URL": matching.queue.queue_url,
            "SEALING_SECRET": SEALING_SECRET,
            "WORK_SECONDS": str(timeout * 2 // 3),
            "SPREAD_SECONDS": str(app.settings.file_spread),
        },
    )
    function.use_table(data.ledger, "dynamodb:GetItem", "dynamodb:PutItem")
    function.keep_pace(data.rendezvous)
    function.use_bodies(data.payloads, "s3:PutObject")
    uploads = ("s3:GetObjectVersion", "s3:DeleteObjectVersion")
    reports = ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload")
    function.use_objects(data.files, UPLOADS, "Any upload: its name is made at run time.", *uploads)
    function.use_objects(data.files, REPORTS, "Any report: its name is made at run time.", *reports)
    function.allow(["s3:ListBucketVersions"], data.files.bucket_arn)
    function.read_secret(SEALING_SECRET)
    function.send_to(matching.queue, files.queue)
    files.work_off(function, max_concurrency=10, batch_size=1)


def _on_upload(app: AppStack, files: WorkQueue) -> None:
    rule = events.Rule(
        app,
        "ReceiptsUploaded",
        description="A retailer uploaded a file of receipts",
        event_pattern=events.EventPattern(
            source=["aws.s3"],
            detail_type=["Object Created"],
            detail={
                "bucket": {"name": [app.data.files.bucket_name]},
                "object": {"key": [{"prefix": UPLOADS.removesuffix("*")}]},
            },
        ),
    )
    name = events.EventField.from_path("$.detail.object.key")
    message = events.RuleTargetInput.from_object({"uploaded": name})
    rule.add_target(targets.SqsQueue(files.queue, message=message, dead_letter_queue=files.dead_letters))
