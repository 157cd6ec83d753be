"""What can go wrong, as the caller is told.

    CounterfoilError
    ├── Refused                 an answer to the caller; `runtime.api` turns it into problem+json
    │   ├── BadRequest      400  not JSON, or JSON we do not read
    │   ├── Unauthenticated 401  no proof of origin, or a wrong one
    │   ├── Forbidden       403  authenticated, not yours
    │   ├── NotFound        404  unknown, also for another tenant's id
    │   ├── Conflict        409  a version that is no longer the current one
    │   ├── TooLarge        413
    │   ├── Invalid         422  understood and wrong; `problems` name each field
    │   └── TooMany         429  carries `retry_after` seconds
    ├── ConditionFailed         a conditional write that did not hold; carries the item that stands there
    ├── TryAgain                the work could not be done now; the message comes back later
    └── Poison                  a message that no retry can mend; it goes to the dead letters alone

No message ever holds a value that a partner sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class CounterfoilError(Exception):
    """The root of every error that Counterfoil raises itself."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field, named as a path such as `lines[2].amount`."""

    field: str
    message: str


class Refused(CounterfoilError):
    """A request that is answered with an RFC 9457 problem."""

    status: ClassVar[int]
    title: ClassVar[str]

    def __init__(self, detail: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problems = tuple(problems)


class BadRequest(Refused):
    status, title = 400, "Not readable"


class Unauthenticated(Refused):
    status, title = 401, "Not authenticated"


class Forbidden(Refused):
    status, title = 403, "Not yours"


class NotFound(Refused):
    status, title = 404, "Unknown"


class Conflict(Refused):
    status, title = 409, "Conflicting version"


class TooLarge(Refused):
    status, title = 413, "Too large"


class Invalid(Refused):
    """Understood and wrong; every problem found is told at once."""

    status, title = 422, "Understood and wrong"

    def __init__(self, problems: Sequence[Problem], detail: str | None = None) -> None:
        count = len(problems)
        super().__init__(detail or f"{count} field{'' if count == 1 else 's'} cannot be taken as sent", problems)


class TooMany(Refused):
    """Slow down: the caller may try again after `retry_after` seconds."""

    status, title = 429, "Too many requests"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ConditionFailed(CounterfoilError):
    """A conditional write found something else there.

    `items` holds, in the order of the writes, what stands there now (empty: nothing), or None where that
    write's condition held.
    """

    def __init__(self, items: Sequence[Mapping[str, Any] | None]) -> None:
        super().__init__("a conditional write did not hold")
        self.items = tuple(items)


class TryAgain(CounterfoilError):
    """The message shall come back, after `after` seconds where that is known (else at its visibility timeout).

    `count` names what ops shall see counted.
    """

    def __init__(self, why: str, after: int | None = None, count: str | None = None) -> None:
        super().__init__(why)
        self.after = after
        self.count = count


class Poison(CounterfoilError):
    """No retry mends this message."""
