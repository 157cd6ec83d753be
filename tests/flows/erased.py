"""What the tests of erasing share: who is erased, and what is left then."""

import json
from datetime import datetime
from typing import Any

from counterfoil.domain.times import to_millis
from counterfoil.flows import erasing
from counterfoil.runtime import secrets
from counterfoil.store import erasures, objects
from tests.account import stored
from tests.world import World

DAY = 86_400


def subject_of(customer_id: str = "cust_42", bank: str = "openbank") -> str:
    return secrets.sealer().subject(bank, customer_id)


def begin(world: World, subject: str, request_id: str | None = None) -> None:
    world.put("rights", json.dumps(erasing.begin(subject, "requested", world.now, request_id).body))


def erase(world: World, subject: str) -> erasures.Erasure:
    """To its end."""
    begin(world, subject)
    world.run(DAY)
    done = erasures.get(subject)
    assert done is not None
    assert done.is_done, done
    return done


def rows_of(subject: str) -> set[str]:
    """The beginnings of the keys of all that is a customer's by the index."""
    return {f"{item['pk'][:2]}/{item['sk'][:2]}" for item in stored("ledger") if item.get("subject") == subject}


def versions(world: World, bucket: str) -> dict[tuple[str, str], bytes]:
    """Every version of every object, also of those that were deleted."""
    listed = world.original_call(objects.client(), "ListObjectVersions", {"Bucket": bucket})
    return {
        (each["Key"], each["VersionId"]): _read(world, bucket, each["Key"], each["VersionId"])
        for each in listed.get("Versions", [])
    }


def _read(world: World, bucket: str, name: str, version: str) -> bytes:
    answer = world.original_call(objects.client(), "GetObject", {"Bucket": bucket, "Key": name, "VersionId": version})
    content: bytes = answer["Body"].read()
    return content


def put_back(world: World, bucket: str, objects_then: dict[tuple[str, str], bytes]) -> None:
    """The bucket as it was: moto's objects are no part of what a world remembers."""
    for name, version in versions(world, bucket):
        world.original_call(objects.client(), "DeleteObject", {"Bucket": bucket, "Key": name, "VersionId": version})
    for (name, _), content in objects_then.items():
        world.original_call(objects.client(), "PutObject", {"Bucket": bucket, "Key": name, "Body": content})


def message_of(subject: str, at: datetime) -> str:
    """An erasure's message as it was sent then."""
    return json.dumps({"task": "erase", "subject": subject, "at": to_millis(at), "reason": "requested"})


def payments_of(subject: str) -> list[dict[str, Any]]:
    return [item for item in stored("ledger") if item["pk"].startswith("T#") and item["subject"] == subject]
