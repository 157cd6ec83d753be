"""One bank of one adapter in the in-process world, with a shop, a customer and keys of its own: the same ground for
every wire, newcomers included. All that a wire brings is its adapter in BANKS and one event in `events/`.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property, partial
from typing import Any
from unittest import mock

import boto3

from counterfoil.banks import BANKS
from counterfoil.banks.adapter import Arrival, BankAdapter, Credentials
from counterfoil.banks.oauth import Tokens
from counterfoil.domain.links import Link
from counterfoil.domain.transactions import TransactionEvent
from counterfoil.flows import linked_tokens
from counterfoil.runtime import secrets
from counterfoil.store import clocks, customers, links
from functions import register_partners
from infra.sandbox import event_files, signing
from tests import world as worlds
from tests.world import World

ADAPTERS = {adapter.name: adapter for adapter in BANKS}
BANK = "openbank"
"""The world has a queue for each of the sandbox's banks: one of them speaks the adapter under test."""
PATH = f"/v1/banks/{BANK}/transactions"
SOME_DAY = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
CALLBACK = "http://127.0.0.1:8471/callbacks/contract"


def adapter_of(name: str) -> str:
    """Whose wire an event speaks: its bank's, where the sandbox has that bank; else the path names the adapter."""
    bank = event_files.load(name, SOME_DAY).bank
    return signing.adapters().get(bank, bank)


@cache
def events_of(adapter: str) -> dict[str, TransactionEvent]:
    """The adapter's events that are facts of a payment, by name."""
    names = [name for name in event_files.names("bank_webhook") if adapter_of(name) == adapter]
    taken = [event for event in (event_files.load(name, SOME_DAY) for name in names) if event.expect["status"] == 202]
    facts = {event.name: ADAPTERS[adapter].parse(json.loads(event.body)) for event in taken}
    return {name: fact for name, fact in facts.items() if fact is not None}


def model_event(adapter: BankAdapter) -> str:
    """The first of the adapter's events, by name, that tells of a card payment just authorised."""
    for name, event in sorted(events_of(adapter.name).items()):
        if event.type == "transaction.authorised" and event.data.direction == "debit" and event.data.amount:
            return name
    raise LookupError(f"events/bank_webhook.{adapter.name}.json: no authorised payment of the adapter {adapter.name}")


@dataclass
class Ground:
    """`key` signs, `credentials` verify. `body` is the model event's, `told` what it says in canonical terms."""

    adapter: BankAdapter
    world: World
    key: str
    credentials: Credentials

    @property
    def event(self) -> event_files.Event:
        return event_files.load(model_event(self.adapter), self.world.now)

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.event.body)

    @property
    def told(self) -> TransactionEvent:
        told = self.adapter.parse(self.body)
        assert told is not None
        return told

    # The bank speaks

    @cached_property
    def example(self) -> Arrival:
        """A signed call of the moment at which each test begins: signing may be slow."""
        return self.signed(b"{}", at=SOME_DAY)

    def unsigned(self, body: bytes) -> Arrival:
        return Arrival("POST", PATH, {"content-type": "application/json"}, body)

    def signed(self, body: bytes, key: str = "", at: datetime | None = None) -> Arrival:
        return self.adapter.proof.sign(self.unsigned(body), key or self.key, at or self.world.now)

    def send(self, arrival: Arrival) -> dict[str, Any]:
        return self.world.request(arrival.method, arrival.path, arrival.body, arrival.headers)

    def tells(self, body: Any) -> int:
        return self.send(self.signed(json.dumps(body).encode()))["statusCode"]

    # What the customer and the till do

    def sells(self) -> None:
        """The receipt of the model event's payment: two lines, VAT on one, all paid by that card."""
        told = self.told.data
        first = told.amount // 3
        lines = [
            {"description": "Tea", "quantity": "1", "amount": first, "vat_rate": "20"},
            {"description": "Bread", "quantity": "1", "amount": told.amount - first, "vat_rate": "0"},
        ]
        tender = {"type": "card", "amount": told.amount, "last4": told.card.last4, "auth_code": told.auth_code}
        issued_at = (told.authorised_at - timedelta(seconds=2)).isoformat()
        receipt = {
            "receipt_id": "contract-1", "store_id": "corner", "till_id": "1", "kind": "sale", "issued_at": issued_at,
            "currency": told.currency, "total": told.amount, "lines": lines,
            "tenders": [{name: value for name, value in tender.items() if value}],
        }  # fmt: skip
        self.world.sells(receipt)


