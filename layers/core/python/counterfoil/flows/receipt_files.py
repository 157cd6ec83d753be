"""A receipt file is worked off a window at a time, by messages that it sends to itself.

    {"uploaded": "uploads/<file>"}       something was uploaded
    {"file": id, "rev": n}               go on from the checkpoint that is the file's nth revision

Of each window the receipts are queued for matching, then its errors are put, then the checkpoint is set that counts
both. Who dies in between leaves the former checkpoint, and the window is done again: a receipt queued twice is a
repeat, and the errors lie under the same name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from counterfoil.domain import receipts
from counterfoil.domain.receipt_files import Counts, Place, ReceiptFile, RowProblem, State, delay
from counterfoil.errors import Invalid, Poison
from counterfoil.flows import messages
from counterfoil.flows.intake import ReceiptTaker
from counterfoil.flows.outcome import Outcome, Send
from counterfoil.retailers import receipt_files_csv, receipt_files_jsonl
from counterfoil.retailers.receipt_files import Entry, Lines
from counterfoil.sealing import Sealer
from counterfoil.store import receipt_files as store

FILES_QUEUE = "files"
MOST_RECEIPTS = 1000
MOST_BYTES = 4 * 1024 * 1024
"""A window ends with the first receipt that reaches either: always the same receipts from the same place."""
MOST_ERRORS = 1_000_000
"""A file is given up at the window that reaches them: it is no file of receipts, and its report would grow for days."""


@dataclass(frozen=True, slots=True)
class Work:
    """One start of the worker. It begins no window after `seconds`; nobody works longer than half as long again.

    `send` queues receipts, all or an error. `spread`: see `delay`.
    """

    sealer: Sealer
    send: Callable[[Sequence[Send]], None]
    clock: Callable[[], datetime]
    seconds: int
    spread: int

    @property
    def longest(self) -> int:
        return self.seconds + self.seconds // 2


def go_on(file: ReceiptFile, wait: int = 0) -> Send:
    """The message that has a file worked on from its checkpoint."""
    return Send(FILES_QUEUE, {"file": file.id, "rev": file.rev}, wait)


def work_on(message: Mapping[str, Any], work: Work) -> Outcome:
    """Works on a file for a while."""
    file_id, rev = _named(message)
    now = work.clock()
    file = store.get(file_id, now)
    if file is None:
        raise Poison("no such file")
    if file.finished:
        # Also what was uploaded after it.
        store.remove_upload(file.id)
        return Outcome()
    if rev != file.rev and file.worked_on_since(now - timedelta(seconds=work.longest)):
        return _leave(file, work)
    if file.upload is None:
        return _begin(file, work)
    return _Worker(file, work).run()


def _named(message: Mapping[str, Any]) -> tuple[str, int]:
    if isinstance(message, dict) and isinstance(uploaded := message.get("uploaded"), str):
        return uploaded.removeprefix(store.UPLOADS), 0
    try:
        return str(message["file"]), int(message["rev"])
    except (KeyError, TypeError, ValueError) as error:
        raise Poison("not a message of ours") from error


def _leave(file: ReceiptFile, work: Work) -> Outcome:
    """Somebody else is at it; whether they get it done is seen when nobody can be at it any more."""
    return Outcome((go_on(file, work.longest),), ("ReceiptFileLeftToAnother",))


def _begin(file: ReceiptFile, work: Work) -> Outcome:
    found = store.first_upload(file.id)
    if found is None:
        return Outcome(counts=("ReceiptFileWithoutUpload",))
    return _Worker(file.begun(*found, work.clock()), work).begin()


class _Worker:
    """Works on a file from its checkpoint."""

    def __init__(self, file: ReceiptFile, work: Work) -> None:
        self._file = file
        self._work = work
        self._me = messages.new_id()
        self._until = work.clock() + timedelta(seconds=work.seconds)

    def begin(self) -> Outcome:
        return self.run() if store.save(self._file, self._me) else _leave(self._file, self._work)

    def run(self) -> Outcome:
        entries, problems = self._entries()
        if problems:
            return self._fail(problems)
        while self._work.clock() < self._until:
            if self._file.counts.errors >= MOST_ERRORS:
                return self._end("failed")
            window = _Window(self._file, self._work)
            window.fill(entries)
            if window.end is None:
                return self._end("done")
            self._work.send(window.sends)
            if not self._move_on(window.end, window.counts, tuple(window.errors)):
                return _leave(self._file, self._work)
        return Outcome((go_on(self._file),), ("ReceiptFileContinued",))

    def _entries(self) -> tuple[Iterator[Entry], tuple[RowProblem, ...]]:
        """What comes after the checkpoint, or why nothing of the file can be read."""
        file = self._file
        if file.format == "jsonl":
            return receipt_files_jsonl.entries(self._lines(file.place)), ()
        columns, first_row, problems = receipt_files_csv.header(self._lines(Place()))
        start = max(file.place, first_row)
        return receipt_files_csv.entries(self._lines(start), columns), problems

    def _lines(self, start: Place) -> Lines:
        return Lines(store.read(self._file, start.offset), start)

    def _move_on(self, place: Place, counts: Counts, errors: tuple[RowProblem, ...]) -> bool:
        """Sets the checkpoint after a window. False where another was faster."""
        if errors:
            store.put_errors(self._file, errors)
        moved = self._file.moved_on(place, counts, errors, self._work.clock())
        if not store.save(moved, self._me):
            return False
        self._file = moved
        return True

    def _fail(self, problems: tuple[RowProblem, ...]) -> Outcome:
        told = bool(self._file.parts)
        if not told and not self._move_on(self._file.place, Counts(errors=len(problems)), problems):
            return _leave(self._file, self._work)
        return self._end("failed")

    def _end(self, state: State) -> Outcome:
        if self._file.parts:
            store.join_errors(self._file)
        if not store.save(self._file.ended(state, self._work.clock()), self._me):
            return _leave(self._file, self._work)
        store.remove_upload(self._file.id)
        return Outcome(counts=("ReceiptFileDone" if state == "done" else "ReceiptFileFailed",))


class _Window:
    """What lies between a checkpoint and the next; `end` is None where nothing does."""

    def __init__(self, file: ReceiptFile, work: Work) -> None:
        self._file = file
        self._work = work
        self._taker = ReceiptTaker(file.retailer, work.sealer, work.clock())
        self.end: Place | None = None
        self.counts = Counts()
        self.errors: list[RowProblem] = []
        self.sends: list[Send] = []

    def fill(self, entries: Iterator[Entry]) -> None:
        for number, entry in enumerate(entries, 1):
            self._add(entry)
            self.end = entry.end
            if number == MOST_RECEIPTS or entry.end.offset - self._file.place.offset >= MOST_BYTES:
                return

    def _add(self, entry: Entry) -> None:
        problems = entry.problems
        if not problems:
            try:
                self._take(entry)
            except Invalid as refusal:
                problems = tuple(entry.located(problem) for problem in refusal.problems)
        self.errors += problems
        self.counts += Counts(len(entry.rows), int(not problems), int(bool(problems)), len(problems))

    def _take(self, entry: Entry) -> None:
        # A millisecond later than its neighbour: of two versions in one file the second is the later.
        self._taker = replace(self._taker, now=self._taker.now + timedelta(milliseconds=1))
        taken = self._taker.take(receipts.parse(entry.value))
        send = messages.receipt_taken(messages.new_id(), taken)
        self.sends.append(replace(send, delay=delay(self._file, entry.end, self._work.spread)))
