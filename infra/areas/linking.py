"""The customers' own pages, and accounts that they link themselves: the queue of what is then done at the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration

from infra.function import READ_ITEM, WRITE_ITEM, Function
from infra.names import OAUTH_SECRETS, SEALING_SECRET
from infra.queues import WorkQueue

if TYPE_CHECKING:
    from infra.app_stack import AppStack

FOR_PEOPLE = "A page for people: they sign in with their bank, and its forms carry a token of their session."
FOR_ANYBODY = "For who cannot sign in: all are told the same, and nothing is disclosed before identity is proved."
PAGE = "/connect/{bank}"
LONGEST = 29
"""Seconds: an HTTP API waits no longer."""


def add(app: AppStack, matching: WorkQueue) -> WorkQueue:
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
    _linked_accounts(app, links, matching, timeout)
    return links


def add_pages(app: AppStack, links: WorkQueue, rights: WorkQueue) -> None:
    """The customers' own pages."""
    _customer_sign_in(app, links)
    _customer_page(app, links, rights)
    _customer_receipts_page(app)
    _customer_data_page(app, rights)
    _customer_link_page(app, rights)


def _customer_sign_in(app: AppStack, links: WorkQueue) -> None:
    function = Function(
        app,
        "customer_sign_in",
        app.platform,
        description="A customer goes to their bank and comes back: signed in, or with an account linked",
        timeout_seconds=LONGEST,
        memory_mb=1024,
        environment=_calling_banks(app) | _erasure_waits(app) | {"LINKS_QUEUE_URL": links.queue.queue_url},
    )
    _may_open_accounts(app, function)
    function.use_table(app.data.salts, *READ_ITEM, "dynamodb:PutItem")
    function.send_to(links.queue)
    _routes(app, function, f"POST {PAGE}", f"GET {PAGE}/linked", f"GET {PAGE}/signed-in")


def _customer_page(app: AppStack, links: WorkQueue, rights: WorkQueue) -> None:
    urls = {"LINKS_QUEUE_URL": links.queue.queue_url, "RIGHTS_QUEUE_URL": rights.queue.queue_url}
    function = Function(
        app,
        "customer_page",
        app.platform,
        description="The customer's own page: what they switched on, and how they end it",
        timeout_seconds=5,  # as consent_update; it calls no bank
        memory_mb=1024,
        environment=_environment(app) | _erasure_waits(app) | urls,
        makes_documents=True,
    )
    function.use_table(app.data.ledger, *READ_ITEM, *WRITE_ITEM)
    function.use_table(app.data.salts, *READ_ITEM, "dynamodb:PutItem")
    function.read_secret(SEALING_SECRET)
    function.send_to(links.queue, rights.queue)
    posts = (f"POST {PAGE}/{step}" for step in ("choose", "disconnect", "sign-out"))
    _routes(app, function, f"GET {PAGE}", *posts)


def _customer_receipts_page(app: AppStack) -> None:
    data = app.data
    function = Function(
        app,
        "customer_receipts_page",
        app.platform,
        description="The customer's own page: their receipts",
        timeout_seconds=LONGEST,
        memory_mb=1024,
        environment=_environment(app) | {"PAYLOADS_BUCKET": data.payloads.bucket_name},
        makes_documents=True,
    )
    function.use_table(data.ledger, *READ_ITEM)
    function.use_index(data.ledger, "by_subject")
    function.use_table(data.salts, *READ_ITEM)
    function.use_bodies(data.payloads, "s3:GetObject")
    function.read_secret(SEALING_SECRET)
    _routes(app, function, f"GET {PAGE}/receipts", f"GET {PAGE}/receipts/{{match_id}}")


def _customer_data_page(app: AppStack, rights: WorkQueue) -> None:
    data = app.data
    function = Function(
        app,
        "customer_data_page",
        app.platform,
        description="The customer's own page: what they ask under data protection law",
        timeout_seconds=LONGEST,
        memory_mb=1024,
        environment=_environment(app)
        | {"RIGHTS_QUEUE_URL": rights.queue.queue_url, "FILES_BUCKET": data.files.bucket_name},
        makes_documents=True,
    )
    function.use_table(data.ledger, *READ_ITEM, "dynamodb:PutItem", "dynamodb:DeleteItem")
    # A link to it is signed with the function's own permissions.
    function.use_objects(
        data.files, "exports/*", "Any customer's archive: its name is made at run time.", "s3:GetObject"
    )
    function.use_index(data.ledger, "by_subject")
    function.use_table(data.salts, *READ_ITEM)
    function.read_secret(SEALING_SECRET)
    function.send_to(rights.queue)
    _routes(app, function, f"GET {PAGE}/data", f"POST {PAGE}/data")


def _customer_link_page(app: AppStack, rights: WorkQueue) -> None:
    data, sender = app.data, app.settings.mail_sender
    function = Function(
        app,
        "customer_link_page",
        app.platform,
        description="For customers who cannot sign in: what they ask by e-mail, and what becomes of it",
        timeout_seconds=LONGEST,
        memory_mb=1024,
        environment=_environment(app) | {"RIGHTS_QUEUE_URL": rights.queue.queue_url, "MAIL_SENDER": sender},
        makes_documents=True,
    )
    function.use_table(data.ledger, *READ_ITEM, "dynamodb:PutItem", "dynamodb:DeleteItem")
    function.use_table(data.salts, *READ_ITEM, "dynamodb:PutItem")
    function.read_secret(SEALING_SECRET)
    function.send_to(rights.queue)
    function.keep_pace(data.rendezvous)
    function.send_mail(sender)
    app.public_route("GET", f"{PAGE}/link", function, rate=10, burst=20, proof=FOR_ANYBODY)
    app.public_route("POST", f"{PAGE}/link", function, rate=1, burst=10, proof=FOR_ANYBODY)


def _routes(app: AppStack, function: Function, *routes: str) -> None:
    for route in routes:
        method, path = route.split()
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
        environment=_calling_banks(app) | urls,
    )
    _may_open_accounts(app, function)
    function.use_table(app.data.salts, *READ_ITEM)
    function.send_to(links.queue, matching.queue)
    # Each message is several calls to a bank.
    links.work_off(function, max_concurrency=10, batch_size=1)


def _environment(app: AppStack) -> dict[str, str]:
    return {
        "LEDGER_TABLE": app.data.ledger.table_name,
        "SALTS_TABLE": app.data.salts.table_name,
        "SEALING_SECRET": SEALING_SECRET,
    }


def _calling_banks(app: AppStack) -> dict[str, str]:
    allowed = {"OAUTHLIB_INSECURE_TRANSPORT": "1"} if app.settings.sandbox else {}
    loopback = {"ALLOW_LOOPBACK_CALLBACKS": str(app.settings.sandbox).lower()}
    return _environment(app) | allowed | loopback


def _erasure_waits(app: AppStack) -> dict[str, str]:
    """To say when who is being erased can come back."""
    return {"ERASURE_WAITS": ",".join(map(str, app.settings.erasure_waits))}


def _may_open_accounts(app: AppStack, function: Function) -> None:
    function.use_table(app.data.ledger, *READ_ITEM, *WRITE_ITEM)
    function.read_secret(SEALING_SECRET)
    function.read_secrets_under(OAUTH_SECRETS)
