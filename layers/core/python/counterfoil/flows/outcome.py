"""What a flow asks its function to do at its end: messages to send, and what to count."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MATCH_QUEUE, LINKS_QUEUE, RIGHTS_QUEUE = "match", "links", "rights"


@dataclass(frozen=True, slots=True)
class Send:
    """A message for a queue of ours, or for the delivery queue of a bank (`queue` is its name)."""

    queue: str
    body: Mapping[str, Any]
    delay: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    sends: tuple[Send, ...] = ()
    counts: tuple[str, ...] = ()

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.sends + other.sends, self.counts + other.counts)
