"""What ops tell the audit trail: a disclosure to an authority before anything is handed over, an action before it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from counterfoil.domain.audit import OPS
from counterfoil.domain.disclosures import GROUNDS, Disclosure, DisclosureOrder, content_of
from counterfoil.domain.fields import validated
from counterfoil.domain.times import rfc3339
from counterfoil.errors import ConditionFailed, NotFound, Refused, TryAgain
from counterfoil.sealing import Sealer
from counterfoil.store import audit, customers, disclosures

TRIES = 5


def carry_out(order: Mapping[str, Any], sealer: Sealer, now: datetime) -> dict[str, Any]:
    """Such as `functions.audit_desk` is called with; what is refused, as `problems` in words."""
    try:
        if "did" in order:
            audit.append(OPS, order["did"]["what"], order["did"]["detail"], now)
            return {}
        if "disclose" in order:
            made = [disclose(validated(DisclosureOrder, order["disclose"]), sealer, now)]
        else:
            made = _listed(order["list"], sealer, now)
    except Refused as refused:
        problems = [f"{problem.field}: {problem.message}" for problem in refused.problems]
        return {"problems": problems or [refused.detail]}
    return {"disclosures": [_told(one) for one in made]}


def _listed(asked: Mapping[str, Any], sealer: Sealer, now: datetime) -> list[Disclosure]:
    if "bank" in asked:
        return disclosures.of_customer(sealer.subject(asked["bank"], asked["customer"]))
    return disclosures.of_days(now - timedelta(days=asked["days"]), now)


def _told(made: Disclosure) -> dict[str, Any]:
    return asdict(made) | {"at": rfc3339(made.at), "law": GROUNDS[made.ground].law, "told": made.is_told}


def disclose(order: DisclosureOrder, sealer: Sealer, now: datetime) -> Disclosure:
    """The disclosure as it is recorded; the same order again is the same one.

    Raises NotFound for a customer of whom nothing is held, or nothing that can be read any more.
    """
    subject = sealer.subject(order.bank, order.customer)
    _, salt = customers.with_salt(subject)
    if salt is None:
        raise NotFound("nothing is held of such a customer")
    fingerprint = sealer.customer(salt).fingerprint(content_of(order))
    made = Disclosure(fingerprint, now, order.authority, order.ground, order.reference, order.records)
    # A customer reads the entries of their own chain.
    stream = subject if made.is_told else OPS
    detail = {"disclosure": made.id, "ground": made.ground, "records": made.records}
    for _ in range(TRIES):
        try:
            disclosures.put_once(subject, made, audit.entry(stream, "disclosure", detail, now))
        except (ConditionFailed, TryAgain):
            if standing := disclosures.get(subject, made):
                return standing
            continue
        return made
    raise TryAgain("others keep appending to this chain")
