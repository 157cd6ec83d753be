"""Checkpoints of the audit trail: each is taken once and locked, names nobody, and what is done to one shows."""

import json
from datetime import timedelta
from typing import Any

import pytest

from counterfoil.store import checkpoints
from tests.flows.audit_trail import faults, record, s3, take
from tests.world import World

pytestmark = pytest.mark.usefixtures("nothing_locked")


def test_nothing_moved_nothing_is_locked(trail: World) -> None:
    assert take(trail) == ["CheckpointNotNeeded"]
    record(trail, "one")
    assert take(trail) == ["CheckpointTaken"]
    third = checkpoints.get(3)
    assert third is not None
    assert {number for number, _ in third.heads.values()} == {5}


def test_a_locked_checkpoint_cannot_be_deleted(trail: World) -> None:
    [version] = s3(trail, "ListObjectVersions", Prefix="checkpoints/000000001")["Versions"]
    name = {"Key": version["Key"], "VersionId": version["VersionId"]}
    locked = s3(trail, "HeadObject", **name)
    assert locked["ObjectLockMode"] == "COMPLIANCE"
    assert locked["ObjectLockRetainUntilDate"] - trail.now > timedelta(days=2500)
    with pytest.raises(Exception, match="Access Denied"):
        s3(trail, "DeleteObject", **name)


def test_a_checkpoint_written_over_shows_and_its_first_version_counts(trail: World) -> None:
    trail.pass_time(1)
    s3(trail, "PutObject", Key="checkpoints/000000002", Body=b"{}")
    assert faults() == ["checkpoint 2 was written over or deleted; its first version counts"]


def test_a_checkpoint_marked_deleted_shows_and_its_first_version_counts(trail: World) -> None:
    s3(trail, "DeleteObject", Key="checkpoints/000000001")
    assert faults() == ["checkpoint 1 was written over or deleted; its first version counts"]


@pytest.mark.parametrize("number", [1, 2])
def test_a_checkpoint_that_is_not_there_shows(trail: World, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    every = list(checkpoints.every())
    monkeypatch.setattr(checkpoints, "every", lambda: [one for one in every if one.checkpoint.number != number])
    assert faults() != []


def test_no_two_runs_take_the_same_checkpoint(trail: World) -> None:
    record(trail, "one")
    last, put = checkpoints.last(), checkpoints.put
    assert last is not None

    def behind() -> Any:
        return last

    assert take(trail) == ["CheckpointTaken"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "last", behind)
        patch.setattr(checkpoints, "put", put)
        assert take(trail, 0) == ["CheckpointOvertaken"]
    assert faults() == []


def test_a_run_that_died_before_it_noted_its_checkpoint_is_gone_on_from(
    trail: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(trail, "one")
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "remember", lambda number: None)
        assert take(trail) == ["CheckpointTaken"]
    record(trail, "one")
    assert take(trail) == ["CheckpointTaken"]
    last = checkpoints.last()
    assert last is not None
    assert last.number == 4
    assert faults() == []


def test_a_checkpoint_holds_no_name_of_anybody(counterfoil: World) -> None:
    counterfoil.consent()
    record(counterfoil, "opaque-subject")
    take(counterfoil)
    body = s3(counterfoil, "GetObject", Key="checkpoints/000000001")["Body"].read().decode()
    assert "opaque-subject" not in body
    for item in counterfoil.items("ledger"):
        assert "subject" not in item or item["subject"]["S"] not in body
    assert set(json.loads(body)) == {"number", "at", "previous", "previous_at", "heads"}
