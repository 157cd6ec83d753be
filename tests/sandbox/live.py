"""A deployment as the end-to-end tests see it: over HTTP from outside, and inside whatever it keeps."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import httpx
from rich.console import Console

from infra.names import SECRETS_KEY_ALIAS
from infra.sandbox import event_files
from infra.sandbox.deploy import Deployment
from infra.sandbox.event_files import Event
from infra.sandbox.partners import Partners, new_secret
from infra.sandbox.stage import Stage
from infra.sandbox.terminal import Terminal
from infra.sandbox.visitor import Visitor
from tests.sandbox.engine_parts import eventually

COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
SETTLES_WITHIN = 120
STRANGER = new_secret()


@dataclass(frozen=True)
class Live:
    """`take` makes the ids of one module's sales its own."""

    deployment: Deployment
    partners: Partners
    take: str

    @cached_property
    def stage(self) -> Stage:
        return Stage(self.deployment, self.partners, Terminal(Console(file=io.StringIO())), self.take)

    def client(self, service: str) -> Any:
        return self.deployment.engine.client(service)

    @cached_property
    def http(self) -> httpx.Client:
        return httpx.Client(timeout=30, limits=httpx.Limits(max_connections=50))

    # From outside

    def post(self, path: str, body: bytes, headers: Mapping[str, str | bytes]) -> httpx.Response:
        raw = [(name.encode(), value.encode() if isinstance(value, str) else value) for name, value in headers.items()]
        return self.http.post(f"{self.deployment.api_url}{path}", content=body, headers=raw)

    def play(self, event: Event) -> httpx.Response:
        """Sends a file of events/, signed and with a token as it says."""
        headers = event.signed(self.secrets, datetime.now(UTC))
        if event.token:
            headers["authorization"] = f"Bearer {self.access_token(event.token)}"
        if event.bank == "monzo":
            # It takes receipts of its own transactions alone.
            told = json.loads(event.body)["data"]
            self.partners.monzo.transactions[told["id"]] = told
        url = f"{self.deployment.api_url}{event.address(self.secrets)}"
        return self.http.request(event.method, url, content=event.body, headers=headers)

    @property
    def secrets(self) -> dict[str, str]:
        banks = {name: bank.signing_key for name, bank in self.partners.banks.items()}
        tills = {name: till.secret for name, till in self.partners.tills.items()}
        return banks | tills | {"stranger": STRANGER, "monzo": self.path_secret}

    @cached_property
    def path_secret(self) -> str:
        """Where Monzo tells of the account that its events are about, which is linked for that."""
        account, monzo = "acc_00008gju41AHyfLUzBUk8A", self.partners.monzo
        urls = [each["url"] for each in monzo.webhooks.values() if each["account_id"] == account]

        def connected() -> bool:
            # Refused while what they disconnected before, in another module's tests, is still being erased.
            return Visitor(self.http, self.deployment.api_url, account).connect().status_code == 200

        eventually(connected, SETTLES_WITHIN)

        def registered() -> list[str]:
            mine = [each["url"] for each in list(monzo.webhooks.values()) if each["account_id"] == account]
            return mine if len(mine) == 1 and mine != urls else []

        return eventually(registered, 30)[0].rpartition("/")[2]

    def access_token(self, bank: str) -> str:
        scopes = " ".join(f"counterfoil/{bank}.{name}" for name in ("consents", "customers", "deliveries", "rights"))
        client = (self.deployment.client_ids[bank], self.deployment.client_secret(bank))
        wish = {"grant_type": "client_credentials", "scope": scopes}
        return str(self.http.post(self.deployment.token_url, data=wish, auth=client).json()["access_token"])

    def event(self, name: str) -> Event:
        return event_files.load(name, datetime.now(UTC))

    def sale(self, tag: str, customer_id: str = "cust_42") -> tuple[dict[str, Any], dict[str, Any]]:
        """A payment of that customer of Openbank's and the receipt for it, with ids and codes of their own."""
        self.stage.begin(0, tag)
        payment, receipt = (
            self.stage.event("bank_webhook.authorised", tag),
            self.stage.event("retailer_receipt.sale", tag),
        )
        payment["data"]["customer_id"] = customer_id
        return payment, receipt

    def consent(self, *customers: str, bank: str = "openbank") -> None:
        for customer_id in customers:
            assert self.stage.consent(bank, customer_id, granted=True)["granted"]

    # Inside

    @cached_property
    def queues(self) -> dict[str, str]:
        """Every queue's URL by name, dead letters included."""
        urls = self.client("sqs").list_queues()["QueueUrls"]
        return {url.rpartition("/")[2]: url for url in urls}

    def dead_letters_of(self, queue_url: str) -> str:
        """The URL of the queue that takes what `queue_url` could not get done."""
        policy = self.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["RedrivePolicy"])
        arn = json.loads(policy["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
        return self.queues[arn.rpartition(":")[2]]

    def depths(self) -> dict[str, int]:
        """The messages in each queue: visible, being worked on, and delayed."""
        return {name: self._depth(url) for name, url in self.queues.items()}

    def _depth(self, url: str) -> int:
        counts = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[*COUNTS])["Attributes"]
        return sum(map(int, counts.values()))

    def settle(self) -> None:
        """Waits until every message that came was worked on, and the looks that follow are over."""
        eventually(
            lambda: not any(depth for name, depth in self.depths().items() if "DeadLetters" not in name), SETTLES_WITHIN
        )

    @contextmanager
    def held(self, queue_url: str) -> Iterator[None]:
        """Nobody works the queue off while the block runs."""
        functions, sqs = self.client("lambda"), self.client("sqs")
        attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
        found = functions.list_event_source_mappings(EventSourceArn=attributes["QueueArn"])["EventSourceMappings"]
        (mapping,) = found
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
        finally:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    def empty_queues(self) -> None:
        """But for what customers asked for: whose erasure loses its message is never erased, and cannot come back."""
        for name, url in self.queues.items():
            if not re.search("(Rights|Links)Queue", name):
                self.client("sqs").purge_queue(QueueUrl=url)

    @property
    def tables(self) -> tuple[str, str, str]:
        return self.deployment.ledger_table, self.deployment.rendezvous_table, self.deployment.salts_table

    def items(self) -> dict[str, list[str]]:
        """Every item of every table, as sorted text, but for the counts of what partners send."""
        scan = self.client("dynamodb").get_paginator("scan")
        found = {}
        for name in self.tables:
            items = [item for page in scan.paginate(TableName=name) for item in page["Items"]]
            # Every partner's call is counted, now and then in a record.
            kept = [item for item in items if not item["pk"]["S"].startswith("rate#")]
            found[name] = sorted(repr(sorted(item.items())) for item in kept)
        return found

    def kept(self) -> dict[str, Any]:
        """All that tables, queues and bucket hold now."""
        objects = self.client("s3").list_objects_v2(Bucket=self.deployment.payloads_bucket).get("Contents", [])
        return {**self.items(), **self.depths(), "objects": [one["Key"] for one in objects]}

    # As ops

    def deployed_secret(self, name: str) -> str:
        """A new webhook secret under that name."""
        value = new_secret()
        self.client("secretsmanager").create_secret(Name=name, SecretString=value, KmsKeyId=SECRETS_KEY_ALIAS)
        return value

    def register(self, partners: Mapping[str, Any]) -> None:
        """Registers the `merchants` or `banks` given."""
        texts = {kind: json.dumps({kind: entries}) for kind, entries in partners.items()}
        answer = self.client("lambda").invoke(FunctionName=self.deployment.register_function, Payload=json.dumps(texts))
        assert "registered" in (told := json.loads(answer["Payload"].read())), told
