"""Legal holds on a customer's records, or on a class of them: for ops alone, never over HTTP.

Called by `python -m infra.operate hold`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from counterfoil.domain.holds import HoldOrder, Target
from counterfoil.flows import holding
from counterfoil.runtime import observe, secrets


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """`{"put": {…, "ground", "reference"}}` and `{"release": {…, "reference"}}`, where `…` is `"bank"` and
    `"customer"`, or `"class"`, to `{"outcome"}`, in words. `{"list": true}` to `{"holds": [{"target", …}]}`.
    """
    now = datetime.now(UTC)
    if "put" in event:
        return {"outcome": holding.place(HoldOrder.model_validate(event["put"]), secrets.sealer(), now)}
    if "release" in event:
        return {"outcome": holding.release(Target.model_validate(event["release"]), secrets.sealer(), now)}
    return {"holds": holding.listed()}
