"""Who may erase, and the erasure ledger, which ops apply again after a restore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput

from infra.function import READ_ITEM, Function
from infra.names import SEALING_SECRET

if TYPE_CHECKING:
    from infra.app_stack import AppStack
    from infra.queues import WorkQueue

ENTRIES = "erasures/*"


def add(app: AppStack, rights: WorkQueue) -> None:
    data = app.data
    function = Function(
        app,
        "apply_erasures",
        app.platform,
        description="Applies the erasure ledger again, after a restore and before a redrive",
        timeout_seconds=120,
        memory_mb=1024,
        makes_documents=True,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "SALTS_TABLE": data.salts.table_name,
            "PAYLOADS_BUCKET": data.payloads.bucket_name,
            "RIGHTS_QUEUE_URL": rights.queue.queue_url,
            "SEALING_SECRET": SEALING_SECRET,
        },
    )
    function.use_table(data.ledger, *READ_ITEM)
    function.use_table(data.salts, "dynamodb:GetItem", "dynamodb:DeleteItem")
    function.allow(["s3:ListBucket"], data.payloads.bucket_arn)
    function.use_objects(data.payloads, ENTRIES, "Any erasure's entry: its name is made at run time.", "s3:GetObject")
    function.read_secret(SEALING_SECRET)
    function.send_to(rights.queue)
    CfnOutput(app, "ErasuresFunction", value=function.lambda_function.function_name)


def may_erase(app: AppStack, function: Function) -> None:
    """Deletes what is a customer's, and enters that into the erasure ledger."""
    payloads, files = app.data.payloads, app.data.files
    function.use_objects(payloads, ENTRIES, "Any erasure's entry: its name is made at run time.", "s3:PutObject")
    function.use_bodies(payloads, "s3:DeleteObject", "s3:DeleteObjectVersion")
    function.allow(["s3:ListBucketVersions"], payloads.bucket_arn, files.bucket_arn)
    written = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion")
    function.use_objects(files, "exports/*", "Any customer's archive: its name is made at run time.", *written)
    function.use_bodies(payloads, "s3:GetObject")
