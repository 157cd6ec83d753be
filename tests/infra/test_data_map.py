"""Whatever is deployed that can hold something has its row in the data map, and every row is of something deployed."""

from collections.abc import Iterable
from typing import Any

from counterfoil.domain.records import RECORDS
from counterfoil.domain.retention import period
from tests.infra.synthesis import Synthesis

DAY = 86_400


def _keys(*places: str) -> set[str]:
    return {record.key for record in RECORDS if record.place in places}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _days(place: str, key: str) -> int:
    (record,) = (record for record in RECORDS if (record.place, record.key) == (place, key))
    kept = period(record)
    assert kept is not None
    return kept.days


def _named(logical_ids: Iterable[str], keys: set[str]) -> dict[str, str]:
    """The row of each resource: the longest of `keys` that is a part of its name. Fails for one without."""
    found = {}
    for name in logical_ids:
        fitting = sorted((key for key in keys if key.replace("-", "") in name), key=len)
        assert fitting, f"{name} has no row in the data map"
        found[name] = fitting[-1]
    assert set(found.values()) == keys
    return found


def test_every_queue_and_its_dead_letters_have_a_row_and_its_time(production: Synthesis) -> None:
    queues = production.resources("SQS::Queue")
    dead = {name for name in queues if "DeadLetters" in name}
    assert dead
    for place, names in (("dead letters", dead), ("queue", set(queues) - dead)):
        for name, key in _named(names, _keys(place)).items():
            assert queues[name]["MessageRetentionPeriod"] == _days(place, key) * DAY, name


def test_every_log_group_has_a_row_and_its_time(production: Synthesis) -> None:
    groups = production.resources("Logs::LogGroup")
    for name, key in _named(groups, _keys("logs")).items():
        assert groups[name]["RetentionInDays"] == _days("logs", key), name


def test_every_bucket_is_of_a_place_or_has_a_row(production: Synthesis) -> None:
    own = {name[:-8] for name in production.resources("S3::Bucket")}
    assert own - {"Payloads", "Files", "Checkpoints"} == _keys("bucket")
    buckets = {name[:-8]: bucket for name, bucket in production.resources("S3::Bucket").items()}
    for key in _keys("bucket"):
        (rule,) = buckets[key]["LifecycleConfiguration"]["Rules"]
        assert rule["ExpirationInDays"] == _days("bucket", key)
    (rule,) = (one for one in buckets["Payloads"]["LifecycleConfiguration"]["Rules"] if "Prefix" not in one)
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": _days("backup", "Payloads")}


def test_nothing_may_be_written_to_a_bucket_but_where_a_row_says(production: Synthesis) -> None:
    allowed = {
        (bucket, str(resource).rpartition("/")[0].rpartition("/")[2] + "/")
        for policy in production.resources("IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
        for bucket in ("Payloads", "Files")
        if action == "s3:PutObject" and bucket in str(resource)
    }
    assert allowed == {(r.place.title(), r.key) for r in RECORDS if r.place in ("payloads", "files")}


def test_every_table_is_a_place_and_every_backup_has_its_row(production: Synthesis) -> None:
    tables = {name[:-8]: table for name, table in production.resources("DynamoDB::Table").items()}
    assert {name.lower() for name in tables} == {
        record.place for record in RECORDS if record.place in ("ledger", "rendezvous", "salts")
    }
    recovery = {
        name: table["PointInTimeRecoverySpecification"]["RecoveryPeriodInDays"]
        for name, table in tables.items()
        if table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled")
    }
    assert recovery == {name: _days("backup", name) for name in _keys("backup") - {"Payloads"}}


def test_secrets_sign_ins_and_metrics_have_their_rows(production: Synthesis) -> None:
    secrets = production.resources("SecretsManager::Secret").values()
    assert {str(secret["Name"]).partition("/")[0] + "/" for secret in secrets} == _keys("secret")
    assert {name[:-8] for name in production.resources("Cognito::UserPool")} == _keys("user pool")
    spaces = {
        function["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
        for function in production.functions().values()
    }
    assert spaces == _keys("metrics")


def test_nothing_else_that_holds_data_is_deployed(production: Synthesis) -> None:
    """A kind of store that no test above looks at would have no row."""
    looked_at = {"SQS::Queue", "Logs::LogGroup", "S3::Bucket", "DynamoDB::Table", "SecretsManager::Secret"}
    looked_at |= {"Cognito::UserPool", "SNS::Topic"}  # a topic holds nothing
    stores = ("SQS", "Logs", "S3", "DynamoDB", "SecretsManager", "Cognito::UserPool", "SNS", "RDS", "Kinesis", "SES")
    stores += ("KinesisFirehose", "SSM", "ElastiCache", "Timestream", "OpenSearch", "EFS", "Glue", "StepFunctions")
    kinds = {
        resource["Type"] for template in production.templates.values() for resource in template["Resources"].values()
    }
    holding = {kind.removeprefix("AWS::") for kind in kinds if kind.removeprefix("AWS::").startswith(stores)}
    ways = (
        "Policy",
        "PolicyInlinePolicy",
        "Subscription",
        "UserPoolClient",
        "UserPoolDomain",
        "UserPoolResourceServer",
    )
    assert {kind for kind in holding if not kind.endswith(ways)} == looked_at
