"""The audit trail of the deployed Counterfoil: put under lock, verified, tampered with, and told, by ops' orders."""

import pytest
from botocore.exceptions import ClientError

from infra.operate import deployment
from infra.operate.__main__ import main
from infra.sandbox import restore
from tests.sandbox.live import Live


@pytest.fixture(autouse=True)
def _here(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment, "client", live.client)


def checkpoints(live: Live) -> str:
    ids = restore.physical_ids(live.deployment.engine, "CounterfoilData")
    [bucket] = [name for logical, name in ids.items() if logical.startswith("Checkpoints") and "Policy" not in logical]
    return bucket


def test_the_trail_is_locked_verified_and_its_breaks_are_named(live: Live, capsys: pytest.CaptureFixture[str]) -> None:
    live.consent("audit_42")
    assert main(["audit", "checkpoint"]) == 0
    assert capsys.readouterr().out == "CheckpointTaken\n"
    assert main(["audit", "verify"]) == 0
    order = ["--authority", "A court", "--ground", "court_order", "--reference", "KB-2026-1", "--what", "receipt body"]
    assert main(["disclose", "openbank", "audit_42", *order]) == 0
    assert main(["audit", "verify", "--subject", "openbank", "audit_42"]) == 0
    assert "1 chain with 2 entries" in capsys.readouterr().out
    bucket, s3 = checkpoints(live), live.client("s3")
    [first] = s3.list_object_versions(Bucket=bucket, Prefix="checkpoints/000000001")["Versions"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key=first["Key"], VersionId=first["VersionId"])
    marker = s3.delete_object(Bucket=bucket, Key=first["Key"])["VersionId"]
    assert main(["audit", "verify"]) == 1
    assert "checkpoint 1 was written over or deleted; its first version counts" in capsys.readouterr().err
    s3.delete_object(Bucket=bucket, Key=first["Key"], VersionId=marker)
    assert main(["audit", "verify"]) == 0
