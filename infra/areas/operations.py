"""What runs by itself or at ops' word: partners registered, failing banks paused and probed. Never over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler

from infra.areas import delivery
from infra.function import QUERY, READ_ITEM, WRITE_ITEM, Function, alarm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.app_stack import AppStack
    from infra.queues import WorkQueue


def add(app: AppStack, delivery_queues: Mapping[str, WorkQueue]) -> None:
    _register_partners(app)
    _probe_banks(app, delivery_queues)


def _register_partners(app: AppStack) -> None:
    function = Function(
        app,
        "register_partners",
        app.platform,
        description="Checks and stores merchants.json and banks.json",
        timeout_seconds=60,
        memory_mb=1024,
        environment={
            "LEDGER_TABLE": app.data.ledger.table_name,
            "ALLOW_LOOPBACK_CALLBACKS": str(app.settings.sandbox).lower(),
        },
    )
    function.use_table(app.data.ledger, *READ_ITEM, *QUERY, *WRITE_ITEM)
    CfnOutput(app, "RegisterFunction", value=function.lambda_function.function_name)


def _probe_banks(app: AppStack, delivery_queues: Mapping[str, WorkQueue]) -> None:
    function = Function(
        app,
        "probe_banks",
        app.platform,
        description="Pauses banks that keep failing, and probes them until they recover",
        timeout_seconds=60,
        memory_mb=1024,
        environment={
            **delivery.settings_of_delivering(app, delivery_queues),
            "DELIVERY_MAPPINGS": app.to_json_string(
                {bank: work.mapping.event_source_mapping_id for bank, work in delivery_queues.items()}
            ),
        },
    )
    delivery.allow_delivering(app, function)
    function.take_from(*(work.queue for work in delivery_queues.values()))
    mappings = [work.mapping.event_source_mapping_arn for work in delivery_queues.values()]
    function.allow(["lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"], *mappings)
    _every_minute(app, function)
    CfnOutput(app, "ProbeFunction", value=function.lambda_function.function_name)
    paused = cloudwatch.Metric(
        namespace="Counterfoil",
        metric_name="BankPaused",
        dimensions_map={"service": "probe_banks"},
        period=Duration.minutes(1),
        statistic="Sum",
    )
    alarm(function, "BankPaused", app.alarms, paused, 1)


def _every_minute(app: AppStack, function: Function) -> None:
    arn = function.lambda_function.function_arn
    role = iam.Role(app, "ProbeScheduleRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
    role.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[arn]))
    scheduler.CfnSchedule(
        app,
        "ProbeSchedule",
        description="Each bank's health is looked at",
        schedule_expression="rate(1 minute)",
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=arn,
            role_arn=role.role_arn,
            input="{}",
            # The next minute tries again anyway.
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(maximum_retry_attempts=0),
        ),
    )
