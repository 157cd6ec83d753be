"""What is done at the bank for a linked account, step by step: each may be repeated, and died in, at any point.

    {"task": "set_up", "subject", "link"}              the webhook is registered, earlier ones are deleted
    {"task": "backfill", "subject", "link", "since"}   one page of earlier payments, through the intake of webhooks
    {"task": "tear_down", "subject", "link"}           webhooks deleted, logged out, link and path secrets erased

`link` is the linking that the message belongs to: once the customer has linked anew, it has nothing to do any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from counterfoil.banks import adapter_named
from counterfoil.banks.adapter import BankAdapter, Call
from counterfoil.banks.monzo_api import PAGE, MonzoApi, Webhook, transactions_in, webhooks_in
from counterfoil.domain.links import Link
from counterfoil.domain.merchants import Bank
from counterfoil.domain.times import rfc3339
from counterfoil.errors import Invalid, Poison, TryAgain
from counterfoil.flows import intake, linking
from counterfoil.flows.linked_tokens import Account
from counterfoil.flows.linking import CALL_SECONDS, Outside
from counterfoil.flows.outcome import LINKS_QUEUE, Outcome, Send
from counterfoil.sealing import CustomerKeys
from counterfoil.store import customers, links, registry

BACKFILL = timedelta(days=90)
"""Monzo lists no more, five minutes after its customer allowed it."""

_A_LITTLE = timedelta(milliseconds=1)


def to_set_up(link: Link) -> Send:
    return Send(LINKS_QUEUE, {"task": "set_up", "subject": link.subject, "link": link.id})


@dataclass(frozen=True, slots=True)
class _Work:
    """One message's link, opened. `account` is None where the bank lets us in no more; `allowed`: whether its customer
    wants receipts at this moment."""

    link: Link
    allowed: bool
    bank: Bank
    adapter: BankAdapter
    keys: CustomerKeys
    account: Account | None
    outside: Outside

    @property
    def opened(self) -> Account:
        if self.account is None:
            raise TryAgain("the link has lapsed: the customer has to link again", after=3600, count="LinkLapsed")
        return self.account

    @property
    def api(self) -> MonzoApi:
        return MonzoApi(self.bank.callback_url, self.opened.tokens.access)

    def ask(self, call: Call) -> bytes:
        """The body of a 2xx. Raises TryAgain for all else."""
        answer = self.outside.send(call, CALL_SECONDS)
        if answer.status is not None and 200 <= answer.status < 300:
            return answer.body
        if answer.status == 401:
            linking.distrust(self.link.subject, self.opened.tokens.access, self.keys, self.outside.clock())
        raise TryAgain("the bank did not do it", after=5)


def work_on(body: Any, outside: Outside) -> Outcome:
    """Does what the message says. Raises TryAgain where the bank does not play along now, Poison for a strange one."""
    if not isinstance(body, Mapping) or body.get("task") not in _TASKS:
        raise Poison("not a message of ours")
    link = links.get(str(body.get("subject")))
    if link is None or link.id != body.get("link"):
        return Outcome(counts=("LinkGone",))
    record = registry.bank(link.bank)
    customer, salt = customers.with_salt(link.subject)
    if record is None or salt is None:
        links.erase(link)
        return Outcome(counts=("LinkErased",))
    keys = outside.sealer.customer(salt)
    account = linking.account_of(link, record.bank, keys, outside)
    # Refreshing moved it.
    current = links.get(link.subject) or link
    allowed = customer.allows("receipts", outside.clock())
    work = _Work(current, allowed, record.bank, adapter_named(record.bank.adapter), keys, account, outside)
    return _TASKS[body["task"]](work, str(body.get("since", "")))


def _set_up(work: _Work, _since: str) -> Outcome:
    if work.link.state == "leaving":
        return Outcome(counts=("LinkGone",))
    wanted = _webhook_url(work.bank, work.opened.secret)
    ours = _our_webhooks(work)
    if wanted not in [webhook.url for webhook in ours]:
        work.ask(work.api.register_webhook(work.opened.account_id, wanted))
    for webhook in ours:
        if webhook.url != wanted:
            work.ask(work.api.delete_webhook(webhook.id))
    for hashed in work.link.secrets[1:]:
        links.forget_secret(hashed, work.link.subject)
    since = rfc3339(work.link.linked_at - BACKFILL)
    return Outcome((_to_backfill(work.link, since),), ("WebhookRegistered",))


def _backfill(work: _Work, since: str) -> Outcome:
    if work.link.state == "leaving" or not work.allowed:
        # Not even a page of their account is read for a customer who withdrew.
        return Outcome(counts=("BackfillEnded",))
    now = work.outside.clock()
    listed = work.api.transactions(work.opened.account_id, since, now)
    page = transactions_in(work.ask(listed))
    outcome = Outcome(counts=("BackfilledPage",))
    for told in page:
        outcome += _taken(work, told, now)
    if len(page) < PAGE:
        return outcome
    return outcome + Outcome((_to_backfill(work.link, _after(page, since)),))


def _taken(work: _Work, told: Mapping[str, Any], now: datetime) -> Outcome:
    """One earlier payment, as if its webhook came now. What Monzo lists and we cannot read is counted and left out."""
    body = {"type": "transaction.created", "data": {**told, "account_id": work.opened.account_id}}
    try:
        event = work.adapter.parse(body)
        return intake.take_transaction(work.link.bank, work.adapter, event, work.outside.sealer, now)
    except Invalid:
        return Outcome(counts=("BackfillUnread",))


def _after(page: tuple[Mapping[str, Any], ...], since: str) -> str:
    """From where the next page goes on: by time, since ids do not stand in queues."""
    latest = max((str(told.get("created", "")) for told in page), default="")
    if latest and latest != since:
        return latest
    # A whole page at one moment.
    return rfc3339(datetime.fromisoformat(since) + _A_LITTLE)


def _tear_down(work: _Work, _since: str) -> Outcome:
    if work.link.state != "leaving" and work.allowed:
        # It was announced, and the customer's consent then not withdrawn.
        return Outcome(counts=("LinkKept",))
    if work.account is not None:
        for webhook in _our_webhooks(work):
            work.ask(work.api.delete_webhook(webhook.id))
        work.ask(work.api.log_out())
    links.erase(work.link)
    return Outcome(counts=("LinkErased",))


def _our_webhooks(work: _Work) -> list[Webhook]:
    """Those of the account that lead to us, whatever their secret."""
    below = _webhook_url(work.bank, "")
    listed = webhooks_in(work.ask(work.api.webhooks(work.opened.account_id)))
    return [webhook for webhook in listed if webhook.url.startswith(below)]


def _webhook_url(bank: Bank, secret: str) -> str:
    return f"{linking.client_of(bank).our_url.rstrip('/')}/v1/banks/{bank.bank}/transactions/{secret}"


def _to_backfill(link: Link, since: str) -> Send:
    body = {"task": "backfill", "subject": link.subject, "link": link.id, "since": since}
    return Send(LINKS_QUEUE, body)


_TASKS = {"set_up": _set_up, "backfill": _backfill, "tear_down": _tear_down}
