"""Puts into the engine what its CloudFormation drops from our templates without a word.

Time to live, recovery and encryption of tables; encryption, lifecycle, locks and access logs of buckets.
Reads the synthesised templates and calls the services' own APIs. Doing it twice changes nothing.
AWS needs none of it, so any endpoint but loopback is refused.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.sandbox.engine import ACCOUNT, REGION, Engine, require_loopback

Properties = Mapping[str, Any]


def apply(engine: Engine, assembly: Path) -> None:
    """Completes every deployed resource of the templates in the folder `assembly`."""
    require_loopback(engine.endpoint)
    restorers: dict[str, Callable[[Engine, str, Properties], None]] = {
        "AWS::DynamoDB::Table": _table,
        "AWS::S3::Bucket": _bucket,
    }
    for path in sorted(assembly.glob("*.template.json")):
        ids = physical_ids(engine, path.name.removesuffix(".template.json"))
        for logical_id, resource in json.loads(path.read_text())["Resources"].items():
            restore = restorers.get(resource["Type"])
            if restore and logical_id in ids:
                restore(engine, ids[logical_id], _resolved(resource["Properties"], ids))


def physical_ids(engine: Engine, *stacks: str) -> dict[str, str]:
    """The physical ids of all resources of `stacks`, by logical id."""
    cloudformation = engine.client("cloudformation")
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for stack in stacks
        for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    }


def _resolved(value: Any, ids: Mapping[str, str]) -> Any:
    """`value` with references to resources of its own stack replaced (an ARN is always a key's here)."""
    match value:
        case {"Ref": str(logical_id)} if logical_id in ids:
            return ids[logical_id]
        case {"Fn::GetAtt": [logical_id, "Arn"]} if logical_id in ids:
            return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{ids[logical_id]}"
        case dict():
            return {name: _resolved(part, ids) for name, part in value.items()}
        case list():
            return [_resolved(part, ids) for part in value]
    return value


def _table(engine: Engine, name: str, properties: Properties) -> None:
    dynamodb = engine.client("dynamodb")
    wanted = properties.get("TimeToLiveSpecification")
    found = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if wanted and found["TimeToLiveStatus"] == "DISABLED":  # AWS refuses to enable what is enabled
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)
    if recovery := properties.get("PointInTimeRecoverySpecification"):
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    if encryption := properties.get("SSESpecification"):
        wanted = {"Enabled": encryption["SSEEnabled"]} | {
            key: encryption[key] for key in ("SSEType", "KMSMasterKeyId") if key in encryption
        }
        dynamodb.update_table(TableName=name, SSESpecification=wanted)


def _bucket(engine: Engine, name: str, properties: Properties) -> None:
    s3 = engine.client("s3")
    if encryption := properties.get("BucketEncryption"):
        rules = [_encryption_rule(rule) for rule in encryption["ServerSideEncryptionConfiguration"]]
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    if lifecycle := properties.get("LifecycleConfiguration"):
        rules = [_lifecycle_rule(number, rule) for number, rule in enumerate(lifecycle["Rules"])]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    if lock := properties.get("ObjectLockConfiguration"):
        s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
    if logging := properties.get("LoggingConfiguration"):
        prefix = logging.get("LogFilePrefix", "")
        target = {"TargetBucket": logging["DestinationBucketName"], "TargetPrefix": prefix}
        s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": target})


def _encryption_rule(rule: Properties) -> dict[str, Any]:
    return {
        "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
        "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
    }


def _lifecycle_rule(number: int, rule: Properties) -> dict[str, Any]:
    """A template's lifecycle rule in the words of S3's API."""
    api: dict[str, Any] = {
        "ID": rule.get("Id", f"rule-{number}"),
        "Status": rule["Status"],
        "Filter": {"Prefix": rule.get("Prefix", "")},
    }
    if "ExpirationInDays" in rule:
        api["Expiration"] = {"Days": rule["ExpirationInDays"]}
    elif rule.get("ExpiredObjectDeleteMarker"):
        api["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    for same in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if same in rule:
            api[same] = rule[same]
    return api
