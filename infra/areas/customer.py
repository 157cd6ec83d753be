"""What a bank's customer decides, through the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.function import QUERY, READ_ITEM, WRITE_ITEM, Function
from infra.names import SEALING_SECRET

if TYPE_CHECKING:
    from infra.app_stack import AppStack
    from infra.queues import WorkQueue


def add(app: AppStack, rights: WorkQueue) -> None:
    data = app.data
    function = Function(
        app,
        "consent_update",
        app.platform,
        description="Grants, withdraws and shows a customer's consents",
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "SALTS_TABLE": data.salts.table_name,
            "SEALING_SECRET": SEALING_SECRET,
            "RIGHTS_QUEUE_URL": rights.queue.queue_url,
        },
    )
    function.use_table(data.ledger, *READ_ITEM, *QUERY, *WRITE_ITEM)
    function.use_table(data.salts, "dynamodb:GetItem", "dynamodb:PutItem")
    function.read_secret(SEALING_SECRET)
    function.send_to(rights.queue)
    consents = "/v1/banks/{bank}/customers/{customer_id}/consents"
    app.partner_route("PUT", f"{consents}/{{purpose}}", function, rate=200, burst=400, scope="consents")
    app.partner_route("GET", consents, function, rate=200, burst=400, scope="consents")
