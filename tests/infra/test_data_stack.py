"""What is kept: encrypted by our own keys, recoverable as designed, hard to lose."""

from counterfoil.domain.records import RECORDS
from counterfoil.domain.retention import period
from tests.infra.synthesis import Synthesis, ref

DAYS_OF_RECOVERY = {"Ledger": 35, "Salts": 1, "Rendezvous": None}


def _tables(deployment: Synthesis) -> dict[str, dict]:
    return {name[:-8]: table for name, table in deployment.resources("DynamoDB::Table").items()}


def test_every_table_has_our_key_and_refuses_deletion(either: Synthesis) -> None:
    tables = _tables(either)
    assert set(tables) == set(DAYS_OF_RECOVERY)
    for table in tables.values():
        assert table["SSESpecification"]["SSEEnabled"] is True
        assert "KMSMasterKeyId" in table["SSESpecification"]
        assert table["DeletionProtectionEnabled"] is True
        assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_recovery_reaches_back_as_far_as_each_table_may(production: Synthesis) -> None:
    for name, table in _tables(production).items():
        recovery = table.get("PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False})
        days = DAYS_OF_RECOVERY[name]
        assert recovery["PointInTimeRecoveryEnabled"] is (days is not None), name
        assert recovery.get("RecoveryPeriodInDays") == days, name


def test_the_keys_of_the_tables(production: Synthesis) -> None:
    tables = _tables(production)
    keys = {name: [key["AttributeName"] for key in table["KeySchema"]] for name, table in tables.items()}
    assert keys == {"Ledger": ["pk", "sk"], "Rendezvous": ["pk", "sk"], "Salts": ["pk"]}
    expiry = {name: table.get("TimeToLiveSpecification") for name, table in tables.items()}
    by_ttl = {"AttributeName": "ttl", "Enabled": True}
    assert expiry == {"Ledger": by_ttl, "Rendezvous": by_ttl, "Salts": None}


def test_indexes_hold_keys_only(production: Synthesis) -> None:
    indexes = {
        index["IndexName"]: ([key["AttributeName"] for key in index["KeySchema"]], index["Projection"])
        for index in _tables(production)["Ledger"]["GlobalSecondaryIndexes"]
    }
    keys_only = {"ProjectionType": "KEYS_ONLY"}
    assert indexes == {"by_subject": (["subject", "at"], keys_only), "by_due": (["due", "pk"], keys_only)}


def test_what_is_kept_outlives_its_stack(production: Synthesis) -> None:
    kept = ("DynamoDB::Table", "S3::Bucket", "KMS::Key", "Cognito::UserPool", "SecretsManager::Secret")
    for kind in kept:
        resources = production.whole(kind)
        assert resources, kind
        for name, resource in resources.items():
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain", name


def test_keys_rotate(production: Synthesis) -> None:
    keys = production.resources("KMS::Key")
    assert len(keys) == 3
    assert all(key["EnableKeyRotation"] is True for key in keys.values())


def test_buckets_are_private_and_the_receipts_encrypted_and_versioned(production: Synthesis) -> None:
    buckets = production.resources("S3::Bucket")
    for bucket in buckets.values():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    kept = {name[:-8]: bucket for name, bucket in buckets.items() if "AccessLogs" not in name}
    assert set(kept) == {"Payloads", "Files", "Checkpoints"}
    for bucket in kept.values():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert "KMSMasterKeyID" in rule["ServerSideEncryptionByDefault"]
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert "DestinationBucketName" in bucket["LoggingConfiguration"]


def test_a_delete_marker_goes_with_the_last_version_that_it_hides(production: Synthesis) -> None:
    """It tells an object's name, which has an opaque name of a customer or a receipt in it."""
    versioned = [one for one in production.resources("S3::Bucket").values() if "VersioningConfiguration" in one]
    assert len(versioned) == 3
    for bucket in versioned:
        rules = bucket["LifecycleConfiguration"]["Rules"]
        (removing,) = (rule for rule in rules if rule.get("ExpiredObjectDeleteMarker"))
        assert removing["Status"] == "Enabled"
        assert not {"Prefix", "TagFilters", "ExpirationInDays", "ExpirationDate"} & removing.keys(), "S3 refuses these"


def test_files_are_kept_as_long_as_the_data_map_says_and_no_version_longer(production: Synthesis) -> None:
    (files,) = (bucket for name, bucket in production.resources("S3::Bucket").items() if name.startswith("Files"))
    rules = {rule["Prefix"]: rule for rule in files["LifecycleConfiguration"]["Rules"] if "Prefix" in rule}
    days = {record.key: period(record).days for record in RECORDS if record.place == "files"}
    assert {prefix: rule["ExpirationInDays"] for prefix, rule in rules.items()} == days
    assert all(rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1} for rule in rules.values())


def test_checkpoints_are_locked_for_as_long_as_the_data_map_says(production: Synthesis) -> None:
    (bucket,) = (one for name, one in production.resources("S3::Bucket").items() if name.startswith("Checkpoints"))
    (record,) = (one for one in RECORDS if one.place == "checkpoints")
    days = period(record).days
    lock = bucket["ObjectLockConfiguration"]
    assert bucket["ObjectLockEnabled"] is True
    assert lock == {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}},
    }
    (rule,) = (one for one in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in one)
    assert rule["ExpirationInDays"] > days
    entries = next(one for one in RECORDS if one.name == "audit entry")
    assert days > period(entries).days


def test_uploads_and_nothing_else_are_told_to_the_files_queue(production: Synthesis) -> None:
    (files,) = (bucket for name, bucket in production.resources("S3::Bucket").items() if name.startswith("Files"))
    assert files["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    (rule,) = production.resources("Events::Rule").values()
    assert rule["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "uploads/"}]}
    (target,) = rule["Targets"]
    assert ref(target["Arn"]).startswith("FilesQueue")
    assert ref(target["DeadLetterConfig"]["Arn"]).startswith("FilesDeadLetters")


def test_secrets_have_our_key(production: Synthesis) -> None:
    (secret,) = production.resources("SecretsManager::Secret").values()
    assert "KmsKeyId" in secret
    assert secret["GenerateSecretString"] == {"ExcludePunctuation": True, "PasswordLength": 64}


def test_a_stack_is_given_up_without_blocking_the_other(production: Synthesis) -> None:
    """What the app stack imports stays exported though it stop importing it."""
    imported = set(_imports(production.templates["Counterfoil"]))
    outputs = production.templates["CounterfoilData"]["Outputs"].values()
    assert imported
    assert imported <= {output["Export"]["Name"] for output in outputs if "Export" in output}


def _imports(node: object) -> list[str]:
    if isinstance(node, dict):
        here = [node["Fn::ImportValue"]] if "Fn::ImportValue" in node else []
        return here + [name for value in node.values() for name in _imports(value)]
    return [name for value in node for name in _imports(value)] if isinstance(node, list) else []
