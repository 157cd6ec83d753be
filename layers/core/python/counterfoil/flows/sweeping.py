"""The retention sweep: what is due by the data map is deleted or redacted, and a certificate says how much.

    read a page of a place ─► what goes together ─► one transaction ─► delete the bodies that are nobody's now
                                                     │ deletes it, each as it was read
                                                     │ checks that nothing holds it
                                                     └ moves the run: the row it came to, and the counts

Since the run's place and counts move in the transaction that deletes, a run that died goes on where it stopped, counts
nothing twice, and leaves one certificate. Two runs at once: the second's transaction does not hold, and it stops.
What does not hold is left out, and the rest is tried again: held records are counted and met again by the next run;
what moved is due no more. Bodies go last: their names stand in the run until they are gone.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from counterfoil.domain import retention
from counterfoil.domain.audit import OPS, Detail
from counterfoil.domain.holds import of_class
from counterfoil.domain.record import Record
from counterfoil.domain.retention import Place
from counterfoil.domain.sweeping import Counts, Run
from counterfoil.domain.times import from_millis, to_millis
from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.flows import sweeping_together
from counterfoil.flows.sweeping_together import Part, Unit
from counterfoil.store import audit, bodies, holds, keys, sweep, table
from counterfoil.store.table import Change, Write

PAGE = 50
MOST_WRITES = 95
"""A transaction has a hundred at most, the run's own among them."""
TRIES = 5
CERTIFICATES_SHOWN = 7


class _Stop(Exception):
    """The run goes on another time; `count` says why."""

    def __init__(self, count: str) -> None:
        super().__init__(count)
        self.count = count


class _ClassHeld(Exception):
    """The whole class is held."""


@dataclass(frozen=True, slots=True)
class Work:
    """One invocation: it begins no page once `seconds` are over."""

    clock: Callable[[], datetime]
    seconds: int


def sweep_due(work: Work, *, anew: bool = False) -> Counter[str]:
    """Goes on with the run under way, or begins the day's (with `anew` one more); what happened, and how often."""
    until = work.clock() + timedelta(seconds=work.seconds)
    try:
        run = _run_under_way(work.clock(), anew)
        if run is None:
            return Counter()
        run = _finish(_sweep_classes(run, lambda: work.clock() < until), work.clock)
    except _Stop as stop:
        return Counter({stop.count: 1})
    total = run.total()
    counts = {"Swept": total.deleted + total.redacted, "SweepHeld": total.held, "SweepFailed": total.failed}
    return Counter({"SweepDone": 1} | {name: number for name, number in counts.items() if number})


def rehearse(now: datetime) -> dict[str, Counts]:
    """What a run would do now, by class, as far as reading tells; nothing is changed."""
    return {record.due or "": _rehearse_class(record, now) for record in retention.classes()}


def report(now: datetime) -> dict[str, Any]:
    """For ops: of each class its period, how far it was swept and what is due; the run, and the last certificates."""
    due = rehearse(now)
    classes = [
        {
            "class": record.due,
            "record": record.name,
            "kept": retention.in_words(record),
            "swept_through": sweep.swept(record.due or "").through.isoformat(),
            "held": bool(holds.of(of_class(record.due or ""))),
            "due": asdict(due[record.due or ""]),
        }
        for record in retention.classes()
    ]
    run, certificates = sweep.run(), sweep.certificates()[-CERTIFICATES_SHOWN:]
    under_way = run.name if run and not run.done else None
    return {
        "classes": classes,
        "under_way": under_way,
        "certificates": [{"run": one.name, "skipped": one.skipped, **asdict(one.total())} for one in certificates],
    }


# A run


def _run_under_way(now: datetime, anew: bool) -> Run | None:
    last = sweep.run()
    if last is not None and not last.done:
        bodies.remove(last.purge)
        return last
    if last is not None and last.as_of.date() >= now.date() and not anew:
        return None
    # It has a time of its own, in whole milliseconds.
    at = max(to_millis(now), to_millis(last.as_of) + 1) if last else to_millis(now)
    return _save(Run(from_millis(at), rev=last.rev if last else 0))


def _save(run: Run, *more: Write) -> Run:
    moved = replace(run, rev=run.rev + 1)
    try:
        table.transact([sweep.moved(moved), *more])
    except ConditionFailed:
        raise _Stop("SweepOvertaken") from None
    return moved


def _finish(run: Run, clock: Callable[[], datetime]) -> Run:
    """The certificate, and its entry in the audit trail: both with the run's end."""
    done, total = replace(run, done=True, purge=(), rev=run.rev + 1), run.total()
    told: Detail = {"run": run.name, **asdict(total)}
    for _ in range(TRIES):
        entry = audit.entry(OPS, "retention certificate", told, clock())
        try:
            table.transact([sweep.moved(done), sweep.certificate(done), *entry])
        except ConditionFailed as failed:
            if failed.items[0] is not None:
                raise _Stop("SweepOvertaken") from None
        except TryAgain:
            continue
        else:
            return done
    raise TryAgain("others keep appending to the audit trail")


# Its classes and places


def _sweep_classes(run: Run, in_time: Callable[[], bool]) -> Run:
    order = retention.classes()
    names = [record.due for record in order]
    for record in order[names.index(run.due) if run.due in names else 0 :]:
        if run.due != record.due:
            run = replace(run, due=record.due, place=None, after=None, left=False)
        try:
            run = _sweep_class(run, record, in_time)
        except _ClassHeld:
            run = replace(run, skipped=(*run.skipped, record.due or ""))
    return run


