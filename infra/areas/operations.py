"""What ops do: register partners. Called by `python -m infra.operate`, never over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput

from infra.function import QUERY, READ_ITEM, WRITE_ITEM, Function

if TYPE_CHECKING:
    from infra.app_stack import AppStack


def add(app: AppStack) -> None:
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
