"""What runs by itself or at ops' word, never over HTTP: partners registered, failing banks paused and probed, payments
without a receipt decided once more after a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Duration

from infra.areas import delivery
from infra.function import QUERY, READ_ITEM, WRITE_ITEM, Function, alarm, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.app_stack import AppStack
    from infra.queues import WorkQueue


def add(app: AppStack, matching: WorkQueue, delivery_queues: Mapping[str, WorkQueue]) -> None:
    _register_partners(app)
    _probe_banks(app, delivery_queues)
    _revisit_undecided(app, matching)


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
    function.run_every("1 minute", "Each bank's health is looked at")
    CfnOutput(app, "ProbeFunction", value=function.lambda_function.function_name)
    alarm(function, "BankPaused", app.alarms, counted("BankPaused", "probe_banks", Duration.minutes(1)), 1)


def _revisit_undecided(app: AppStack, matching: WorkQueue) -> None:
    settings, data = app.settings, app.data
    timeout = 840
    function = Function(
        app,
        "revisit_undecided",
        app.platform,
        description="Has payments without a receipt decided once more after a day, and closes them after a week",
        timeout_seconds=timeout,
        memory_mb=1024,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "RENDEZVOUS_TABLE": data.rendezvous.table_name,
            "MATCH_QUEUE_URL": matching.queue.queue_url,
            "REVISITED_AFTER": ",".join(map(str, settings.revisited_after)),
            "WORK_SECONDS": str(timeout * 2 // 3),
            "SPREAD_SECONDS": str(settings.revisit_spread),
        },
    )
    function.use_table(data.ledger, "dynamodb:GetItem", "dynamodb:PutItem")
    function.use_index(data.ledger, "by_due")
    function.use_table(data.rendezvous, "dynamodb:DeleteItem")
    function.send_to(matching.queue)
    function.run_every("15 minutes", "Payments without a receipt are visited after a day and after a week")
    CfnOutput(app, "RevisitFunction", value=function.lambda_function.function_name)
    behind = counted("RoundBehind", "revisit_undecided", Duration.minutes(15))
    alarm(function, "RoundBehind", app.alarms, behind, 1, 8)
