"""What ops may look into: why a payment has its receipt or none, and what was learned of tills. Never over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput

from infra.function import QUERY, READ_ITEM, Function
from infra.names import SEALING_SECRET

if TYPE_CHECKING:
    from infra.app_stack import AppStack


def add(app: AppStack) -> None:
    data = app.data
    function = Function(
        app,
        "inspect_matching",
        app.platform,
        description="Tells ops why a payment has its receipt or none, and how tills' clocks are",
        timeout_seconds=60,
        memory_mb=1024,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "RENDEZVOUS_TABLE": data.rendezvous.table_name,
            "SALTS_TABLE": data.salts.table_name,
            "SEALING_SECRET": SEALING_SECRET,
            "MATCH_WAITS": ",".join(map(str, app.settings.match_waits)),
            "REVISITED_AFTER": ",".join(map(str, app.settings.revisited_after)),
        },
    )
    function.use_table(data.ledger, *READ_ITEM, *QUERY)
    function.use_table(data.rendezvous, *QUERY)
    function.use_table(data.salts, *READ_ITEM)
    function.read_secret(SEALING_SECRET)
    CfnOutput(app, "InspectFunction", value=function.lambda_function.function_name)
