"""The erasure of a customer (UK GDPR Art. 17), as a row of phases: each a checkpoint, to be repeated and died in.

stop ─► recall ─► confirm ─► unlink ─► enter ─► shred ─► delete ⇄ verify ─► done

stop      every choice is withdrawn, and their data restricted: nothing new begins, nor can they come back yet
recall    every receipt that their bank may have is given up, and the bank is told so
confirm   waits until the bank took that, or patience is over
unlink    their account at the bank is logged out of, while its tokens can be read
enter     the erasure ledger, which outlives every backup; a legal hold stops it before this
shred     the salt is deleted: from here on no copy can be read
delete    what is theirs is deleted or redacted, as the data map says
verify    looks again for what came meanwhile; what is left goes back to delete
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

Reason = Literal["disconnected", "requested", "restored"]
"""`restored`: a table that was restored held again what had been erased."""
Phase = Literal["stop", "recall", "confirm", "unlink", "enter", "shred", "delete", "verify", "done"]

REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
BARRED: Final = "erasure"
"""The restriction that keeps a customer from coming back before the last of their former life is gone."""

_A_LITTLE: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Place:
    """The row of the index by_subject after which a phase goes on."""

    at: int
    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """How far it came. `since`: when its phase began; `place`: how far the phase came.

    `requests`: the rights requests that it answers. `counts`: what was found, by the names of the data map's rows, and
    of the receipts that were `recalled` how many the bank `confirmed` and `not confirmed`. `failed`: the places that
    could not be reached at the last try: the erasure is partial until they can. `held`: why it must wait.
    `moved_at`: at which `rev` the message was sent that made the last step; None for one that asked for the erasure.
    """

    subject: str
    begun_at: datetime
    reason: Reason
    since: datetime
    phase: Phase = "stop"
    rev: int = 1
    place: Place | None = None
    requests: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    held: str | None = None
    moved_at: int | None = None

    @property
    def is_done(self) -> bool:
        return self.phase == "done"

    @property
    def is_partial(self) -> bool:
        """Whether a place could not be reached, so that it is tried again."""
        return bool(self.failed) and not self.is_done

    def covers(self, begun_at: datetime) -> bool:
        """Whether an erasure that was asked for then is this one."""
        return not self.is_done or begun_at <= self.since

    def has_overtaken(self, sent_at: int) -> bool:
        """Whether another message goes on, so that the one that was sent at that `rev` may end.

        Not the one that made the last step: it may have died before it sent the next.
        """
        return sent_at < self.rev and sent_at != self.moved_at

    def counted(self, found: Mapping[str, int]) -> "Erasure":
        return replace(self, counts=dict(sorted((Counter(self.counts) + Counter(found)).items())))

    def enters(self, phase: Phase, now: datetime) -> "Erasure":
        return replace(self, phase=phase, since=now, place=None, held=None)


def over_at(erasure: Erasure | None, settle: timedelta, now: datetime) -> datetime:
    """About when an erasure is over. None: its first message is on its way.

    `settle` is waited for twice, before recall and before verify; all else takes a minute or two, and longer where the
    bank is slow or a place fails.
    """
    if erasure is None:
        return now + 2 * settle + _A_LITTLE
    left = 2 * settle if erasure.phase in ("stop", "recall") else settle
    return max(erasure.since + left, now) + _A_LITTLE


def begin(subject: str, reason: Reason, begun_at: datetime, requests: tuple[str, ...] = ()) -> Erasure:
    """A restored customer's receipts were recalled already, and the ledger has them."""
    phase: Phase = "shred" if reason == "restored" else "stop"
    return Erasure(subject, begun_at, reason, since=begun_at, phase=phase, requests=requests)
