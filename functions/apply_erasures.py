"""The erasure ledger, applied again: for ops alone, never over HTTP.

Called by `python -m infra.operate erasures apply`, and by `redrive` before it moves anything.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from counterfoil.flows import reapplying
from counterfoil.runtime import observe, queues, secrets


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """`{"after"}`, empty at first, to `{"entries", "again", "after"}`: called again until `after` is empty."""
    applied = reapplying.apply(event["after"], secrets.sealer(), queues.announce)
    observe.count(["ErasedAgain"] * applied.again)
    observe.flush()
    return asdict(applied)
