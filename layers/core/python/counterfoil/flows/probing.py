"""A bank that keeps failing is paused, and probed with one of its messages until it takes it.

    pause    the record says so, then the mapping is held
    resume   the mapping is released, then the record says so

So a mapping is never held without a record that says why, wherever a run dies; and each run makes the mapping what the
record says, since a pause and a resumption may cross. A probe takes a message as a delivery would: deleted once it is
told, else kept back by the plan of its waits, one receive used up. Found no message, the bank is resumed: there is
nothing to lose by it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from counterfoil.banks.adapter import Call
from counterfoil.domain import bank_health as health_of
from counterfoil.domain.audit import OPS
from counterfoil.domain.bank_health import Decision, Health
from counterfoil.errors import Poison, TryAgain
from counterfoil.flows import delivery
from counterfoil.flows.delivery import Answer, Sending
from counterfoil.flows.outcome import Outcome
from counterfoil.store import audit, bank_health, registry

MOST_TAKEN = 10
"""Messages that a probe takes in search of one with something to tell."""


class Taken(Protocol):
    @property
    def body(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def handle(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Line:
    """A bank's delivery queue, and the mapping that has it worked off.

    `take()`: one visible message, or None; `delete(handle)`, `keep_back(handle, seconds)`; `hold()`, `release()`.
    """

    take: Callable[[], Taken | None]
    delete: Callable[[str], None]
    keep_back: Callable[[str, int], None]
    hold: Callable[[], None]
    release: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Probed:
    """How a probe ended; `took` is None where there was no message to try."""

    took: bool | None
    status: int | None = None


def tend(bank: str, line: Line, sending: Sending) -> Outcome:
    """Pauses, probes or resumes one bank, as it is now."""
    now, health, record = sending.clock(), bank_health.get(bank), registry.bank(bank)
    gone = record is not None and record.disabled
    match health_of.decide(health, gone, now):
        case Decision.PAUSE:
            return _pause(bank, line, health_of.paused(health, "gone" if gone else "failing", now))
        case Decision.PROBE:
            line.hold()
            return _after_probe(bank, line, health, _probe(line, sending), sending.clock())
        case Decision.RESUME:
            return _resume(bank, line, health, health.last_status)
    if health.paused_since is not None:
        line.hold()
        return Outcome(counts=("BankPaused",))
    line.release()
    return Outcome()


def pause_by_hand(bank: str, line: Line, now: datetime) -> None:
    """Until it is resumed by hand."""
    audit.append(OPS, "ops action", {"order": "pause", "bank": bank}, now)
    _pause(bank, line, health_of.paused(bank_health.get(bank), "by hand", now))


def resume_by_hand(bank: str, line: Line, now: datetime) -> None:
    audit.append(OPS, "ops action", {"order": "resume", "bank": bank}, now)
    health = bank_health.get(bank)
    _resume(bank, line, health, health.last_status)


def _pause(bank: str, line: Line, health: Health) -> Outcome:
    bank_health.save(bank, health)
    line.hold()
    return Outcome(counts=("BankPaused",))


def _resume(bank: str, line: Line, health: Health, status: int | None) -> Outcome:
    line.release()
    bank_health.save(bank, health_of.resumed(health, status))
    return Outcome(counts=("BankResumed",))


def _after_probe(bank: str, line: Line, health: Health, probed: _Probed, now: datetime) -> Outcome:
    if probed.took is not False:
        return _resume(bank, line, health, probed.status or health.last_status)
    bank_health.save(bank, health_of.probe_failed(health, probed.status, now))
    return Outcome(counts=("BankPaused",))


def _probe(line: Line, sending: Sending) -> _Probed:
    answers: list[int | None] = []

    def send(call: Call, seconds: float) -> Answer:
        answer = sending.send(call, seconds)
        answers.append(answer.status)
        return answer

    for _ in range(MOST_TAKEN):
        taken = line.take()
        if taken is None:
            return _Probed(None)
        delivered = _deliver(taken, line, replace(sending, send=send, attempt=taken.attempt))
        if delivered or answers:
            return _Probed(delivered, answers[-1])
    return _Probed(False)


def _deliver(taken: Taken, line: Line, sending: Sending) -> bool:
    """Whether the bank took something. The message is deleted unless it shall come back."""
    try:
        outcome = delivery.deliver(_transaction_of(taken), sending)
    except TryAgain as later:
        if later.after is not None:
            line.keep_back(taken.handle, later.after)
        return False
    except Poison:
        line.keep_back(taken.handle, 1)
        return False
    line.delete(taken.handle)
    return "Delivered" in outcome.counts


def _transaction_of(taken: Taken) -> str:
    try:
        return str(json.loads(taken.body)["transaction"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Poison("not a message of ours") from error