def _sweep_class(run: Run, record: Record, in_time: Callable[[], bool]) -> Run:
    due = record.due or ""
    if holds.of(of_class(due)):
        raise _ClassHeld
    known = sweep.swept(due)
    last = retention.last_due_day(record, run.as_of)
    for place in retention.due_places(known, last, keys.shards_of(due)):
        if not run.is_through(place):
            run = _sweep_place(run, record, place, in_time, was_left=place in known.left)
    through = retention.swept_through(known, last)
    return run if through == known.through else _save(run, sweep.swept_through(due, through))


def _sweep_place(run: Run, record: Record, place: Place, in_time: Callable[[], bool], *, was_left: bool) -> Run:
    due = record.due or ""
    if not run.stands_at(place):
        run = replace(run, place=place, after=None, left=False)
    more = True
    while more:
        if not in_time():
            raise _Stop("SweepBehind")
        rows, more = sweep.page(due, place, run.after, PAGE)
        if not rows and run.after is None and not was_left:
            return run
        batches = _batches(sweeping_together.units(record, rows, to_millis(run.as_of)))
        for number, batch in enumerate(batches, start=1):
            after = batch[-1].row if number < len(batches) else (rows[-1]["pk"], rows[-1]["sk"]) if more else None
            run = _carry_out(replace(run, after=after), _Page(due, batch, was_left))
            bodies.remove(run.purge)
    return run


def _batches(found: Sequence[Unit]) -> list[list[Unit]]:
    """What fits into one transaction each; one empty batch where nothing was found."""
    batches: list[list[Unit]] = [[]]
    for unit in found:
        if batches[-1] and sum(one.size for one in batches[-1]) + unit.size > MOST_WRITES:
            batches.append([])
        batches[-1].append(unit)
    return batches


# A page


@dataclass(slots=True)
class _Page:
    """Units of a class: those that are `going` still, and what became of others. `was_left`: the place is marked."""

    due: str
    going: Sequence[Unit]
    was_left: bool
    kept: dict[str, int] = field(default_factory=lambda: {"held": 0, "failed": 0, "moved": 0})

    def counts(self) -> Counts:
        writes = [write for unit in self.going if not unit.frees for write in unit.writes]
        redacted = sum(isinstance(write, Change) for write in writes)
        deleted = len(writes) - redacted + len(sweeping_together.bodies_freed(self.going))
        held = self.kept["held"] + sum(not unit.is_whole for unit in self.going)
        read = len(self.going) + self.kept["held"] + self.kept["failed"]
        return Counts(read, deleted, redacted, held, self.kept["failed"])

    def parts(self) -> list[Part]:
        return list(sweeping_together.parts(self.going))

    def leave_out(self, units: Sequence[Unit], outcome: str) -> None:
        staying = [unit for unit in self.going if unit not in units]
        self.kept[outcome] += len(self.going) - len(staying)
        self.going = staying


def _carry_out(run: Run, page: _Page) -> Run:
    """One transaction for all of the page that holds; the run after it."""
    tries = 0
    while True:
        counts, freed = page.counts(), sweeping_together.bodies_freed(page.going)
        left = run.left or counts.held + counts.failed > 0
        moved = replace(run.counted(page.due, counts), rev=run.rev + 1, left=left, purge=freed)
        parts = page.parts()
        try:
            table.transact([sweep.moved(moved), *_class_is_free(page), *_marks(moved, page), *(p.write for p in parts)])
        except TryAgain:
            tries += 1
            if tries == TRIES:
                page.leave_out(page.going, "failed")
            elif tries > TRIES:
                raise _Stop("SweepOvertaken") from None
        except ConditionFailed as failed:
            _leave_out_what_fails(page, parts, failed)
        else:
            return moved


def _class_is_free(page: _Page) -> list[Write]:
    return [holds.not_held(of_class(page.due))]


def _marks(run: Run, page: _Page) -> list[Write]:
    """At the end of a place: whether something is still there."""
    assert run.place is not None
    if run.after is None and run.left:
        return [sweep.left(page.due, run.place)]
    return [sweep.cleared(page.due, run.place)] if run.after is None and page.was_left else []


def _leave_out_what_fails(page: _Page, parts: Sequence[Part], failed: ConditionFailed) -> None:
    own, class_is_free = failed.items[:2]
    if own is not None:
        raise _Stop("SweepOvertaken") from None
    if class_is_free is not None:
        raise _ClassHeld from None
    for part, standing in zip(parts, failed.items[-len(parts) :], strict=True):
        if standing is not None:
            page.leave_out(part.units, part.otherwise)


# A rehearsal


def _rehearse_class(record: Record, now: datetime) -> Counts:
    due, counts = record.due or "", Counts()
    if holds.of(of_class(due)):
        return counts
    for place in retention.due_places(sweep.swept(due), retention.last_due_day(record, now), keys.shards_of(due)):
        after, more = None, True
        while more:
            rows, more = sweep.page(due, place, after, PAGE)
            after = (rows[-1]["pk"], rows[-1]["sk"]) if rows else None
            page = _Page(due, sweeping_together.units(record, rows, to_millis(now)), was_left=False)
            stopped = holds.stopped(sorted({unit.subject for unit in page.going if unit.subject}))
            page.leave_out([unit for unit in page.going if unit.subject in stopped], "held")
            counts += page.counts()
    return counts
