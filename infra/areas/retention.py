"""The retention sweep and legal holds: by itself and at ops' word, never over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions

from infra.function import QUERY, READ_ITEM, WRITE_ITEM, Function, alarm, counted
from infra.names import SEALING_SECRET

if TYPE_CHECKING:
    from infra.app_stack import AppStack

HOURS_BEHIND = 6


def add(app: AppStack) -> None:
    _retention_sweep(app)
    _legal_holds(app)


def _retention_sweep(app: AppStack) -> None:
    data, timeout = app.data, 840
    function = Function(
        app,
        "retention_sweep",
        app.platform,
        description="Deletes what the data map says is over",
        timeout_seconds=timeout,
        memory_mb=1024,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "SALTS_TABLE": data.salts.table_name,
            "PAYLOADS_BUCKET": data.payloads.bucket_name,
            "WORK_SECONDS": str(timeout * 2 // 3),
        },
    )
    function.use_table(data.ledger, *READ_ITEM, *QUERY, *WRITE_ITEM)
    function.use_index(data.ledger, "by_due")
    function.use_index(data.ledger, "by_subject")
    function.use_table(data.salts, "dynamodb:DeleteItem")
    function.use_bodies(data.payloads, "s3:DeleteObjectVersion")
    function.allow(["s3:ListBucketVersions"], data.payloads.bucket_arn)
    function.run_every("1 hour", "What is over is deleted: one run a day, which goes on until it is done")
    CfnOutput(app, "SweepFunction", value=function.lambda_function.function_name)
    hour = Duration.hours(1)
    alarm(function, "SweepFailed", app.alarms, counted("SweepFailed", "retention_sweep", hour), 1)
    alarm(function, "SweepBehind", app.alarms, counted("SweepBehind", "retention_sweep", hour), 1, HOURS_BEHIND)
    _no_run_in_a_day(app, function)


def _no_run_in_a_day(app: AppStack, function: Function) -> None:
    """Here no data is the alarm: that of a sweep that died each time, or was never started."""
    cloudwatch.Alarm(
        function,
        "NoRunInADayAlarm",
        metric=counted("SweepDone", "retention_sweep", Duration.hours(6)),
        threshold=1,
        evaluation_periods=4,
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
    ).add_alarm_action(actions.SnsAction(app.alarms))


def _legal_holds(app: AppStack) -> None:
    data = app.data
    function = Function(
        app,
        "legal_holds",
        app.platform,
        description="Places, lists and releases legal holds, at ops' word",
        environment={"LEDGER_TABLE": data.ledger.table_name, "SEALING_SECRET": SEALING_SECRET},
    )
    function.use_table(data.ledger, *READ_ITEM, "dynamodb:PutItem", "dynamodb:DeleteItem")
    function.use_index(data.ledger, "by_due")
    function.read_secret(SEALING_SECRET)
    CfnOutput(app, "HoldsFunction", value=function.lambda_function.function_name)
