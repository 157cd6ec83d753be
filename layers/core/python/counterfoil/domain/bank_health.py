"""Whether a bank takes what it is sent, and what follows: one that keeps failing is paused, and probed.

A bank fails when nothing but failures came of it for a minute, at least three. While it is paused its messages wait in
its queue, visible and unlimited in number, and none uses up a receive; a probe takes one of them, first at once, then
after ever longer waits. A bank whose endpoint is gone (410) is paused until it is registered anew, one that ops paused
until they resume it: neither is probed.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

FAILING_FOR = timedelta(minutes=1)
FEWEST_FAILURES = 3
TOGETHER = timedelta(minutes=15)
"""Failures further apart are not one stretch: between them nobody tried."""
NOTED_EVERY = timedelta(seconds=5)
"""How often at most a process writes down that a bank fails."""
PROBE_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 10))

type Reason = Literal["failing", "gone", "by hand"]


class Decision(Enum):
    KEEP = "keep"
    PAUSE = "pause"
    PROBE = "probe"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Health:
    """How one bank is, as all processes noted it. `rev` rises with every change; 0 is a bank never noted.

    `failing_since` and `failures` are of the stretch of failures that is on; `paused_since` and `reason` of the pause.
    """

    rev: int = 0
    failing_since: datetime | None = None
    failed_at: datetime | None = None
    failures: int = 0
    last_status: int | None = None
    paused_since: datetime | None = None
    reason: Reason | None = None
    probes: int = 0
    next_probe_at: datetime | None = None

    @property
    def state(self) -> Literal["well", "failing", "paused"]:
        if self.paused_since is not None:
            return "paused"
        return "failing" if self.failing_since is not None else "well"


def decide(health: Health, gone: bool, now: datetime) -> Decision:
    """What is to be done about a bank; `gone`: it answered that it has no such endpoint any more."""
    if health.paused_since is None:
        return Decision.PAUSE if gone or _keeps_failing(health, now) else Decision.KEEP
    if gone or health.reason == "by hand":
        return Decision.KEEP
    if health.reason == "gone":
        return Decision.RESUME
    return Decision.PROBE if health.next_probe_at is None or now >= health.next_probe_at else Decision.KEEP


def _keeps_failing(health: Health, now: datetime) -> bool:
    since, last = health.failing_since, health.failed_at
    if since is None or last is None or health.failures < FEWEST_FAILURES:
        return False
    return last - since >= FAILING_FOR and now - last < TOGETHER


def failed(health: Health, failures: int, status: int | None, well_at: datetime | None, now: datetime) -> Health:
    """After so many more failures; `well_at`: when the process that tells last saw the bank take something."""
    since, before = health.failing_since, health.failures
    if since is None or health.failed_at is None or now - health.failed_at > TOGETHER or (well_at and well_at > since):
        since, before = now, 0
    return _next(health, failing_since=since, failed_at=now, failures=before + failures, last_status=status)


def recovered(health: Health, status: int | None) -> Health:
    return _next(health, failing_since=None, failed_at=None, failures=0, last_status=status)


def paused(health: Health, reason: Reason, now: datetime) -> Health:
    return _next(health, paused_since=now, reason=reason, probes=0, next_probe_at=None)


def probe_failed(health: Health, status: int | None, now: datetime) -> Health:
    wait = PROBE_WAITS[min(health.probes, len(PROBE_WAITS) - 1)]
    return _next(health, last_status=status, probes=health.probes + 1, next_probe_at=now + wait)


def resumed(health: Health, status: int | None) -> Health:
    return Health(rev=health.rev + 1, last_status=status)


def _next(health: Health, **changes: object) -> Health:
    return replace(health, rev=health.rev + 1, **changes)  # type: ignore[arg-type]


@dataclass(slots=True)
class Streak:
    """What one process sees of one bank. Nothing is noted while the bank is well."""

    well_at: datetime | None = None
    noted_at: datetime | None = None
    unnoted: int = 0

    def failed(self, now: datetime) -> int:
        """How many failures are to be noted now, if any."""
        self.unnoted += 1
        if self.noted_at is not None and now - self.noted_at < NOTED_EVERY:
            return 0
        told, self.unnoted, self.noted_at = self.unnoted, 0, now
        return told

    def took(self, now: datetime) -> bool:
        """Whether it is to be noted that the bank is well again."""
        failing = self.noted_at is not None
        self.well_at, self.noted_at, self.unnoted = now, None, 0
        return failing
