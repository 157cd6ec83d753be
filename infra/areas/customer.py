"""What a bank's customer decides and asks for, through the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.function import QUERY, READ_ITEM, WRITE_ITEM, Function
from infra.names import SEALING_SECRET

if TYPE_CHECKING:
    from infra.app_stack import AppStack
    from infra.queues import WorkQueue


_CUSTOMER = "/v1/banks/{bank}/customers/{customer_id}"


def add(app: AppStack, rights: WorkQueue, matching: WorkQueue) -> None:
    _consent_update(app, rights)
    _disconnect_customer(app, rights)
    _customer_api(app, matching)
    _customer_receipts(app)


def _consent_update(app: AppStack, rights: WorkQueue) -> None:
    data = app.data
    function = Function(
        app,
        "consent_update",
        app.platform,
        description="Grants, withdraws and shows a customer's consents",
        # A withdrawal is written within five seconds or not at all: fifteen more, and what it overtook has ended.
        timeout_seconds=5,
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
    consents = f"{_CUSTOMER}/consents"
    app.partner_route("PUT", f"{consents}/{{purpose}}", function, rate=200, burst=400, scope="consents")
    app.partner_route("GET", consents, function, rate=200, burst=400, scope="consents")
    app.public_route("GET", "/v1/keys", function, rate=50, burst=100, proof="Public keys, and nothing else.")


def _disconnect_customer(app: AppStack, rights: WorkQueue) -> None:
    data = app.data
    function = Function(
        app,
        "disconnect_customer",
        app.platform,
        description="Withdraws everything of a customer's and has them erased",
        timeout_seconds=5,  # as consent_update
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "SEALING_SECRET": SEALING_SECRET,
            "RIGHTS_QUEUE_URL": rights.queue.queue_url,
        },
        makes_documents=True,
    )
    function.use_table(data.ledger, "dynamodb:GetItem", "dynamodb:PutItem")
    function.read_secret(SEALING_SECRET)
    function.send_to(rights.queue)
    app.partner_route("DELETE", _CUSTOMER, function, rate=50, burst=100, scope="customers")
    status = f"{_CUSTOMER}/disconnections/{{disconnection_id}}"
    app.partner_route("GET", status, function, rate=50, burst=100, scope="customers")


def _customer_api(app: AppStack, matching: WorkQueue) -> None:
    data = app.data
    function = Function(
        app,
        "customer_api",
        app.platform,
        description="Keeps and lists a customer's cards, and takes claims of missing receipts",
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "SALTS_TABLE": data.salts.table_name,
            "SEALING_SECRET": SEALING_SECRET,
            "MATCH_QUEUE_URL": matching.queue.queue_url,
            "REVISITED_AFTER": ",".join(map(str, app.settings.revisited_after)),
        },
    )
    function.use_table(data.ledger, *READ_ITEM, "dynamodb:PutItem", "dynamodb:ConditionCheckItem")
    function.use_table(data.salts, *READ_ITEM, "dynamodb:PutItem")
    function.read_secret(SEALING_SECRET)
    function.send_to(matching.queue)
    cards = f"{_CUSTOMER}/cards"
    app.partner_route("PUT", f"{cards}/{{card_id}}", function, rate=200, burst=400, scope="customers")
    app.partner_route("GET", cards, function, rate=200, burst=400, scope="customers")
    app.partner_route("POST", f"{_CUSTOMER}/receipts/claims", function, rate=50, burst=100, scope="customers")


def _customer_receipts(app: AppStack) -> None:
    data = app.data
    function = Function(
        app,
        "customer_receipts",
        app.platform,
        description="Shows a customer the receipts that they have",
        timeout_seconds=29,  # an HTTP API waits no longer
        memory_mb=1024,
        environment={
            "LEDGER_TABLE": data.ledger.table_name,
            "SALTS_TABLE": data.salts.table_name,
            "PAYLOADS_BUCKET": data.payloads.bucket_name,
            "SEALING_SECRET": SEALING_SECRET,
        },
        makes_documents=True,
    )
    function.use_table(data.ledger, *READ_ITEM)
    function.use_index(data.ledger, "by_subject")
    function.use_table(data.salts, *READ_ITEM)
    function.use_bodies(data.payloads, "s3:GetObject")
    function.read_secret(SEALING_SECRET)
    receipts = f"{_CUSTOMER}/receipts"
    app.partner_route("GET", receipts, function, rate=100, burst=200, scope="customers")
    app.partner_route("GET", f"{receipts}/{{match_id}}", function, rate=200, burst=400, scope="customers")
