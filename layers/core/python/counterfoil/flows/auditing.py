"""Checkpoints taken of the audit trail, and the trail verified against them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from counterfoil.domain.audit import Entry, faults_of_head
from counterfoil.domain.checkpoints import LAG, Checkpoint, Kept, Sighting, after, faults_between, faults_of_chain
from counterfoil.domain.inspection import count_in_words
from counterfoil.domain.retention import named, period
from counterfoil.domain.times import rfc3339
from counterfoil.flows.outcome import Outcome
from counterfoil.store import audit, checkpoints

_FIRST_LOOKS_BACK = timedelta(days=7)
"""Where there is no checkpoint yet: trail and checkpoints are deployed together."""


def take(now: datetime) -> Outcome:
    """A checkpoint of every chain that moved since the last one; none where none did."""
    last = checkpoints.last()
    heads = _moved_since(last, now)
    if not heads:
        return Outcome(counts=("CheckpointNotNeeded",))
    made = after(last, heads, now)
    if not checkpoints.put(made, now + _kept().checkpoint):
        return Outcome(counts=("CheckpointOvertaken",))
    checkpoints.remember(made.number)
    return Outcome(counts=("CheckpointTaken",))


def _moved_since(last: Checkpoint | None, now: datetime) -> dict[str, tuple[int, str]]:
    """By chain, how far it came, unless a checkpoint of these days has seen that already."""
    since = last.at - LAG if last else now - _FIRST_LOOKS_BACK
    ends: dict[str, int] = {}
    for chain, number in audit.recorded(since, now):
        ends[chain] = max(number, ends.get(chain, 0))
    seen = _seen_since(last, since.replace(hour=0, minute=0, second=0, microsecond=0))
    return audit.hashes({chain: number for chain, number in ends.items() if number > seen.get(chain, 0)})


def _seen_since(last: Checkpoint | None, since: datetime) -> dict[str, int]:
    seen: dict[str, int] = {}
    while last is not None and last.at >= since:
        seen = {chain: number for chain, (number, _) in last.heads.items()} | seen
        last = checkpoints.get(last.number - 1)
    return seen


@dataclass(frozen=True, slots=True)
class Report:
    """What was verified, and each fault, in words. `go_on`: the chain to go on from, where time was up."""

    says: list[str]
    faults: list[str]
    go_on: str | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What all checkpoints say together: by chain, oldest first; when the last one was taken; what is wrong."""

    sightings: Mapping[str, Sequence[Sighting]]
    says: str
    last_at: datetime | None
    faults: list[str]


def verify(subject: str | None, clock: Callable[[], datetime], until: datetime, start: str = "") -> Report:
    """The checkpoints and the chain of one subject, or every chain by name from `start` on, until time is up."""
    now = clock()
    head = audit.head(subject) if subject else None
    seen = _read_checkpoints(head.chain if head else None, now)
    if subject:
        chains = [head.chain] if head else []
    else:
        chains = sorted(
            {*seen.sightings, *(chain for chain, _ in audit.recorded(seen.last_at or now - _FIRST_LOOKS_BACK, now))}
        )
    faults, verified, entries = list(seen.faults), 0, 0
    for chain in (chain for chain in chains if chain >= start):
        if clock() >= until:
            return Report([seen.says, _counted(verified, entries)], faults, chain)
        kept, wrong = _verify_chain(chain, seen, now)
        faults += [f"chain {chain}: {fault}" for fault in wrong]
        verified, entries = verified + 1, entries + len(kept)
    return Report([seen.says, _counted(verified, entries)], faults)


def _read_checkpoints(only: str | None, now: datetime) -> _Seen:
    sightings: dict[str, list[Sighting]] = defaultdict(list)
    faults: list[str] = []
    before: Checkpoint | None = None
    for stored in checkpoints.every():
        one = stored.checkpoint
        faults += faults_between(before, one, _kept(), now)
        if stored.is_written_over:
            faults.append(f"checkpoint {one.number} was written over or deleted; its first version counts")
        for chain, (number, hashed) in one.heads.items():
            if only in (None, chain):
                sightings[chain].append(Sighting(one.number, one.at, one.previous_at, number, hashed))
        before = one
    remembered = checkpoints.remembered()
    if remembered > (before.number if before else 0):
        faults.append(f"checkpoints up to {remembered} were taken, and the last that is there is not that one")
    says = (
        f"{count_in_words(before.number, 'checkpoint')}, the last of {rfc3339(before.at)}."
        if before
        else "No checkpoint yet."
    )
    return _Seen(sightings, says, before.at if before else None, faults)


def _verify_chain(chain: str, seen: _Seen, now: datetime) -> tuple[list[Entry], list[str]]:
    kept = list(audit.entries(chain))
    head = audit.head(kept[-1].stream) if kept else None
    if head and head.number > kept[-1].number:
        kept = list(audit.entries(chain))  # appended to meanwhile
    faults = faults_of_chain(chain, kept, seen.sightings.get(chain, []), seen.last_at, _kept(), now)
    is_over = bool(kept) and head is None and kept[-1].at + _kept().entry <= now
    return kept, faults + (faults_of_head(chain, kept[-1], head) if kept and not is_over else [])


def _counted(chains: int, entries: int) -> str:
    return f"{count_in_words(chains, 'chain')} with {entries} entr{'y' if entries == 1 else 'ies'}."


def _kept() -> Kept:
    entry, checkpoint = period(named("audit entry")), period(named("checkpoint"))
    assert entry
    assert checkpoint
    return Kept(entry, checkpoint)
