"""What the clocks of a request ask for, and when."""

from datetime import date, datetime, timedelta
from typing import Final

from counterfoil.domain.legal_clocks import day_of
from counterfoil.domain.rights import WAITS_AT_MOST, PrivacyRequest, RefusalReason, refuse, withdraw_export

NEAR: Final = timedelta(days=7)
"""So long before its deadline ops are told of a request, and then each day."""


def look_at(request: PrivacyRequest, now: datetime) -> tuple[PrivacyRequest, tuple[str, ...]]:
    """What its clocks ask for today: the request after it, and what ops shall see counted."""
    today = day_of(now)
    if request.is_waiting:
        if day_of(request.waits[-1].since) + WAITS_AT_MOST >= today:
            return request, ()
        reason: RefusalReason = "identity_not_proved" if request.waits[-1].wanted == "identity" else "not_clarified"
        return refuse(request, reason, now), ("RightsLapsed",)
    due = request.due_on()
    if request.is_open and due is not None:
        if today > due:
            return request, ("RightsOverdue",)
        return request, ("RightsDeadlineNear",) if due - today <= NEAR else ()
    if request.export_until is not None and request.export_until <= now:
        return withdraw_export(request, now), ("ExportExpired",)
    return request, ()


def next_look(request: PrivacyRequest, today: date) -> date | None:
    """The day on which its clocks next ask for something; None where they never do."""
    if request.is_waiting:
        return day_of(request.waits[-1].since) + WAITS_AT_MOST + timedelta(days=1)
    due = request.due_on()
    if request.is_open and due is not None:
        return max(due - NEAR, today + timedelta(days=1))
    return day_of(request.export_until) if request.export_until else None
