"""No partner sends more than its limit, so that none takes the others' share; a till that sends too much is doubted.

Asked after the partner is authenticated: else a stranger could use up its limit. Where the counts cannot be kept, all
is let through and counted: a receipt that a limiter's outage refuses may never come again, a flood has API Gateway's
throttles still before it.
"""

from collections.abc import Mapping
from datetime import datetime

from counterfoil.domain.flooding import Allowance
from counterfoil.domain.rates import Limits
from counterfoil.domain.times import to_millis
from counterfoil.errors import TooMany
from counterfoil.store import rates, registry

BLIND = 10_000
"""Milliseconds for which nothing is counted after counts could not be kept: an outage must not slow each request."""


def admit_bank(name: str, now: datetime) -> tuple[str, ...]:
    """Lets one request of a bank pass, or raises TooMany. What to count as a metric."""
    record = registry.bank(name)
    return _admit(f"bank/{name}", record.bank.limits if record else Limits(), now)


def admit_retailer(name: str, now: datetime) -> tuple[str, ...]:
    """Lets one request of a retailer pass, or raises TooMany. What to count as a metric."""
    retailer = registry.retailer(name)
    return _admit(f"retailer/{name}", retailer.limits if retailer else Limits(), now)


def is_flood(allowances: Mapping[str, Allowance], now: datetime) -> bool:
    """Counts one receipt; whether any of those whose allowance it takes of has none left.

    What is over the first allowance takes nothing of the others. Where the counts cannot be kept it is no flood: those
    of the receipt's partner, beside them, tell of the outage.
    """
    return any(_count(name, each.limits, each.takes, now)[0] for name, each in allowances.items())


def _admit(partner: str, limits: Limits, now: datetime) -> tuple[str, ...]:
    wait, metrics = _count(partner, limits, 1, now)
    if wait:
        raise TooMany("more requests than this partner's limit", retry_after=-(-wait // 1000))
    return metrics


def _count(name: str, limits: Limits, requests: int, now: datetime) -> tuple[int, tuple[str, ...]]:
    """For how long (ms) there is no place for so many, 0 where they were counted; what to count as a metric."""
    pace, millis = rates.pace(name, limits), to_millis(now)
    if millis < pace.blind_until:
        return 0, ()
    if wait := pace.wait(millis):
        return wait, ()
    if not pace.count(millis, requests):
        return 0, ()
    try:
        counts = rates.add(name, limits, pace.hand_over(), millis)
    except Exception:
        pace.blind_until = millis + BLIND
        return 0, ("LimiterFailed",)
    if wait := counts.wait(limits, millis):
        pace.refuse(millis, wait, requests)
    return wait, ()
