"""Times as the records keep them: whole milliseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_millis(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware time."""
    return (moment - _EPOCH) // _MILLISECOND


def from_millis(millis: int) -> datetime:
    return _EPOCH + millis * _MILLISECOND


def rfc3339(moment: datetime) -> str:
    """In UTC, such as `2026-11-21T09:14:07Z`; milliseconds only where there are some."""
    precision = "milliseconds" if moment.microsecond // 1000 else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
