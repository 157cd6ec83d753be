"""No partner sends more than its limit, so that none takes the others' share.

Asked after the partner is authenticated: else a stranger could use up its limit. Where the counts cannot be kept, all
is let through and counted: a receipt that a limiter's outage refuses may never come again, a flood has API Gateway's
throttles still before it.
"""

from datetime import datetime

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


def _admit(partner: str, limits: Limits, now: datetime) -> tuple[str, ...]:
    pace, millis = rates.pace(partner, limits), to_millis(now)
    if millis < pace.blind_until:
        return ()
    _refuse_for(pace.wait(millis))
    if not pace.count(millis):
        return ()
    try:
        counts = rates.add(partner, limits, pace.hand_over(), millis)
    except Exception:
        pace.blind_until = millis + BLIND
        return ("LimiterFailed",)
    if wait := counts.wait(limits, millis):
        pace.refuse(millis, wait)
        _refuse_for(wait)
    return ()


def _refuse_for(milliseconds: int) -> None:
    if milliseconds > 0:
        raise TooMany("more requests than this partner's limit", retry_after=-(-milliseconds // 1000))