def _registered(adapter: BankAdapter, key: str, credentials: Credentials) -> None:
    """A shop that takes the model event's merchant id, and the bank with its keys."""
    told = events_of(adapter.name)[model_event(adapter)].data.merchant
    own = adapter.own_merchant_ids
    store = {
        "store_id": "corner", "name": "Corner Shop", "address": "1 High Street, Ely", "postcode": "CB7 4NP",
        "merchant_ids": ["MID-CONTRACT" if own else told.merchant_id],
        "bank_merchant_ids": {BANK: [told.merchant_id]} if own else {},
        "tills": [{"till_id": "1", "terminal_ids": [told.terminal_id] if told.terminal_id else []}],
    }  # fmt: skip
    shop = {
        "retailer": "kite", "name": "Corner Shops", "status": "live", "vat_number": "GB123456782",
        "secrets": ["counterfoil/webhooks/kite/2026-11"], "stores": [store],
    }  # fmt: skip
    bank: dict[str, Any] = {
        "bank": BANK, "adapter": adapter.name, "name": "The bank under test", "callback_url": CALLBACK,
        "secrets": [f"counterfoil/webhooks/{BANK}/2026-11"], "public_keys": list(credentials.public_keys),
        "status": "live",
    }  # fmt: skip
    if is_linked(adapter):
        bank["oauth"] = {
            "authorise_url": "http://127.0.0.1:8471/", "client_id": "counterfoil",
            "client_secret": f"counterfoil/webhooks/{BANK}/2026-11", "our_url": "http://127.0.0.1:8471",
        }  # fmt: skip
    elif key in credentials.secrets:
        boto3.client("secretsmanager").create_secret(Name="counterfoil/webhooks/contract", SecretString=key)
        bank["secrets"] = ["counterfoil/webhooks/contract"]
    texts = {"merchants": json.dumps({"merchants": [shop]}), "banks": json.dumps({"banks": [bank]})}
    answer = register_partners.handler(texts, None)
    assert "registered" in answer, answer


def is_linked(adapter: BankAdapter) -> bool:
    """Whether the bank's customers link their accounts, and the path secret of each link is its proof."""
    return "oauth" in adapter.requires


def _link(ground: Ground) -> None:
    """The customer's account, linked as it would be after a visit to the bank's page."""
    told, now = ground.told.data, ground.world.now
    sealer = secrets.sealer()
    subject = sealer.subject(BANK, told.customer_id)
    _, salt = customers.with_salt(subject)
    assert salt is not None
    tokens = Tokens("access", "refresh", now + timedelta(days=1))
    account = linked_tokens.Account(told.customer_id, tokens, ground.key)
    sealed = linked_tokens.sealed(account, subject, sealer.customer(salt))
    links.save_new(Link(subject, BANK, "link", now, tokens.expires_at, sealed, ground.credentials.secrets), None)


@contextmanager
def ground_of(adapter: BankAdapter) -> Iterator[Ground]:
    """A fresh world in which the bank has registered, and the customer has consented and, where need be, linked."""
    key, credentials = adapter.proof.new_keys()
    with (
        mock.patch.object(worlds, "register", partial(_registered, adapter, key, credentials)),
        worlds.world(SOME_DAY) as world,
    ):
        ground = Ground(adapter, world, key, credentials)
        assert world.consent(ground.told.data.customer_id, bank=BANK)["statusCode"] == 200
        if is_linked(adapter):
            _link(ground)
        # Some payment with codes has shown the till's clock before: a wire without any goes by time.
        till = secrets.sealer().code("till", "kite", "corner/1")
        clocks.observe(till, world.now - timedelta(seconds=2), world.now)
        yield ground
