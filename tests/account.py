"""An AWS account on moto with what the stacks would have made in it, and a way back to how it was."""

import copy
import json
from pathlib import Path
from typing import Any

import boto3
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from counterfoil.domain import path_secrets, webhooks
from counterfoil.runtime import secrets
from counterfoil.store import keys, table
from counterfoil.store.table import LEDGER, Put
from functions import register_partners
from infra.sandbox import signing

SANDBOX = Path(__file__).parents[1] / "infra" / "sandbox"
REGION = "eu-west-1"
REGISTERED = json.loads((SANDBOX / "banks.json").read_text())["banks"]
BANKS = tuple(bank["bank"] for bank in REGISTERED)
KEYS = {bank["bank"]: signing.SCHEMES[bank["adapter"]].new_keys() for bank in REGISTERED}
"""What each bank signs with, and the public keys that are registered for it."""

MONZO_ACCOUNT = "acc_00008gju41AHyfLUzBUk8A"
"""Whose payments the events of Monzo tell: its path secret is known."""

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "LEDGER_TABLE": "ledger",
    "RENDEZVOUS_TABLE": "rendezvous",
    "SALTS_TABLE": "salts",
    "PAYLOADS_BUCKET": "payloads",
    "FILES_BUCKET": "files",
    "CHECKPOINTS_BUCKET": "checkpoints",
    "FILES_QUEUE_URL": "https://queues.test/1/files",
    "WORK_SECONDS": "100",
    "SPREAD_SECONDS": "600",
    "MATCH_QUEUE_URL": "https://queues.test/1/match",
    "LINKS_QUEUE_URL": "https://queues.test/1/links",
    "RIGHTS_QUEUE_URL": "https://queues.test/1/rights",
    "OAUTHLIB_INSECURE_TRANSPORT": "1",
    "DELIVERY_QUEUE_URLS": json.dumps({bank: f"https://queues.test/1/{bank}" for bank in BANKS}),
    "DELIVERY_MAPPINGS": json.dumps({bank: f"mapping-of-{bank}" for bank in BANKS}),
    "MAIL_SENDER": "receipts@counterfoil.example",
    "SEALING_SECRET": "counterfoil/sealing",
    "STOPPED_AGAIN_AFTER": "900",
    "ERASURE_WAITS": "900,900,21600",
    "MATCH_WAITS": "15,60,600",
    "REVISITED_AFTER": "86400,604800",
    "DELIVERY_WAITS": "5,300,1800,7200,18000,36000,43200,43200,43200,43200,43200",
    "ALLOW_LOOPBACK_CALLBACKS": "true",
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "Counterfoil",
}


def create_tables() -> None:
    dynamodb = boto3.client("dynamodb")
    for name in ("ledger", "rendezvous"):
        indexes = [("by_subject", "subject", "at"), ("by_due", "due", "pk")] if name == "ledger" else []
        attributes = {"pk", "sk", *(attribute for _, *keys in indexes for attribute in keys)}
        extra = {"GlobalSecondaryIndexes": [_index(*index) for index in indexes]} if indexes else {}
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": one, "AttributeType": "N" if one == "at" else "S"} for one in sorted(attributes)
            ],
            BillingMode="PAY_PER_REQUEST",
            **extra,
        )
    dynamodb.create_table(
        TableName="salts",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _index(name: str, attribute: str, sort: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


def create_buckets() -> None:
    s3 = boto3.client("s3")
    for bucket in ("payloads", "files"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    where = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket="checkpoints", CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True)


def empty_checkpoints() -> None:
    """What is locked cannot be deleted, so it is forgotten past the API."""
    bucket = _buckets()["checkpoints"]
    bucket.keys = type(bucket.keys)()


def create_secrets() -> dict[str, str]:
    """What each partner signs with; the secrets of those that share one are stored."""
    client = boto3.client("secretsmanager")
    client.create_secret(Name="counterfoil/sealing", SecretString="s" * 64)
    shared = {who: webhooks.new_secret() for who in (*BANKS, "kite", "fern", "tern")}
    for who, secret in shared.items():
        client.create_secret(Name=f"counterfoil/webhooks/{who}/2026-11", SecretString=secret)
    for bank in ("monzo", "openbank", "harbourbank"):
        client.create_secret(Name=f"counterfoil/oauth/{bank}", SecretString="only-we-know")
    own_keys = {bank: key for bank, (key, public_keys) in KEYS.items() if public_keys or bank == "monzo"}
    return shared | own_keys | {"stranger": webhooks.new_secret()}


def register() -> None:
    banks = [bank | {"public_keys": KEYS[bank["bank"]][1]} for bank in REGISTERED]
    texts = {"merchants": (SANDBOX / "merchants.json").read_text(), "banks": json.dumps({"banks": banks})}
    answer = register_partners.handler(texts, None)
    assert "registered" in answer, answer
    secret = dict(keys.path_secret(path_secrets.hashed(KEYS["monzo"][0])))
    subject = secrets.sealer().subject("monzo", MONZO_ACCOUNT)
    table.write(Put(LEDGER, secret | {"subject": subject, "bank": "monzo"}))


def moto_tables() -> dict[str, Any]:
    """moto's own tables: `items` of each is what it holds."""
    return get_backend("dynamodb")[DEFAULT_ACCOUNT_ID][REGION].tables


def remember_tables() -> dict[str, Any]:
    return {name: copy.deepcopy(table.items) for name, table in moto_tables().items()}


def restore_tables(remembered: dict[str, Any]) -> None:
    for name, items in remembered.items():
        moto_tables()[name].items = copy.deepcopy(items)


def remember_objects() -> dict[str, Any]:
    """By bucket and key: every version."""
    return {name: copy.deepcopy(dict(bucket.keys)) for name, bucket in _buckets().items()}


def restore_objects(remembered: dict[str, Any]) -> None:
    for name, bucket in _buckets().items():
        bucket.keys = type(bucket.keys)()
        for key, versions in copy.deepcopy(remembered[name]).items():
            bucket.keys.setlist(key, versions)


def _buckets() -> dict[str, Any]:
    return get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"].buckets


def stored(name: str) -> list[dict[str, Any]]:
    """The items of a table as the store reads them, past the API: a hundred times faster than a Scan."""
    return [{key: _plain(value) for key, value in item.attrs.items()} for item in moto_tables()[name].all_items()]


def _plain(value: Any) -> Any:
    kind, inner = value.type, value.value
    if kind == "N":
        return int(inner)
    if kind == "M":
        return {name: _plain(part) for name, part in inner.items()}
    return [_plain(part) for part in inner] if kind == "L" else inner
