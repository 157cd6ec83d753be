"""The audit trail: who takes and verifies its checkpoints, and who records what ops do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions

from infra.function import QUERY, READ_ITEM, Function
from infra.names import SEALING_SECRET

if TYPE_CHECKING:
    from infra.app_stack import AppStack

TIMEOUT = 840


def add(app: AppStack) -> None:
    _audit_checkpoint(app)
    _audit_desk(app)


def _audit_desk(app: AppStack) -> None:
    data = app.data
    function = Function(
        app,
        "audit_desk",
        app.platform,
        description="Records disclosures to authorities and what ops do",
        timeout_seconds=60,
        memory_mb=1024,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "SALTS_TABLE": data.salts.table_name,
            "SEALING_SECRET": SEALING_SECRET,
        },
    )
    function.use_table(data.ledger, *READ_ITEM, *QUERY, "dynamodb:PutItem")
    function.use_index(data.ledger, "by_due")
    function.use_table(data.salts, *READ_ITEM)
    function.read_secret(SEALING_SECRET)
    CfnOutput(app, "AuditDeskFunction", value=function.lambda_function.function_name)


def _audit_checkpoint(app: AppStack) -> None:
    data = app.data
    function = Function(
        app,
        "audit_checkpoint",
        app.platform,
        description="Takes checkpoints of the audit trail, and verifies it",
        timeout_seconds=TIMEOUT,
        memory_mb=1024,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "CHECKPOINTS_BUCKET": data.checkpoints.bucket_name,
            "SEALING_SECRET": SEALING_SECRET,
            "WORK_SECONDS": str(TIMEOUT * 2 // 3),
        },
    )
    function.use_table(data.ledger, *READ_ITEM, *QUERY)
    function.use_index(data.ledger, "by_due")
    function.keep_place(data.ledger, "checkpoints")
    function.use_objects(
        data.checkpoints,
        "checkpoints/*",
        "Any checkpoint: its name is its number.",
        *("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectRetention"),
    )
    # Without the first, S3 refuses to say that a checkpoint is not there.
    function.allow(["s3:ListBucket", "s3:ListBucketVersions"], data.checkpoints.bucket_arn)
    function.read_secret(SEALING_SECRET)
    function.run_every("1 hour", "How far the audit trail came is put under lock")
    CfnOutput(app, "AuditFunction", value=function.lambda_function.function_name)
    _alarm_if_behind(app, function)


def _alarm_if_behind(app: AppStack, function: Function) -> None:
    """A checkpoint that failed is an error of the function; here, that none was even tried for three hours."""
    runs = function.lambda_function.metric_invocations(period=Duration.hours(1), statistic="Sum")
    cloudwatch.Alarm(
        function,
        "BehindAlarm",
        metric=runs,
        threshold=1,
        evaluation_periods=3,
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
    ).add_alarm_action(actions.SnsAction(app.alarms))
