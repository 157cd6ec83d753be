"""Counterfoil's own stacks, as they stand in the engine after `deploy`."""

import json
import urllib.request

from infra.sandbox.deploy import Deployment, deploy


def test_tables_and_bucket_keep_what_their_template_says(deployment: Deployment) -> None:
    dynamodb, s3 = (deployment.engine.client(service) for service in ("dynamodb", "s3"))
    expires, recovers = {}, {}
    for table in (deployment.ledger_table, deployment.rendezvous_table, deployment.salts_table):
        described = dynamodb.describe_table(TableName=table)["Table"]
        assert described["SSEDescription"]["SSEType"] == "KMS"
        assert described["DeletionProtectionEnabled"]
        live = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        expires[table] = live.get("AttributeName")
        backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        recovers[table] = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert list(expires.values()) == ["ttl", "ttl", None]
    assert list(recovers.values()) == ["ENABLED", "DISABLED", "ENABLED"]
    bucket = {"Bucket": deployment.payloads_bucket}
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    assert s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]
    (rule,) = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


def test_the_api_answers_and_every_bank_can_sign_in(deployment: Deployment) -> None:
    with urllib.request.urlopen(f"{deployment.api_url}/v1/merchants", timeout=30) as answer:
        assert "merchants" in json.load(answer)
    assert set(deployment.client_ids) == set(deployment.delivery_queue_urls)
    assert all(deployment.client_secret(bank) for bank in deployment.client_ids)


def test_deploying_again_changes_nothing(deployment: Deployment) -> None:
    told: list[str] = []
    deploy(deployment.engine, print)  # whatever was edited since the tests began
    assert deploy(deployment.engine, told.append) == deployment
    assert "Stacks are unchanged since they were last synthesised" in told
    assert not [line for line in told if "resources" in line]
