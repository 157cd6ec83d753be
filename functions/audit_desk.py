"""What ops tell the audit trail: disclosures to authorities, and what they are about to do. Never over HTTP.

Called by `python -m infra.operate disclose` and `disclosures`, and by the orders that change something by hand.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from counterfoil.flows import disclosing
from counterfoil.runtime import observe, secrets


@observe.nameless
def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """`{"disclose": order}`, `{"list": {"bank", "customer"}}` or `{"list": {"days"}}` to `{"disclosures": [...]}`;
    `{"did": {"what", "detail"}}` to `{}`; what is refused to `{"problems": [...]}`."""
    return disclosing.carry_out(event, secrets.sealer(), datetime.now(UTC))
