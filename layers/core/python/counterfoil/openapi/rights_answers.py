"""What is answered to requests under data protection law."""

from datetime import date, datetime

from counterfoil.domain.rights import Kind, What
from counterfoil.domain.rights import State as PrivacyState
from counterfoil.openapi.answers import Answer


class PrivacyStep(Answer):
    """A step of a request, which is kept. `detail`: a reason, what was asked for, or which part of the work."""

    at: datetime
    what: What
    detail: str


class PrivacyExport(Answer):
    """One ZIP archive. `url` is good for five minutes: ask again for a fresh one, as long as `until` has not come."""

    until: datetime
    url: str


class PrivacyRequestState(Answer):
    """`due_by` is a day in Europe/London; null while the clock stands still. `partial`: some is done, the rest is tried
    again. `message`: what the person is told. `export`: where the archive is, while it can be fetched, to whom it may
    be given: through the bank, or by the token of who showed documents; not in a list."""

    request_id: str
    kind: Kind
    state: PrivacyState
    received_at: datetime
    due_by: date | None
    message: str
    history: list[PrivacyStep]
    export: PrivacyExport | None = None


class PrivacyRequestTaken(PrivacyRequestState):
    """Keep `token`: it is told this once."""

    token: str


class PrivacyRequests(Answer):
    """A customer's requests, the latest first."""

    requests: list[PrivacyRequestState]
