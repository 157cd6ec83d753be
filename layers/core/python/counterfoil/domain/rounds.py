"""Rounds over the open transactions: each is visited when a day has passed since it was seen, and when a week has.

They stand by the hour in which they were seen, in shards. A round goes from shard to shard and from hour to hour, and
comes to an hour when the time of the last of its transactions is over. Where it stopped is kept: each hour is read once
in each round, however often a run comes by, and a run that was missed is made up for by the next.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a round goes on: the beginning of an hour (UTC), and the shard."""

    hour: datetime
    shard: int = 0

    def has_begun(self, age: timedelta, now: datetime) -> bool:
        """Whether there may be a transaction of `age` in its hour."""
        return self.hour + age <= now

    def is_due(self, age: timedelta, now: datetime) -> bool:
        """Whether all transactions of its hour are of `age`."""
        return self.hour + HOUR + age <= now

    def next(self, shards: int) -> "Place":
        if self.shard + 1 < shards:
            return Place(self.hour, self.shard + 1)
        return Place(self.hour + HOUR)


def beginning(age: timedelta, now: datetime) -> Place:
    """Where a round begins that was never made: nothing older was there to be visited."""
    return Place((now - age).replace(minute=0, second=0, microsecond=0))
