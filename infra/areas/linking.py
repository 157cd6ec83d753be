"""Accounts that customers link themselves: their page, and the queue of what is then done at the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration

from infra.function import READ_ITEM, WRITE_ITEM, Function
from infra.names import OAUTH_SECRETS, SEALING_SECRET
from infra.queues import WorkQueue

if TYPE_CHECKING:
    from infra.app_stack import AppStack

FOR_PEOPLE = "A page for people: they sign in with their bank, and its forms carry a token of their session."
ROUTES = (
    ("GET", "/connect/{bank}"),
    ("POST", "/connect/{bank}"),
    ("GET", "/connect/{bank}/linked"),
    ("POST", "/connect/{bank}/unlink"),
)


def add(app: AppStack, matching: WorkQueue, rights: WorkQueue) -> WorkQueue:
    """The queue of links."""
    timeout = 30 if app.settings.sandbox else 120
    links = WorkQueue(
        app,
        "Links",
        key=app.key,
        alarms=app.alarms,
        timeout_seconds=timeout,
        receives=12,
        oldest=Duration.hours(6),
    )
    _customer_page(app, links, rights)
    _linked_accounts(app, links, matching, timeout)
    return links


def _customer_page(app: AppStack, links: WorkQueue, rights: WorkQueue) -> None:
    urls = {"LINKS_QUEUE_URL": links.queue.queue_url, "RIGHTS_QUEUE_URL": rights.queue.queue_url}
    function = Function(
        app,
        "customer_page",
        app.platform,
        description="The customer's own page: links an account, and unlinks it",
        timeout_seconds=29,  # an HTTP API waits no longer
        memory_mb=1024,
        environment=_environment(app) | urls,
    )
    _may_open_accounts(app, function)
    function.use_table(app.data.salts, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem")
    function.send_to(links.queue, rights.queue)
    for method, path in ROUTES:
        app.public_route(method, path, function, rate=20, burst=50, proof=FOR_PEOPLE)


def _linked_accounts(app: AppStack, links: WorkQueue, matching: WorkQueue, timeout: int) -> None:
    urls = {"LINKS_QUEUE_URL": links.queue.queue_url, "MATCH_QUEUE_URL": matching.queue.queue_url}
    function = Function(
        app,
        "linked_accounts",
        app.platform,
        description="Registers webhooks, reads earlier payments, takes links down",
        timeout_seconds=timeout,
        memory_mb=1024,
        environment=_environment(app) | urls,
    )
    _may_open_accounts(app, function)
    function.use_table(app.data.salts, *READ_ITEM)
    function.send_to(links.queue, matching.queue)
    # Each message is several calls to a bank.
    links.work_off(function, max_concurrency=10, batch_size=1)


def _environment(app: AppStack) -> dict[str, str]:
    allowed = {"OAUTHLIB_INSECURE_TRANSPORT": "1"} if app.settings.sandbox else {}
    return allowed | {
        "LEDGER_TABLE": app.data.ledger.table_name,
        "SALTS_TABLE": app.data.salts.table_name,
        "SEALING_SECRET": SEALING_SECRET,
        "ALLOW_LOOPBACK_CALLBACKS": str(app.settings.sandbox).lower(),
    }


def _may_open_accounts(app: AppStack, function: Function) -> None:
    function.use_table(app.data.ledger, *READ_ITEM, *WRITE_ITEM)
    function.read_secret(SEALING_SECRET)
    function.read_secrets_under(OAUTH_SECRETS)
