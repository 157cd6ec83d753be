"""Linking a customer's account at a bank that lets us in by OAuth 2.0, and keeping the link alive.

Monzo is the one such bank: a second makes its calls a part of the adapter.

Monzo's refresh tokens are good once. So one at a time refreshes (a lease, kept by a conditional write), the others come
back a little later. A death between the bank's answer and our write loses the new tokens: the old refresh token is
spent, the next try is refused, and the link lapses. Nothing else is lost: payments and receipts wait until the customer
links again.
"""

import secrets as randomness
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from counterfoil.banks import oauth
from counterfoil.banks.adapter import Call
from counterfoil.banks.monzo_api import MonzoApi, open_accounts
from counterfoil.banks.oauth import Tokens
from counterfoil.domain import path_secrets
from counterfoil.domain.consent import WITHDRAWAL_TAKES_EFFECT, ConsentRequest
from counterfoil.domain.links import Link
from counterfoil.domain.merchants import Bank, OAuthClient
from counterfoil.errors import ConditionFailed, Conflict, Forbidden, TryAgain
from counterfoil.flows import consent
from counterfoil.flows.consent import Announce
from counterfoil.flows.linked_tokens import Account, opened, sealed
from counterfoil.flows.outcome import LINKS_QUEUE, Send
from counterfoil.flows.visits import Visit
from counterfoil.sealing import CustomerKeys, Sealer
from counterfoil.store import customers, links

REFRESH_BEFORE = timedelta(minutes=5)
LEASE = timedelta(seconds=40)
CALL_SECONDS = 10.0
TRIES = 5


