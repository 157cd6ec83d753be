"""The audit trail in tests: what is recorded, locked and verified, and what somebody with a way into the table does."""

from typing import Any

from counterfoil.domain.times import to_millis
from counterfoil.store import audit, checkpoints, keys, table
from counterfoil.store.table import LEDGER, Put
from functions import audit_checkpoint
from tests.world import World

HOUR = 3600


def record(world: World, stream: str, times: int = 1) -> None:
    for _ in range(times):
        world.pass_time(60)
        audit.append(stream, "consent changed", {"purpose": "receipts", "version": 1}, world.now)


def take(world: World, hours: float = 2) -> list[str]:
    world.pass_time(hours * HOUR)
    did: list[str] = audit_checkpoint.handler({}, None)["did"]
    return did


def verify(**asked: Any) -> dict[str, Any]:
    answer: dict[str, Any] = audit_checkpoint.handler({"verify": asked}, None)
    return answer


def faults() -> list[str]:
    """Of all chains; without the chains' random names."""
    return [fault.partition(": ")[2] if fault.startswith("chain ") else fault for fault in verify()["faults"]]


def chain(stream: str) -> str:
    head = audit.head(stream)
    assert head is not None
    return head.chain


def key(stream: str, number: int) -> dict[str, str]:
    return keys.audit_entry(chain(stream), number)


def change(where: dict[str, str], **values: Any) -> None:
    """As somebody with a way into the table would."""
    item = table.get(LEDGER, dict(where))
    assert item is not None
    table.write(Put(LEDGER, item | values))


def remove(where: dict[str, str]) -> None:
    table.delete(LEDGER, dict(where), table.Condition("attribute_exists(pk)"))


def point_head(stream: str, number: int) -> None:
    """Has the head say that the chain ends at an earlier entry."""
    [entry] = [one for one in audit.entries(chain(stream)) if one.number == number]
    change(keys.audit_head(stream), rev=number, hash=entry.hash, at=to_millis(entry.at))


def s3(world: World, operation: str, **arguments: Any) -> Any:
    """A call about the checkpoints that no handler made."""
    return world.original_call(checkpoints._s3(), operation, {"Bucket": "checkpoints", **arguments})