class Answer(Protocol):
    @property
    def status(self) -> int | None: ...
    @property
    def body(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Outside:
    """What linking needs of the outside. `send(call, seconds)` never raises for what the network does."""

    sealer: Sealer
    send: Callable[[Call, float], Answer]
    secrets: Callable[[Sequence[str]], list[str]]
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class BeingErased:
    """Nothing was linked: who the customer was before is not erased yet."""

    subject: str


def client_of(bank: Bank) -> OAuthClient:
    """Raises Forbidden for a bank whose customers do not link their accounts."""
    if bank.oauth is None:
        raise Forbidden("this bank's customers connect in its app")
    return bank.oauth


def redirect_url(bank: Bank) -> str:
    return f"{client_of(bank).our_url.rstrip('/')}/connect/{bank.bank}/linked"


def authorise_url(bank: Bank, state: str) -> str:
    """Where the customer is sent."""
    return oauth.authorise_url(client_of(bank), redirect_url(bank), state)


def tokens_of(bank: Bank, visit: Visit, query: Mapping[str, str], outside: Outside) -> Tokens:
    """What the customer came back with: tokens from before, or those that the code in `query` stands for.

    Raises Forbidden where the code belongs to another visit, or the bank refuses it; TryAgain where it is silent.
    """
    if visit.tokens is not None:
        # A visit has one code, which a reloaded page brings again, and which is good once.
        return visit.tokens
    code = oauth.code_in(query, redirect_url(bank), visit.state)
    client = client_of(bank)
    call = oauth.exchange(client, _token_url(bank), redirect_url(bank), code, _client_secret(client, outside))
    tokens = _tokens_from(call, outside)
    if tokens is None:
        raise Forbidden("the bank did not accept the code")
    return tokens


def link(bank: Bank, tokens: Tokens, words: ConsentRequest, outside: Outside) -> Link | BeingErased | None:
    """Links the account that the tokens open, and grants what the customer was shown; None where the customer has
    allowed it on the bank's page, and not confirmed it in the bank's app yet.

    Consent first: it brings the salt under which the tokens are sealed.
    """
    answer = outside.send(MonzoApi(bank.callback_url, tokens.access).accounts(), CALL_SECONDS)
    if answer.status == 403:
        return None
    if answer.status != 200:
        raise TryAgain("the bank did not list the accounts")
    accounts = open_accounts(answer.body)
    if not accounts:
        raise Forbidden("there is no open account")
    subject = outside.sealer.subject(bank.bank, accounts[0])
    now = outside.clock()
    known = customers.get(subject)
    if known is not None and known.is_being_erased:
        _hand_over(subject, bank, tokens, outside)
        return BeingErased(subject)
    standing = known.choices.get("receipts") if known else None
    expected = words.model_copy(update={"expected_version": standing.version if standing else 0})
    consent.choose(subject, "receipts", expected, now, _nothing_to_announce)
    _, salt = customers.with_salt(subject)
    if salt is None:
        raise TryAgain("the customer was erased meanwhile")
    keys = outside.sealer.customer(salt)
    return _save_new(subject, bank, accounts[0], tokens, now, keys)


def _save_new(
    subject: str, bank: Bank, account_id: str, tokens: Tokens, linked_at: datetime, keys: CustomerKeys
) -> Link:
    """In place of any earlier linking, whose path secrets are good until the bank has the new one."""
    secret = path_secrets.new_secret()
    for _ in range(TRIES):
        known = links.get(subject)
        made = Link(
            subject=subject,
            bank=bank.bank,
            id=randomness.token_urlsafe(12),
            linked_at=linked_at,
            expires_at=tokens.expires_at,
            sealed=sealed(Account(account_id, tokens, secret), subject, keys),
            secrets=(path_secrets.hashed(secret), *(known.secrets if known else ())),
            rev=known.rev + 1 if known else 1,
        )
        try:
            links.save_new(made, known)
        except (ConditionFailed, TryAgain):
            continue
        return made
    raise Conflict("the link keeps changing")


def _hand_over(subject: str, bank: Bank, tokens: Tokens, outside: Outside) -> None:
    """To the link that is on its way out: the bank ended its tokens when it gave these, and receipts are still to be
    recalled. Where none is left, these are given back."""
    for _ in range(TRIES):
        known, (_, salt) = links.get(subject), customers.with_salt(subject)
        if known is None or salt is None:
            # Whether the bank heard of it or not: nobody has these tokens any more.
            outside.send(MonzoApi(bank.callback_url, tokens.access).log_out(), CALL_SECONDS)
            return
        keys = outside.sealer.customer(salt)
        kept = sealed(replace(opened(known, keys), tokens=tokens), subject, keys)
        opens = replace(known, sealed=kept, expires_at=tokens.expires_at, lease_until=None, rev=known.rev + 1)
        try:
            links.save(replace(opens, state="leaving"))
        except ConditionFailed:
            continue
        return
    raise Conflict("the link keeps changing")


def _nothing_to_announce(_: Send) -> None:
    """A grant stops nothing."""


def tear_down(link: Link, delay: timedelta = timedelta(0)) -> Send:
    body = {"task": "tear_down", "subject": link.subject, "link": link.id}
    return Send(LINKS_QUEUE, body, delay=int(delay.total_seconds()))


def unlink(subject: str, words: ConsentRequest, now: datetime, announce: Announce) -> None:
    """Withdraws the consent, so that nothing is kept or sent any more, and marks the link for being taken down.

    That it is taken down is announced first: whatever dies after that, no tokens are left.
    """
    for _ in range(TRIES):
        known = links.get(subject)
        if known is not None:
            # Once nothing is under way any more: what slipped out is recalled while the link still opens the account.
            announce(tear_down(known, WITHDRAWAL_TAKES_EFFECT))
        consent.choose(subject, "receipts", words, now, announce)
        if known is None or known.state == "leaving":
            return
        try:
            links.save(replace(known, state="leaving", rev=known.rev + 1))
        except ConditionFailed:
            continue
        return
    raise Conflict("the link keeps changing")


def access_token(subject: str, bank: Bank, keys: CustomerKeys, outside: Outside) -> str | None:
    """What opens the account now, refreshed where it ends soon; None where the account is not linked any more.

    Raises TryAgain while another refreshes it, and where the link has lapsed.
    """
    known = links.get(subject)
    if known is None:
        return None
    account = account_of(known, bank, keys, outside)
    if account is None:
        raise TryAgain("the link has lapsed: the customer has to link again", after=3600, count="LinkLapsed")
    return account.tokens.access


def account_of(known: Link, bank: Bank, keys: CustomerKeys, outside: Outside) -> Account | None:
    """The account with tokens that are good for some minutes; None where the bank refuses to refresh them."""
    account, now = opened(known, keys), outside.clock()
    if known.state == "lapsed":
        return None
    if known.expires_at - now > REFRESH_BEFORE:
        return account
    leased = _lease(known, now)
    client = client_of(bank)
    call = oauth.refresh(client, _token_url(bank), account.tokens, _client_secret(client, outside))
    tokens = _tokens_from(call, outside)
    if tokens is None:
        _save(replace(leased, state="leaving" if known.state == "leaving" else "lapsed", lease_until=None))
        return None
    fresh = replace(account, tokens=tokens)
    kept = sealed(fresh, known.subject, keys)
    _save(replace(leased, sealed=kept, expires_at=tokens.expires_at, lease_until=None))
    return fresh


def distrust(subject: str, bank_refused: str, keys: CustomerKeys, now: datetime) -> None:
    """The bank answered 401 to this access token: it is refreshed before the next use."""
    known = links.get(subject)
    if known is not None and known.expires_at > now and opened(known, keys).tokens.access == bank_refused:
        _save(replace(known, expires_at=now))


def _lease(known: Link, now: datetime) -> Link:
    """The link while we alone refresh it. Raises TryAgain where another does."""
    if known.lease_until is not None and known.lease_until > now:
        raise TryAgain("another is refreshing the tokens", after=2)
    return _save(replace(known, lease_until=now + LEASE))


def _save(changed: Link) -> Link:
    """Keeps a change as the next `rev`. Raises TryAgain where the link moved meanwhile."""
    moved = replace(changed, rev=changed.rev + 1)
    try:
        links.save(moved)
    except ConditionFailed:
        raise TryAgain("the link moved meanwhile", after=2) from None
    return moved


def _tokens_from(call: Call, outside: Outside) -> Tokens | None:
    """What the token endpoint gave, or None where it refused. Raises TryAgain where its answer is unknown, and where it
    refused us: a client's secret that is wrong for a while must not lapse every link."""
    answer = outside.send(call, CALL_SECONDS)
    if answer.status in oauth.REFUSALS:
        if oauth.refuses_client(answer.body):
            raise TryAgain("the bank refuses the client's secret", after=600, count="OAuthClientRefused")
        return None
    tokens = oauth.tokens_in(answer.body, outside.clock()) if answer.status == 200 else None
    if tokens is None:
        raise TryAgain("the bank gave no tokens")
    return tokens


def _token_url(bank: Bank) -> str:
    return f"{bank.callback_url.rstrip('/')}/oauth2/token"


def _client_secret(client: OAuthClient, outside: Outside) -> str:
    found = outside.secrets([client.client_secret])
    if not found:
        raise TryAgain("the client's secret is missing", after=600)
    return found[0]
